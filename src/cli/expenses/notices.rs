//! Runs `kosmo expenses publish`, `withdraw` and `list`.

use anyhow::bail;
use clap::Args;

use crate::base::japanese::minute;
use crate::base::month::Month;
use crate::cli::confirm::{self, Answer};
use crate::cli::import::month;
use crate::cli::output::{self, Column};
use crate::cli::watch;
use crate::cli::{CommandStatus, Operator, UnionArg};
use crate::expenses::notices::job::{PublishExpenses, PublishOutcome, WithdrawExpenses};
use crate::expenses::notices::{self, Notice, Published, Withdrawn};
use crate::jobs::consent::Consent;

const STOPPED: &str = "組合は停止中のため、メールは送りません";

/// A month of a union's notices.
#[derive(Debug, Args)]
pub(in crate::cli) struct NoticeMonth {
    #[command(flatten)]
    union: UnionArg,
    /// 通知月（例: 2026-10）
    #[arg(long, value_parser = month, value_name = "MONTH")]
    notice: Month,
}

pub(super) async fn publish(
    operator: &Operator,
    NoticeMonth { union, notice }: &NoticeMonth,
    tells: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let union = operator.find(union).await?;
    let job = PublishExpenses { month: *notice, by: operator.name.clone(), tells };
    let bar = watch::spinner("公開しています…");
    let told = watch::run(operator, union.id, &job, &bar).await;
    bar.finish_and_clear();
    let PublishOutcome { published, mails, stopped } = told?;
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
    Ok(CommandStatus::Done)
}

pub(super) async fn withdraw(
    operator: &Operator,
    NoticeMonth { union, notice }: &NoticeMonth,
    dry_run: bool,
    yes: bool,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let union = operator.find(union).await?;
    let month = notice.japanese();
    let bar = watch::spinner("取り下げています…");
    let touches = |Withdrawn { rows, published }: &Withdrawn| {
        bar.finish_and_clear();
        let seen = if *published {
            "（公開済み。加入者に見えなくなります）"
        } else {
            "（未公開）"
        };
        vec![format!("{month}の通知 {rows}件を取り下げます{seen}")]
    };
    let run = async |consent: Consent<Withdrawn>| {
        let by = operator.name.clone();
        let job = WithdrawExpenses { month: *notice, by, dry_run, consent };
        Ok::<_, anyhow::Error>(watch::run(operator, union.id, &job, &bar).await?)
    };
    let answer = confirm::agreed(yes, touches, run).await;
    bar.finish_and_clear();
    let Withdrawn { rows, published } = match answer? {
        Answer::Yes(withdrawn) => withdrawn,
        Answer::No(outcome) => return Ok(outcome),
    };
    if rows == 0 && !published {
        bail!("{month}の通知には医療費がありません");
    }
    match dry_run {
        _ if json => output::json(&serde_json::json!({
            "month": notice.to_string(), "rows": rows, "dry_run": dry_run,
        }))?,
        true => println!("{month}の通知には {rows}件あります（何も変えていません）"),
        false => println!("{month}の通知 {rows}件を取り下げました"),
    }
    Ok(CommandStatus::Done)
}

pub(super) async fn list(
    operator: &Operator,
    union: &UnionArg,
    json: bool,
) -> anyhow::Result<CommandStatus> {
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
        return Ok(CommandStatus::Done);
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
    Ok(CommandStatus::Done)
}
