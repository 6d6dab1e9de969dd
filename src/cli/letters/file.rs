//! The file of letters. It is written whole and kept on disk before the letters are deleted from the database.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};

use crate::auth::credentials::letters::waiting;
use crate::base::files::{create_new, sync_name};
use crate::base::ids::{IssueId, TenantId};
use crate::base::sealed::{SealedError, Sealer};
use crate::base::spreadsheet::BOM;
use crate::cli::Operator;
use crate::cli::files::Provisional;
use crate::tenant::policy::LetterRule;

const HEADINGS: [&str; 5] = ["個人コード", "氏名", "仮ユーザID", "仮パスワード", "有効期限"];

/// A new file for letters. It is deleted on drop unless the letters were taken into it.
pub(super) struct LettersFile {
    file: File,
    path: PathBuf,
    beside: Provisional,
}

/// The letters that a file takes, and what is needed to print them.
pub(super) struct Waiting<'w> {
    pub(super) operator: &'w Operator,
    pub(super) union: TenantId,
    pub(super) issue: IssueId,
    pub(super) sealer: &'w Sealer,
    pub(super) rule: &'w LetterRule,
}

impl LettersFile {
    /// Makes the file, empty. It will hold passwords, so only its owner may read it.
    ///
    /// # Errors
    /// `AlreadyExists` if anything has that name.
    pub(super) fn begin(path: &Path) -> anyhow::Result<Self> {
        let file = create_new(path).with_context(|| path.display().to_string())?;
        Ok(Self { file, path: path.to_owned(), beside: Provisional::at(path) })
    }

    /// Moves the letters of an issue from the database into the file. Returns how many there are. If there are none, the
    /// file is deleted.
    pub(super) async fn take(mut self, waiting: &Waiting<'_>) -> anyhow::Result<u64> {
        let Waiting { operator, union, issue, .. } = *waiting;
        loop {
            let written = unless_interrupted(self.write(waiting)).await?;
            if written == 0 {
                return Ok(0);
            }
            self.file.sync_all()?;
            sync_name(&self.path)?;
            let forget = async {
                let mut tx = operator.begin(union).await?;
                Ok((waiting::forget(&mut tx, issue).await?, tx))
            };
            let (forgotten, tx) = unless_interrupted(forget).await?;
            // If another issue has taken some of the letters back, they are dead, so the file is written again without
            // them.
            if forgotten != written {
                continue;
            }
            self.beside.keep();
            // The commit may succeed although its answer is lost. Then the file is the only copy of the valid passwords.
            let commit = async { Ok(tx.commit().await?) };
            unless_interrupted(commit).await.with_context(|| {
                let path = self.path.display();
                format!("{path} の内容が有効かどうか分かりません。もう一度発行してください")
            })?;
            return Ok(written);
        }
    }

    /// Writes the letters that wait. The file starts with a BOM, because Excel in Japan reads a file without one as
    /// Shift_JIS.
    async fn write(&mut self, waiting: &Waiting<'_>) -> anyhow::Result<u64> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        let mut file = BufWriter::new(&self.file);
        file.write_all(BOM.as_bytes())?;
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
        writer.write_record(HEADINGS)?;
        let (mut written, mut last) = (0, None);
        loop {
            let mut tx = waiting.operator.begin(waiting.union).await?;
            let page = waiting::page(&mut tx, waiting.issue, last.as_deref()).await?;
            tx.commit().await?;
            let Some(newest) = page.last() else { break };
            last = Some(newest.member_code.clone());
            for sealed in page {
                let letter = sealed.open(waiting.sealer).map_err(|error| unsealed(&error))?;
                let until = waiting.rule.last_day(letter.issued_at);
                let until = until.map(|day| day.to_string()).unwrap_or_default();
                writer.write_record(letter.cells().into_iter().chain([until]))?;
                written += 1;
            }
        }
        writer.flush()?;
        Ok(written)
    }
}

/// Does some work until Ctrl-C. After a job was watched, tokio keeps the signal from ending the program.
async fn unless_interrupted<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => bail!("中断しました。もう一度発行してください"),
    }
}

fn unsealed(error: &SealedError) -> anyhow::Error {
    match error {
        SealedError::UnknownKey(name) => anyhow!(
            "封印の鍵「{name}」がありません。kosmo worker と同じ鍵のファイルを KOSMO_SEALING__KEYS_FILE に書いて、もう一度発行してください"
        ),
        SealedError::Altered => anyhow!(
            "封印された仮パスワードを開けません。封印の鍵が kosmo worker のものと違うか、データベースの内容が書き換えられています"
        ),
    }
}
