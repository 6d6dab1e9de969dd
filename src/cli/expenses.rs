//! `kosmo expenses …`: medical expenses in, and their notices out (O2).

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::confirm::{Answer, confirmed};
use super::files::Provisional;
use super::import::{ImportFile, OpenedFile, Report, Taken, cut_short};
use super::output::{self, Column};
use super::{Operator, Outcome, Union};
use crate::auth::context::Context;
use crate::base::files::create_new;
use crate::base::io_words;
use crate::base::japanese::minute;
use crate::base::month::Month;
use crate::config::Settings;
use crate::db::actor::Actor;
use crate::expenses::import::layout::ExpenseColumn;
use crate::expenses::import::{self, ExpensesImport, Format, Imported, LeaveOut};
use crate::expenses::notices::{self, Notice, Published, Withdrawn};
use crate::expenses::uke::{self, Unmatched};
use crate::import::layout::Layout as _;
use crate::import::{Counts, ImportError};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 医療費のファイルを取り込みます（CSVはUTF-8またはCP932。UKEはレセプト電算処理の形式）
    #[command(
        after_help = "公開済みの通知月を変えるファイルでは、変わる内容を示して確認を求めます。\n\n例:\n  kosmo expenses import --tenant klinekenpo expenses.csv --dry-run\n  kosmo expenses import --tenant klinekenpo --format uke --notice 2026-10 claims.uke"
    )]
    Import(Box<Import>),
    /// 通知月を公開し、希望する人にメールで知らせます
    #[command(
        after_help = "例:\n  kosmo expenses publish --tenant klinekenpo --notice 2026-10\n  kosmo expenses publish --tenant klinekenpo --notice 2026-10 --no-mail"
    )]
    Publish {
        #[command(flatten)]
        notice: Which,
        /// メールで知らせません
        #[arg(long)]
        no_mail: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 通知月の医療費をすべて取り下げます（履歴には残ります）
    #[command(
        after_help = "例:\n  kosmo expenses withdraw --tenant klinekenpo --notice 2026-10 --dry-run\n  kosmo expenses withdraw --tenant klinekenpo --notice 2026-10 --yes"
    )]
    Withdraw {
        #[command(flatten)]
        notice: Which,
        /// 件数を調べるだけで、何も変えません
        #[arg(long)]
        dry_run: bool,
        /// 確認せずに実行します
        #[arg(long)]
        yes: bool,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 通知月を、件数・金額・公開日時とともに新しい順に表示します
    #[command(after_help = "例:\n  kosmo expenses list --tenant klinekenpo")]
    List {
        #[command(flatten)]
        union: Union,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    file: ImportFile,
    /// ファイルの形式: csv か uke（省略時: csv）
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
    /// UKEの明細を載せる通知月（例: 2026-10）
    #[arg(long, value_parser = month, value_name = "MONTH", required_if_eq("format", "uke"))]
    notice: Option<Month>,
    /// UKEで、加入者が見つからない明細をこのCSVファイルに書き出し、残りを取り込みます
    #[arg(long, value_name = "FILE")]
    unmatched_to: Option<PathBuf>,
    /// 公開済みの通知月が変わるときも、確認せずに実行します
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Csv,
    Uke,
}

/// A month of a union's notices.
#[derive(Debug, Args)]
pub(super) struct Which {
    #[command(flatten)]
    union: Union,
    /// 通知月（例: 2026-10）
    #[arg(long, value_parser = month, value_name = "MONTH")]
    notice: Month,
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "年月ではありません（例: 2026-10）".to_owned())
}

impl Command {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<Outcome> {
        match self {
            Self::Import(import) => import.run(operator).await,
            Self::Publish { notice, no_mail, json } => {
                publish(settings, operator, &notice, !no_mail, json).await
            }
            Self::Withdraw { notice, dry_run, yes, json } => {
                withdraw(operator, &notice, dry_run, yes, json).await
            }
            Self::List { union, json } => list(operator, &union, json).await,
        }
    }
}

impl Import {
    async fn run(self, operator: &Operator) -> anyhow::Result<Outcome> {
        if self.format == FileFormat::Csv && (self.notice.is_some() || self.unmatched_to.is_some())
        {
            bail!("--notice と --unmatched-to は --format uke のときだけ使えます");
        }
        if self.format == FileFormat::Uke && self.file.columns.is_some() {
            bail!("--columns は --format csv のときだけ使えます");
        }
        let Some(opened) = self.file.open(operator, ExpenseColumn::COLUMNS).await? else {
            return Ok(Outcome::Rejected);
        };
        let touches = |report: &Report| {
            opened.bar.finish_and_clear();
            report.seen.clone()
        };
        let yes = self.yes || opened.run.dry_run;
        let mut is_staged = false;
        let work = async || {
            // What was read stays, while the person is asked.
            if !is_staged {
                self.stage(operator, &opened).await?;
                is_staged = true;
            }
            self.merge(operator, &opened).await
        };
        let result = match confirmed(yes, touches, work).await {
            Ok(Answer::Yes(taken)) => Ok(taken),
            Ok(Answer::No(outcome)) => {
                opened.give_up(operator).await?;
                return Ok(outcome);
            }
            Err(error) => Err(error),
        };
        opened.finish(operator, result).await
    }

