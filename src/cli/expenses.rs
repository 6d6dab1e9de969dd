//! `kosmo expenses …`: medical expenses in, and their notices out (O2).

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use super::import::{ImportFile, Report};
use super::{Operator, Outcome, create_private};
use crate::auth::context::Context;
use crate::base::japanese::minute;
use crate::base::month::Month;
use crate::config::Settings;
use crate::expenses::import::{COLUMNS, ExpensesImport, Format, Imported, LeaveOut};
use crate::expenses::notices::{self, Published, Withdrawn};
use crate::expenses::uke::{self, Unmatched};
use crate::tenant::registry;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 医療費のファイルを取り込みます（CSVはUTF-8またはCP932。UKEはレセプト電算処理の形式）
    Import(Box<Import>),
    /// 通知月を公開し、希望する人にメールで知らせます
    Publish {
        #[command(flatten)]
        notice: Which,
        /// メールで知らせません
        #[arg(long)]
        no_mail: bool,
    },
    /// 通知月の医療費をすべて取り下げます（履歴には残ります）
    Withdraw {
        #[command(flatten)]
        notice: Which,
        /// 件数を調べるだけで、何も変えません
        #[arg(long)]
        dry_run: bool,
    },
    /// 通知月を、件数・金額・公開日時とともに新しい順に表示します
    List {
        /// 組合（例: klinekenpo）
        #[arg(long)]
        tenant: String,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    file: ImportFile,
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    format: FileFormat,
    /// UKEの明細を載せる通知月（例: 2026-10）
    #[arg(long, value_parser = month, required_if_eq("format", "uke"))]
    notice: Option<Month>,
    /// UKEで、加入者が見つからない明細をこのCSVファイルに書き出し、残りを取り込みます
    #[arg(long, value_name = "FILE")]
    unmatched_to: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    Csv,
    Uke,
}

/// A month of a union's notices.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// 組合（例: klinekenpo）
    #[arg(long)]
    tenant: String,
    /// 通知月（例: 2026-10）
    #[arg(long, value_parser = month)]
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
            Self::Publish { notice, no_mail } => {
                publish(settings, operator, &notice, !no_mail).await
            }
            Self::Withdraw { notice, dry_run } => withdraw(operator, &notice, dry_run).await,
            Self::List { tenant, json } => list(operator, &tenant, json).await,
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
        let Some(mut job) = self.file.open(operator, &COLUMNS).await? else {
            return Ok(Outcome::Rejected);
        };
        let format = match self.notice {
            Some(notice) => Format::Uke { notice },
            None => Format::Csv(&job.mapping),
        };
        let import = ExpensesImport { run: &job.run, clock: &operator.clock, format };
        let (mut left_out, mut kept) = (0, None);
        let target = self.unmatched_to.as_deref().filter(|_| !job.run.dry_run);
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
            let mut tx = operator.db.tenant(job.union.id).await?;
            let mut progress = |bytes| job.bar.set_position(bytes);
            let imported =
                import.import(&mut tx, &mut job.source, leave_out, &mut progress).await?;
            Ok((imported, tx))
        };
        let result = result.await;
        if let (Err(_), Some(path)) = (&result, kept) {
            let _ = std::fs::remove_file(path);
        }
        let dry_run = job.run.dry_run;
        let result = result.map(|(imported, tx)| (self.report(&imported, left_out, dry_run), tx));
        job.finish(result).await
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
        let sums = vec![
            ("医療費総額", "total_yen", imported.sums.total),
            ("自己負担額", "out_of_pocket_yen", imported.sums.out_of_pocket),
        ];
        Report { counts: imported.counts, sums, notes }
    }
}

/// Writes claims down, for good, before the rest is taken in.
fn keep(path: &Path, claims: &[Unmatched]) -> std::io::Result<()> {
    let named = |error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    let mut file = create_private(path).map_err(named)?;
    let written = uke::write_unmatched(&mut file, claims).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written.map_err(named)
}

async fn publish(
    settings: &Settings,
    operator: &Operator,
    Which { tenant, notice }: &Which,
    tell: bool,
) -> anyhow::Result<Outcome> {
    let (tenant, mail) = operator.union(settings, tenant).await?;
    let cx = Context { clock: &operator.clock, mail: &mail, tenant: &tenant };
    let mut tx = operator.db.tenant(tenant.id).await?;
    let published = notices::publish(&mut tx, cx.clock, *notice, &operator.name).await?;
    let tells = tell && published == Published::Now;
    let mails = if tells { notices::tell(&mut tx, cx, *notice).await? } else { 0 };
    tx.commit().await?;
    let month = notice.japanese();
    match published {
        Published::Now => println!("{month}の通知を公開しました（お知らせメール {mails}通）"),
        Published::Before => println!("{month}の通知は公開済みです。何も変えていません"),
        Published::Empty => bail!("{month}の通知には医療費がありません"),
    }
    Ok(Outcome::Done)
}

async fn withdraw(
    operator: &Operator,
    Which { tenant, notice }: &Which,
    dry_run: bool,
) -> anyhow::Result<Outcome> {
    let mut tx = operator.db.platform().await?;
    let union = registry::get(&mut tx, tenant).await?;
    tx.commit().await?;
    let mut tx = operator.db.tenant(union.id).await?;
    let Withdrawn { rows, published } =
        notices::withdraw(&mut tx, &operator.clock, *notice, &operator.name).await?;
    let month = notice.japanese();
    if rows == 0 && !published {
        bail!("{month}の通知には医療費がありません");
    }
    if dry_run {
        println!("{month}の通知には {rows}件あります（何も変えていません）");
    } else {
        tx.commit().await?;
        println!("{month}の通知 {rows}件を取り下げました");
    }
    Ok(Outcome::Done)
}

async fn list(operator: &Operator, slug: &str, json: bool) -> anyhow::Result<Outcome> {
    let mut tx = operator.db.platform().await?;
    let union = registry::get(&mut tx, slug).await?;
    tx.commit().await?;
    let mut tx = operator.db.tenant(union.id).await?;
    let months = notices::list(&mut tx).await?;
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
        println!("{}", serde_json::to_string_pretty(&months)?);
        return Ok(Outcome::Done);
    }
    for notice in months {
        let published = notice.published_at.map_or_else(|| "未公開".to_owned(), minute);
        println!(
            "{}  {}件  医療費総額 {}  自己負担額 {}  {published}",
            notice.month, notice.rows, notice.total, notice.out_of_pocket
        );
    }
    Ok(Outcome::Done)
}
