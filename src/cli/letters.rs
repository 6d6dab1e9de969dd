//! `kosmo letters issue` makes 仮ユーザID and 仮パスワード, ready to print (T9).

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::confirm::{Answer, confirmed};
use super::files::Provisional;
use super::{CommandStatus, Operator, UnionArg, output};
use crate::auth::credentials::hashing::PasswordHasher;
use crate::auth::credentials::letters::{self, Letter, LetterRecipients};
use crate::base::files::create_new;
use crate::base::spreadsheet::BOM;
use crate::config::Settings;
use crate::db::TenantTx;
use crate::members::roster::{self, RosterFilter, Standing};

#[derive(Debug, Subcommand)]
pub(super) enum LettersCommand {
    /// 仮ユーザIDと仮パスワードを発行し、印刷用のCSVファイルを作ります。以前のものは使えなくなります
    #[command(
        after_help = "例:\n  kosmo letters issue --tenant nideckenpo --out letters.csv\n  kosmo letters issue --tenant nideckenpo --member N000501 --out letter.csv --yes"
    )]
    Issue {
        #[command(flatten)]
        union: UnionArg,
        /// 作るCSVファイル（すでにあるファイルには書きません。対象の人がいなければ作りません）
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// 個人コード。くり返し指定できます（省略時: アカウントのない本人すべて）
        #[arg(long = "member", value_name = "CODE")]
        members: Vec<String>,
        /// 個人コードの人に有効な通知があるときも、確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

impl LettersCommand {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<CommandStatus> {
        let Self::Issue { union: UnionArg { tenant }, out, members, yes, json } = self;
        let union = operator.find(&UnionArg { tenant: tenant.clone() }).await?;
        let Some(rule) = &union.config.first_sign_in.letter else {
            bail!("{tenant} の設定に first_sign_in.letter がありません");
        };
        let whom = if members.is_empty() {
            LetterRecipients::Newcomers
        } else {
            LetterRecipients::Members(&members)
        };
        let touches = |replaced: &Vec<String>| match replaced.as_slice() {
            [] => Vec::new(),
            codes => vec![format!(
                "次の人の、前に発行した仮パスワードは使えなくなります（途中の登録もやり直しです）: {}",
                codes.join("、")
            )],
        };
        let work = async || {
            let mut tx = operator.begin(union.id).await?;
            let recipients = letters::recipients(&mut tx, whom).await?;
            let replaced = replaced(&mut tx, &members).await?;
            tx.commit().await?;
            anyhow::Ok((replaced, recipients))
        };
        let recipients = match confirmed(yes, touches, work).await? {
            Answer::Yes((_, recipients)) => recipients,
            Answer::No(outcome) => return Ok(outcome),
        };
        if recipients.is_empty() {
            return tell(0, None, json);
        }
        let mut file = create_new(&out).with_context(|| out.display().to_string())?;
        let beside = Provisional::at(&out);
        let written = async {
            let letters =
                letters::write(&PasswordHasher::new(&settings.hashing), recipients).await?;
            let mut tx = operator.begin(union.id).await?;
            let letters = letters::store(&mut tx, &operator.clock, letters).await?;
            let until = rule.last_day(operator.clock.now()).map(|day| day.to_string());
            file.write_all(&csv_of(&letters, &until.unwrap_or_default())?)?;
            file.sync_all()?;
            anyhow::Ok((letters.len(), tx))
        };
        let (count, tx) = written.await?;
        // All these people registered in the meantime, so there is no letter.
        if count == 0 {
            return tell(0, None, json);
        }
        beside.keep();
        // The commit may succeed although its answer is lost. Then the file is the only copy of the valid passwords.
        tx.commit().await.with_context(|| {
            format!("{} の内容が有効かどうか分かりません。もう一度発行してください", out.display())
        })?;
        tell(count, Some(&out), json)
    }
}

/// Returns the named people who hold a letter that still counts; a new letter ends it. If nobody is named, only
/// people without a letter get one.
async fn replaced(tx: &mut TenantTx, named: &[String]) -> anyhow::Result<Vec<String>> {
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = RosterFilter { standing: Some(Standing::Letter), ..RosterFilter::default() };
    let holders = roster::list(tx, wanted, i64::MAX).await?;
    let codes = holders.into_iter().map(|holder| holder.code);
    Ok(codes.filter(|code| named.contains(code)).collect())
}

fn tell(count: usize, out: Option<&Path>, json: bool) -> anyhow::Result<CommandStatus> {
    match out {
        _ if json => output::json(&serde_json::json!({ "letters": count, "file": out }))?,
        Some(out) => println!("{count}人分を {} に書きました", out.display()),
        None => println!("通知を発行する人がいません。ファイルは作っていません"),
    }
    Ok(CommandStatus::Done)
}

/// Returns the CSV file. It holds passwords, so only its owner may read it. It starts with a BOM, because Excel in
/// Japan reads a file without one as Shift_JIS.
fn csv_of(letters: &[Letter], until: &str) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BOM.as_bytes().to_vec());
    writer.write_record(["個人コード", "氏名", "仮ユーザID", "仮パスワード", "有効期限"])?;
    for letter in letters {
        writer.write_record(letter.cells().into_iter().chain([until.to_owned()]))?;
    }
    Ok(writer.into_inner()?)
}
