//! `kosmo letters issue` makes 仮ユーザID and 仮パスワード, ready to print (T9).

mod file;

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use super::confirm::{Answer, confirmed};
use super::watch::{self, WatchError};
use super::{CommandStatus, Operator, UnionArg, output};
use crate::auth::credentials::letters::job::IssueLetters;
use crate::auth::credentials::letters::{self, LetterRecipients, Prospect, waiting};
use crate::base::ids::{IssueId, TenantId};
use crate::config::Settings;
use crate::jobs::consent::Consent;
use file::{LettersFile, Waiting};

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
        let sealer = settings.sealer()?;
        let named = (!members.is_empty()).then_some(members.as_slice());
        let touches = |holders: &Vec<String>| match holders.as_slice() {
            [] => Vec::new(),
            codes => vec![format!(
                "次の人の、前に発行した仮パスワードは使えなくなります（途中の登録もやり直しです）: {}",
                codes.join("、")
            )],
        };
        let work = async || {
            let mut tx = operator.begin(union.id).await?;
            let Prospect { people, holders } = letters::prospect(&mut tx, named).await?;
            tx.commit().await?;
            anyhow::Ok((holders, people))
        };
        let (holders, people) = match confirmed(yes, touches, work).await? {
            Answer::Yes(prospect) => prospect,
            Answer::No(outcome) => return Ok(outcome),
        };
        if people == 0 {
            return tell(0, None, json);
        }
        // It is created before anything changes, so that a name that is taken costs nobody a letter.
        let file = LettersFile::begin(&out)?;
        let whom = match named {
            None => LetterRecipients::Newcomers,
            Some(codes) => {
                let ends = if yes { Consent::ToAnything } else { Consent::To(holders) };
                LetterRecipients::Members { codes: codes.to_vec(), ends }
            }
        };
        let issue = IssueId::new(&operator.clock);
        let bar = progress_bar(people)?;
        let made = watch::run(operator, union.id, &IssueLetters { issue, whom }, &bar).await;
        bar.finish_and_clear();
        if let Err(error) = made {
            return Err(unfinished(operator, union.id, issue, error).await);
        }
        let waiting = Waiting { operator, union: union.id, issue, sealer: &sealer, rule };
        let written = file.take(&waiting).await?;
        tell(written, (written > 0).then_some(&*out), json)
    }
}

fn progress_bar(people: usize) -> anyhow::Result<ProgressBar> {
    let bar = ProgressBar::new(people.try_into()?);
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3}% {pos}/{len}人 残り {eta}")?);
    Ok(bar)
}

/// Returns the reason why there is no file, with what becomes of the letters that were made before the job ended.
async fn unfinished(
    operator: &Operator,
    union: TenantId,
    issue: IssueId,
    error: WatchError,
) -> anyhow::Error {
    let made = async {
        let mut tx = operator.begin(union).await?;
        let made = waiting::count(&mut tx, issue).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(made)
    };
    let reason = match &error {
        WatchError::Cancelled => "取り消しました",
        WatchError::Failed(reason) => reason,
        WatchError::Unasked(_) | WatchError::Unknown(_) => return error.into(),
    };
    match made.await {
        Ok(0) => error.into(),
        Ok(made) => anyhow!(
            "{reason}。作り終えた{made}人分はファイルに書いていません。もう一度発行すると、その人たちの分も作り直します"
        ),
        Err(database) => WatchError::Unknown(Some(database)).into(),
    }
}

fn tell(count: u64, out: Option<&Path>, json: bool) -> anyhow::Result<CommandStatus> {
    match out {
        _ if json => output::json(&serde_json::json!({ "letters": count, "file": out }))?,
        Some(out) => println!("{count}人分を {} に書きました", out.display()),
        None => println!("通知を発行する人がいません。ファイルは作っていません"),
    }
    Ok(CommandStatus::Done)
}
