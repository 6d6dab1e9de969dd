//! `kosmo audit …` compares the trails of unions with their seals, and takes both to another place (A8).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::output::{self, Column};
use super::{CommandStatus, Operator};
use crate::audit::seals::ship::{ShippedFiles, ShippedSeal};
use crate::audit::seals::verify::{Fault, Finding, Verified, verify};
use crate::audit::{self, Action};
use crate::base::clock::jst;
use crate::base::files;
use crate::base::ids::TenantId;
use crate::tenant::registry;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// 操作履歴が、記録された後に変更・削除・追加されていないかを調べます
    #[command(
        after_help = "例:\n  kosmo audit verify\n  kosmo audit verify --tenant klinekenpo --against /mnt/worm/kosmo --json"
    )]
    Verify {
        /// 組合（省略時: すべての組合）
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// kosmo audit ship が書き出したフォルダーとも照らし合わせます
        #[arg(long, value_name = "DIR")]
        against: Option<PathBuf>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 封印された操作履歴を、データベースの外のファイルに書き足します
    #[command(after_help = "例:\n  kosmo audit ship --to /mnt/worm/kosmo")]
    Ship {
        /// 書き出すフォルダー
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// 組合（省略時: すべての組合）
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

/// The result of comparing a union's trail.
#[derive(Debug, Serialize)]
struct VerifiedUnion {
    tenant: String,
    #[serde(flatten)]
    verified: Verified,
}

impl AuditCommand {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        match self {
            Self::Verify { tenant, against, json } => {
                verify_unions(operator, tenant.as_deref(), against, json).await
            }
            Self::Ship { to, tenant, json } => ship(operator, tenant.as_deref(), to, json).await,
        }
    }
}

/// Returns the unions that are meant, by their slugs.
async fn unions(
    operator: &Operator,
    tenant: Option<&str>,
) -> anyhow::Result<Vec<(String, TenantId)>> {
    let mut tx = operator.db.platform().await?;
    let unions = match tenant {
        Some(slug) => {
            let union = registry::get(&mut tx, slug).await?;
            vec![(union.config.slug.to_string(), union.id)]
        }
        None => {
            let all = registry::ids(&mut tx).await?;
            all.into_iter().map(|(id, slug)| (slug, id)).collect()
        }
    };
    tx.commit().await?;
    Ok(unions)
}

async fn verify_unions(
    operator: &Operator,
    tenant: Option<&str>,
    against: Option<PathBuf>,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    let mut all = Vec::new();
    for (slug, id) in unions(operator, tenant).await? {
        let shipped = match &against {
            Some(folder) => shipped(folder, &slug)?,
            None => Vec::new(),
        };
        let mut tx = operator.begin(id).await?;
        let verified = verify(&mut tx, &operator.clock, &shipped).await?;
        let detail = json!({ "seals": verified.seals, "findings": verified.findings.len() });
        audit::record(&mut tx, &operator.clock, Action::TrailVerified, None, detail).await?;
        tx.commit().await?;
        all.push(VerifiedUnion { tenant: slug, verified });
    }
    let is_whole = all.iter().all(|union| union.verified.findings.is_empty());
    match json {
        true => output::json(&all)?,
        false => print(&all),
    }
    Ok(if is_whole { CommandStatus::Done } else { CommandStatus::Rejected })
}

fn shipped(folder: &Path, slug: &str) -> anyhow::Result<Vec<ShippedSeal>> {
    let read = ShippedFiles::new(folder, slug).seals();
    read.with_context(|| format!("{} を読めません", folder.display()))
}

fn print(all: &[VerifiedUnion]) {
    for VerifiedUnion { tenant, verified } in all {
        let Verified { seals, lines, expired, unsealed, findings, .. } = verified;
        println!("{tenant}: 封印 {seals}件、操作履歴 {lines}件、封印待ち {unsealed}件");
        if *expired > 0 {
            println!("  保存期間（6年）を過ぎて削除された操作履歴 {expired}件");
        }
        if findings.is_empty() {
            println!("  問題はありません");
            continue;
        }
        let row = |finding: &Finding| {
            [
                words(finding.fault).to_owned(),
                finding.seal.map(|no| no.to_string()).unwrap_or_default(),
                finding.line.map(|id| id.to_string()).unwrap_or_default(),
                finding
                    .at
                    .map(|at| jst(at).format("%Y-%m-%d %H:%M:%S").to_string())
                    .unwrap_or_default(),
            ]
        };
        let rows: Vec<_> = findings.iter().map(row).collect();
        let columns = [
            Column::Left("問題"),
            Column::Right("封印"),
            Column::Left("記録番号"),
            Column::Left("日時"),
        ];
        output::table(columns, &rows, "");
    }
}

const fn words(fault: Fault) -> &'static str {
    match fault {
        Fault::SealMissing => "封印がありません",
        Fault::SealChanged => "封印が書き換えられています",
        Fault::ChainBroken => "前の封印とつながりません",
        Fault::LineMissing => "操作履歴が削除されています",
        Fault::LineChanged => "操作履歴が書き換えられています",
        Fault::LineInserted => "操作履歴が後から追加されています",
        Fault::TailCut => "最後の封印が切り取られています",
        Fault::SealReplaced => "書き出した封印と違います",
        Fault::ShippedMissing => "書き出したファイルから封印がなくなっています",
    }
}

async fn ship(
    operator: &Operator,
    tenant: Option<&str>,
    to: PathBuf,
    json: bool,
) -> anyhow::Result<CommandStatus> {
    files::create_folder(&to).with_context(|| format!("{} を作れません", to.display()))?;
    let mut all = Vec::new();
    for (slug, id) in unions(operator, tenant).await? {
        let mut tx = operator.begin(id).await?;
        let shipped = ShippedFiles::new(&to, &slug).ship(&mut tx).await;
        let shipped = shipped.with_context(|| {
            format!("{slug}: 書き出せません。kosmo audit verify --against で調べてください")
        })?;
        tx.commit().await?;
        if !json {
            println!(
                "{slug}: 封印 {}件、操作履歴 {}件を書き出しました",
                shipped.seals, shipped.lines
            );
        }
        all.push(json!({ "tenant": slug, "seals": shipped.seals, "lines": shipped.lines }));
    }
    if json {
        output::json(&all)?;
    }
    Ok(CommandStatus::Done)
}
