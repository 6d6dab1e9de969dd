//! `kosmo maintenance …` plans the whole platform's maintenance (T13). A union's own windows are in
//! its policy.

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use clap::Subcommand;

use super::output::{self, Column};
use super::{CommandStatus, Operator};
use crate::base::clock::jst;
use crate::base::ids::WindowId;
use crate::tenant::maintenance::{self, MaintenanceWindow};

#[derive(Debug, Subcommand)]
pub(super) enum MaintenanceCommand {
    /// すべての組合のメンテナンスを予定します。3日前から画面で知らせ、その間は503を返します
    #[command(
        after_help = "例:\n  kosmo maintenance plan --from 2026-12-01T19:00 --until 2026-12-01T22:00"
    )]
    Plan {
        /// 始まり（日本時間。例: 2026-12-01T19:00）
        #[arg(long, value_parser = moment, value_name = "TIME")]
        from: DateTime<Utc>,
        /// 終わり（日本時間）
        #[arg(long, value_parser = moment, value_name = "TIME")]
        until: DateTime<Utc>,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 予定を表示します
    #[command(after_help = "例:\n  kosmo maintenance list")]
    List {
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
    /// 予定を取り消します。始まっていれば、すぐに再開します
    #[command(after_help = "例:\n  kosmo maintenance cancel 019d0000-0000-7000-8000-000000000001")]
    Cancel {
        /// 予定のID（kosmo maintenance list が表示します）
        #[arg(value_parser = id)]
        id: uuid::Uuid,
        /// 結果をJSONで出力します
        #[arg(long)]
        json: bool,
    },
}

/// Reads a time in Japan.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .map_err(|_| "2026-12-01T19:00 のように書いてください".to_owned())?;
    let japan = jst(Utc.timestamp_nanos(0)).timezone();
    japan.from_local_datetime(&naive).single().map(|at| at.to_utc()).ok_or_else(|| text.to_owned())
}

fn id(text: &str) -> Result<uuid::Uuid, String> {
    text.parse().map_err(|_| "IDではありません（kosmo maintenance list が表示します）".to_owned())
}

fn in_json(
    id: WindowId,
    MaintenanceWindow { from, until }: MaintenanceWindow,
) -> serde_json::Value {
    serde_json::json!({ "id": id.to_string(), "from": from, "until": until })
}

impl MaintenanceCommand {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<CommandStatus> {
        let mut tx = operator.db.platform().await?;
        match self {
            Self::Plan { from, until, json } => {
                if until <= from {
                    bail!("--until は --from より後にしてください");
                }
                if until <= operator.clock.now() {
                    bail!("--until: 過ぎています");
                }
                let window = MaintenanceWindow { from, until };
                let id =
                    maintenance::plan(&mut tx, &operator.clock, window, &operator.name).await?;
                tx.commit().await?;
                match json {
                    true => output::json(&in_json(id, window))?,
                    false => println!("{id} {} のメンテナンスを予定しました", window.text()),
                }
            }
            Self::List { json } => {
                let planned = maintenance::planned(&mut tx, operator.clock.now()).await?;
                if json {
                    let planned = planned.iter().map(|(id, window)| in_json(*id, *window));
                    output::json(&planned.collect::<Vec<_>>())?;
                    return Ok(CommandStatus::Done);
                }
                let row =
                    |(id, window): &(WindowId, MaintenanceWindow)| [id.to_string(), window.text()];
                let rows: Vec<_> = planned.iter().map(row).collect();
                let columns = [Column::Left("ID"), Column::Left("期間")];
                output::table(columns, &rows, "予定はありません");
            }
            Self::Cancel { id, json } => {
                let cancelled = maintenance::cancel(&mut tx, &operator.clock, WindowId(id)).await?;
                cancelled.then_some(()).with_context(|| format!("{id} という予定はありません"))?;
                tx.commit().await?;
                match json {
                    true => output::json(&serde_json::json!({ "id": id, "cancelled": true }))?,
                    false => println!("取り消しました"),
                }
            }
        }
        Ok(CommandStatus::Done)
    }
}
