//! `kosmo mail …` shows mail that did not arrive (M2), and samples of every mail.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::output::{self, Column, JsonList};
use super::{CommandStatus, Operator, UnionArg};
use crate::audit::{self, Action};
use crate::base::clock::jst;
use crate::base::ids::MailId;
use crate::base::{files, io_words};
use crate::config::Settings;
use crate::mail::delivery::mime;
use crate::mail::delivery::queue::Outgoing;
use crate::mail::samples;
use crate::mail::undelivered::{self, Undelivered};
use crate::tenant::registry;

/// The recipient of the samples.
const READER: &str = "sample@example.jp";

#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// 送れなかったメールと遅れているメールを、理由とともに表示します
    #[command(after_help = "例:\n  kosmo mail list\n  kosmo mail list --tenant klinekenpo --json")]
    List {
        /// 組合（例: klinekenpo。省略時: すべての組合。KOSMO_TENANT は使いません）
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 送れなかったメールを送信待ちに戻します
    #[command(
        after_help = "例:\n  kosmo mail retry --tenant klinekenpo --all\n  kosmo mail retry --tenant klinekenpo 019d0000-0000-7000-8000-000000000001"
    )]
    Retry {
        #[command(flatten)]
        union: UnionArg,
        #[command(flatten)]
        which: MailSelection,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 加入者に届くすべてのメールを、見本の内容でファイルに書き出します
    #[command(after_help = "例:\n  kosmo mail preview --tenant klinekenpo --to mails/")]
    Preview {
        #[command(flatten)]
        union: UnionArg,
        /// 書き出すフォルダ（なければ作ります。前の見本は上書きします）
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct MailSelection {
    /// メールのID（kosmo mail list が表示します）
    #[arg(value_name = "ID", value_parser = id)]
    ids: Vec<Uuid>,
    /// 送れなかったメールすべて
    #[arg(long)]
    all: bool,
}

fn id(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "IDではありません（kosmo mail list が表示します）".to_owned())
}

impl MailCommand {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<CommandStatus> {
        match self {
            Self::List { tenant, json } => list(operator, tenant.as_deref(), json).await,
            Self::Retry { union, which, json } => retry(operator, &union, which, json).await,
            Self::Preview { union, to, json } => {
                preview(settings, operator, &union.tenant, &to, json).await
            }
        }
    }
}

/// Returns the Japanese name of a kind of mail. An unknown kind stays as it is.
fn name_of(kind: &str) -> &str {
    match kind {
        "email_code" => "認証コード",
        "email_confirmation" => "メールアドレスの確認",
        "first_sign_in" => "初回ログインのお知らせ",
        "welcome" => "登録の完了",
        "account_changed" => "登録内容の変更",
        "new_browser" => "新しい端末からのログイン",
        "password_reset" => "パスワードリセット",
        "user_id" => "ユーザIDのご案内",
        "factors_reset" => "認証方法の初期化",
        "expenses_updated" => "医療費情報の更新",
        other => other,
    }
}

/// Says in Japanese why a mail was not sent. SES's own error codes stay, because its manual
/// explains them.
fn reason(error: &str) -> String {
    let system = error.strip_suffix(')').and_then(|error| error.rsplit_once(" (os error "));
    if let Some((words, code)) = system
        && let Some((path, _)) = words.rsplit_once(": ")
        && let Ok(code) = code.parse::<i32>()
    {
        return format!("{path}: {}", io_words::words(&io::Error::from_raw_os_error(code)));
    }
    let told = match error {
        "the recipient is not a mail address" => "宛先がメールアドレスではありません",
        "no answer in time" | "SES: timed out" => "時間内に応答がありません",
        "SES: unreachable" => "SESに接続できません",
        "SES: request not made" => "SESへの要求を作れません",
        error if error.starts_with("SES: answer not understood") => "SESの応答を読めません",
        other => other,
    };
    told.to_owned()
}

/// Runs `kosmo mail list`.
async fn list(
    operator: &Operator,
    slug: Option<&str>,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let mut platform = operator.db.platform().await?;
    let unions = match slug {
        Some(slug) => vec![(registry::get(&mut platform, slug).await?.id, slug.to_owned())],
        None => registry::ids(&mut platform).await?,
    };
    platform.commit().await?;
    let mut listing = Listing { json: json.then(JsonList::default), ..Listing::default() };
    for (tenant, slug) in unions {
        let mut last = None;
        loop {
            let mut tx = operator.begin(tenant).await?;
            let page = undelivered::list(&mut tx, &operator.clock, &slug, last.as_ref()).await?;
            tx.commit().await?;
            for mail in &page {
                listing.add(mail)?;
            }
            last = page.into_iter().next_back();
            if last.is_none() {
                break;
            }
        }
    }
    listing.end();
    Ok(CommandStatus::Done)
}

/// The number of lines in one table. Longer lists are printed as several tables, because a table's width needs all
/// its rows in memory.
const TABLE: usize = 1_000;

/// Prints mails as they are read, so that a million of them need no memory.
#[derive(Default)]
struct Listing {
    json: Option<JsonList>,
    rows: Vec<[String; 8]>,
    dead: usize,
    late: usize,
}

impl Listing {
    fn add(&mut self, mail: &Undelivered) -> anyhow::Result<()> {
        if let Some(json) = &mut self.json {
            return json.add(mail);
        }
        let (state, count) = match (mail.dead, mail.retriable) {
            (true, true) => ("送れなかった", &mut self.dead),
            (true, false) => ("送れなかった（送り直せません）", &mut self.dead),
            (false, _) => ("遅れている", &mut self.late),
        };
        *count += 1;
        let created = jst(mail.created_at).format("%Y-%m-%d %H:%M");
        let error = mail.last_error.as_deref().map_or_else(|| "-".to_owned(), reason);
        self.rows.push([
            mail.id.to_string(),
            mail.slug.clone(),
            state.to_owned(),
            name_of(&mail.kind).to_owned(),
            created.to_string(),
            mail.attempts.to_string(),
            mail.recipient.clone(),
            error,
        ]);
        if self.rows.len() >= TABLE {
            self.print_rows();
        }
        Ok(())
    }

    fn end(mut self) {
        if let Some(json) = self.json {
            json.end();
            return;
        }
        self.print_rows();
        println!("送れなかったもの {}件、遅れているもの {}件", self.dead, self.late);
    }

    fn print_rows(&mut self) {
        let columns = [
            Column::Left("ID"),
            Column::Left("組合"),
            Column::Left("状態"),
            Column::Left("種類"),
            Column::Left("作成日時"),
            Column::Right("送信回数"),
            Column::Left("宛先"),
            Column::Left("理由"),
        ];
        if !self.rows.is_empty() {
            output::table(columns, &self.rows, "");
        }
        self.rows.clear();
    }
}

/// Runs `kosmo mail retry`.
async fn retry(
    operator: &Operator,
    union: &UnionArg,
    which: MailSelection,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let ids: Vec<MailId> = which.ids.into_iter().map(MailId).collect();
    let (found, slug) = (operator.find(union).await?, &union.tenant);
    let mut tx = operator.begin(found.id).await?;
    if let Some(id) = undelivered::unknown(&mut tx, &ids).await?.first() {
        bail!("{slug} にID「{id}」のメールはありません");
    }
    let some = (!which.all).then_some(ids.as_slice());
    let put_back = undelivered::retry(&mut tx, &operator.clock, some).await?;
    if put_back > 0 {
        let detail = serde_json::json!({ "count": put_back });
        audit::record(&mut tx, &operator.clock, Action::MailRetried, None, detail).await?;
    }
    tx.commit().await?;
    let left = u64::try_from(ids.len())?.saturating_sub(put_back);
    if json {
        output::json(&serde_json::json!({ "put_back": put_back, "left": left }))?;
        return Ok(CommandStatus::Done);
    }
    if put_back == 0 {
        println!("送信待ちに戻せるメールはありません。何も変えていません");
        return Ok(CommandStatus::Done);
    }
    println!("{put_back}件を送信待ちに戻しました");
    if left > 0 {
        println!("{left}件は、送れなかったメールではないか内容が残っていないため、そのままです");
    }
    Ok(CommandStatus::Done)
}

/// Runs `kosmo mail preview`.
async fn preview(
    settings: &Settings,
    operator: &Operator,
    slug: &str,
    folder: &Path,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let (tenant, room) = operator.union(settings, slug).await?;
    let mails = samples::all(&room, &tenant, &operator.clock)?;
    let names: Vec<_> = mails.iter().map(|(name, _)| *name).collect();
    files::create_folder(folder).with_context(|| folder.display().to_string())?;
    for (name, rendered) in mails {
        write(folder, name, "txt", rendered.text.as_bytes())?;
        write(folder, name, "html", rendered.html.as_bytes())?;
        let mail = Outgoing::sample(rendered, slug, READER, &operator.clock);
        write(folder, name, "eml", &mime::message(&mail)?)?;
    }
    if json {
        output::json(
            &serde_json::json!({ "mails": names, "folder": folder.display().to_string() }),
        )?;
        return Ok(CommandStatus::Done);
    }
    let count = names.len();
    println!("{count}通のメールの見本を {} に書きました（.eml .html .txt）", folder.display());
    Ok(CommandStatus::Done)
}

fn write(folder: &Path, name: &str, extension: &str, content: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(format!("{name}.{extension}"));
    files::replace(&path, content).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m2_why_a_mail_did_not_leave_is_told_in_japanese() {
        for (error, told) in [
            (
                "/mail/a.eml: No space left on device (os error 28)",
                "/mail/a.eml: ディスクに空きがありません",
            ),
            ("SES: unreachable", "SESに接続できません"),
            ("SES: MessageRejected (status 400)", "SES: MessageRejected (status 400)"),
        ] {
            assert_eq!(reason(error), told);
        }
        assert_eq!((name_of("user_id"), name_of("news")), ("ユーザIDのご案内", "news"));
    }
}
