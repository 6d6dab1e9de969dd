//! `kosmo terms …`: versions of the terms of use (F3).

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chrono::{NaiveDate, NaiveTime, TimeZone as _};
use clap::{Args, Subcommand};

use super::import::day;
use super::{Operator, Outcome};
use crate::base::clock::jst;
use crate::base::ids::TenantId;
use crate::tenant::{registry, terms};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 利用規約の新しい版を公開します。施行日から、次のログインの際に同意を求めます
    Publish {
        #[command(flatten)]
        whose: Whose,
        /// 施行日（今日以降）
        #[arg(long, value_parser = day)]
        from: NaiveDate,
        /// 本文（UTF-8）。「## 」で始まる行は見出し、空行は段落の区切りです
        file: PathBuf,
    },
    /// 利用規約の版を新しい順に表示します
    List,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whose {
    /// この組合だけの規約
    #[arg(long)]
    tenant: Option<String>,
    /// 独自の規約がない、すべての組合の規約
    #[arg(long)]
    platform: bool,
}

impl Command {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<Outcome> {
        match self {
            Self::Publish { whose, from, file } => publish(operator, &whose, from, file).await,
            Self::List => list(operator).await,
        }
    }
}

async fn publish(
    operator: &Operator,
    whose: &Whose,
    from: NaiveDate,
    file: PathBuf,
) -> anyhow::Result<Outcome> {
    let today = operator.clock.today();
    if from < today {
        bail!("--from: {from} は過ぎています。同意した日より前の施行日は付けられません");
    }
    let body = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    if body.trim().is_empty() {
        bail!("{}: 本文がありません", file.display());
    }
    let midnight =
        jst(operator.clock.now()).timezone().from_local_datetime(&from.and_time(NaiveTime::MIN));
    let effective_at = midnight.single().context("a day that begins")?.to_utc();
    let mut tx = operator.db.platform().await?;
    let tenant: Option<TenantId> = match &whose.tenant {
        Some(slug) => Some(registry::get(&mut tx, slug).await?.id),
        None => None,
    };
    let published =
        terms::publish(&mut tx, &operator.clock, tenant, effective_at, body.trim(), &operator.name)
            .await?;
    if !published {
        bail!("{from} 施行の版はすでにあります。別の施行日にしてください");
    }
    tx.commit().await?;
    println!("{from} 施行の利用規約を公開しました");
    Ok(Outcome::Done)
}

async fn list(operator: &Operator) -> anyhow::Result<Outcome> {
    let mut tx = operator.db.platform().await?;
    let slugs = registry::load_all(&mut tx).await?;
    for version in terms::load_all(&mut tx).await? {
        let whose = match version.tenant {
            None => "（共通）",
            Some(id) => {
                slugs.iter().find(|union| union.id == id).map_or("?", |union| union.slug.as_str())
            }
        };
        let from = jst(version.effective_at).format("%Y-%m-%d");
        let heading = version.body.lines().next().unwrap_or_default();
        let heading: String = heading.chars().take(30).collect();
        println!("{from}  {whose}  {heading}");
    }
    Ok(Outcome::Done)
}