    async fn stage(&self, operator: &Operator, opened: &OpenedFile) -> Result<(), ImportError> {
        let format = match self.notice {
            Some(notice) => Format::Uke { notice },
            None => Format::Csv(&opened.mapping),
        };
        let import = ExpensesImport { run: &opened.run, clock: &operator.clock, format };
        let mut progress = |bytes| opened.bar.set_position(bytes);
        let actor = Actor::operator(&operator.name);
        import.stage(&operator.db, opened.union.id, &actor, &opened.source, &mut progress).await
    }

    async fn merge(
        &self,
        operator: &Operator,
        opened: &OpenedFile,
    ) -> Result<(Report, Taken), ImportError> {
        let (mut left_out, mut kept) = (0, None);
        let target = self.unmatched_to.as_deref().filter(|_| !opened.run.dry_run);
        let mut keep = |claims: &[Unmatched]| {
            left_out = claims.len();
            let Some(path) = target.filter(|_| !claims.is_empty()) else { return Ok(()) };
            keep(path, claims)?;
            kept = Some(path);
            Ok(())
        };
        let leave_out: Option<&mut LeaveOut<'_>> =
            if self.unmatched_to.is_some() { Some(&mut keep) } else { None };
        let result = async {
            let mut tx = operator.begin(opened.union.id).await?;
            let imported = import::merge(&mut tx, &operator.clock, &opened.run, leave_out).await?;
            Ok((imported, tx))
        };
        let result: Result<_, ImportError> = result.await;
        // Gone with the transaction, unless that is committed.
        let beside = kept.map(Provisional::at);
        let (imported, tx) = result?;
        let mut report = self.report(&imported, left_out, opened.run.dry_run);
        if self.format == FileFormat::Csv {
            report.notes.extend(cut_short(&opened.source));
        }
        Ok((report, Taken { tx, beside }))
    }

    fn report(&self, imported: &Imported, left_out: usize, dry_run: bool) -> Report {
        let mut notes = Vec::new();
        match &self.unmatched_to {
            Some(path) if left_out > 0 && !dry_run => {
                notes.push(format!("加入者が見つからない {left_out}件 → {}", path.display()));
            }
            Some(_) if left_out > 0 => notes.push(format!("加入者が見つからない {left_out}件")),
            _ => {}
        }
        if imported.left > 0 {
            let left = imported.left;
            notes.push(format!(
                "取り込み済みのファイルです。訂正・取消のあった {left}件は台帳のままです（改めて訂正・取消するときは、別の内容のファイルにしてください）"
            ));
        }
        let months = |months: &[Month], told: &str| {
            let told = |month: &Month| format!("{}の通知{told}", month.japanese());
            months.iter().map(told).collect::<Vec<_>>()
        };
        notes.extend(months(&imported.published, "は公開済みです。変更はすぐに加入者に見えます"));
        notes.extend(months(
            &imported.unpublished,
            "は未公開です（kosmo expenses publish で公開します）",
        ));
        let seen = self.seen(imported);
        let sums = vec![
            ("医療費総額", "total_yen", imported.sums.total),
            ("自己負担額", "out_of_pocket_yen", imported.sums.out_of_pocket),
        ];
        Report { counts: imported.counts, sums, notes, seen }
    }

    /// What of it people see at once, for the operator to agree to.
    fn seen(&self, imported: &Imported) -> Vec<String> {
        if imported.published.is_empty() {
            return Vec::new();
        }
        let months: Vec<String> = imported.published.iter().map(|month| month.japanese()).collect();
        let Counts { added, changed, .. } = imported.counts;
        vec![
            format!("公開済みの通知が変わります: {}", months.join("、")),
            format!(
                "  ファイル全体で 新規 {added}件、変更 {changed}件。変更はすぐに加入者に見えます"
            ),
        ]
    }
}

/// Writes claims down, for good, before the rest is taken in.
fn keep(path: &Path, claims: &[Unmatched]) -> std::io::Result<()> {
    let named = |error: std::io::Error| {
        std::io::Error::new(
            error.kind(),
            format!("{}: {}", path.display(), io_words::words(&error)),
        )
    };
    let mut file = create_new(path).map_err(named)?;
    let written = uke::write_unmatched(&mut file, claims).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written.map_err(named)
}

const STOPPED: &str = "組合は停止中のため、メールは送りません";

async fn publish(
    settings: &Settings,
    operator: &Operator,
    Which { union: Union { tenant }, notice }: &Which,
    tell: bool,
    json: bool,
) -> anyhow::Result<Outcome> {
    let (tenant, mail) = operator.union(settings, tenant).await?;
    let cx = Context { clock: &operator.clock, mail: &mail, tenant: &tenant };
    let mut tx = operator.begin(tenant.id).await?;
    let published = notices::publish(&mut tx, cx.clock, *notice, &operator.name).await?;
    // A link in a mail would lead to a portal that answers nobody.
    let stopped = tell && published == Published::Now && !tenant.enabled;
    let tells = tell && published == Published::Now && !stopped;
    let mails = if tells { notices::tell(&mut tx, cx, *notice).await? } else { 0 };
    tx.commit().await?;
    let month = notice.japanese();
    match published {
        Published::Now | Published::Before if json => output::json(&serde_json::json!({
            "month": notice.to_string(), "published": published == Published::Now, "mails": mails,
            "notes": Vec::from_iter(stopped.then_some(STOPPED)),
        }))?,
        Published::Now if stopped => println!("{month}の通知を公開しました\n{STOPPED}"),
        Published::Now => println!("{month}の通知を公開しました（お知らせメール {mails}通）"),
        Published::Before => println!("{month}の通知は公開済みです。何も変えていません"),
        Published::Empty => bail!("{month}の通知には医療費がありません"),
    }
    Ok(Outcome::Done)
}

async fn withdraw(
    operator: &Operator,
    Which { union, notice }: &Which,
    dry_run: bool,
    yes: bool,
    json: bool,
) -> anyhow::Result<Outcome> {
    let union = operator.find(union).await?;
    let month = notice.japanese();
    let touches = |Withdrawn { rows, published }: &Withdrawn| {
        let seen = if *published {
            "（公開済み。加入者に見えなくなります）"
        } else {
            "（未公開）"
        };
        vec![format!("{month}の通知 {rows}件を取り下げます{seen}")]
    };
    let work = async || {
        let mut tx = operator.begin(union.id).await?;
        let withdrawn =
            notices::withdraw(&mut tx, &operator.clock, *notice, &operator.name).await?;
        if withdrawn.rows == 0 && !withdrawn.published {
            bail!("{month}の通知には医療費がありません");
        }
        Ok((withdrawn, tx))
    };
    let (Withdrawn { rows, .. }, tx) = match confirmed(yes || dry_run, touches, work).await? {
        Answer::Yes(done) => done,
        Answer::No(outcome) => return Ok(outcome),
    };
    if !dry_run {
        tx.commit().await?;
    }
    match dry_run {
        _ if json => output::json(&serde_json::json!({
            "month": notice.to_string(), "rows": rows, "dry_run": dry_run,
        }))?,
        true => println!("{month}の通知には {rows}件あります（何も変えていません）"),
        false => println!("{month}の通知 {rows}件を取り下げました"),
    }
    Ok(Outcome::Done)
}

async fn list(operator: &Operator, union: &Union, json: bool) -> anyhow::Result<Outcome> {
    let union = operator.find(union).await?;
    let mut tx = operator.begin(union.id).await?;
    let mut months = Vec::new();
    loop {
        let before = months.last().map(|notice: &Notice| notice.month);
        let more = notices::list(&mut tx, before).await?;
        if more.is_empty() {
            break;
        }
        months.extend(more);
    }
    tx.commit().await?;
    if json {
        let months: Vec<_> = months
            .iter()
            .map(|notice| {
                serde_json::json!({
                    "month": notice.month.to_string(), "rows": notice.rows,
                    "total_yen": notice.total.0, "out_of_pocket_yen": notice.out_of_pocket.0,
                    "published_at": notice.published_at,
                })
            })
            .collect();
        output::json(&months)?;
        return Ok(Outcome::Done);
    }
    let rows: Vec<_> = months
        .iter()
        .map(|notice| {
            [
                notice.month.to_string(),
                notice.rows.to_string(),
                notice.total.to_string(),
                notice.out_of_pocket.to_string(),
                notice.published_at.map_or_else(|| "未公開".to_owned(), minute),
            ]
        })
        .collect();
    let columns = [
        Column::Left("通知月"),
        Column::Right("件数"),
        Column::Right("医療費総額"),
        Column::Right("自己負担額"),
        Column::Left("公開"),
    ];
    output::table(columns, &rows, "医療費はありません");
    Ok(Outcome::Done)
}
