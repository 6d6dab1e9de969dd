//! `kosmo maintenance …`: when the whole platform rests (T13). A union's own windows are its policy's.

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use clap::Subcommand;

use super::{Operator, Outcome};
use crate::base::clock::jst;
use crate::base::ids::WindowId;
use crate::tenant::maintenance::{self, Window};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// すべての組合のメンテナンスを予定します。3日前から画面で知らせ、その間は503を返します
    Plan {
        /// 始まり（日本時間。例: 2026-12-01T19:00）
        #[arg(long, value_parser = moment)]
        from: DateTime<Utc>,
        /// 終わり（日本時間）
        #[arg(long, value_parser = moment)]
        until: DateTime<Utc>,
    },
    /// 予定を表示します
    List,
    /// 予定を取り消します。始まっていれば、すぐに再開します
    Cancel { id: uuid::Uuid },
}

/// A moment in Japan.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .map_err(|_| "2026-12-01T19:00 のように書いてください".to_owned())?;
    let japan = jst(Utc.timestamp_nanos(0)).timezone();
    japan.from_local_datetime(&naive).single().map(|at| at.to_utc()).ok_or_else(|| text.to_owned())
}

impl Command {
    pub(super) async fn run(self, operator: &Operator) -> anyhow::Result<Outcome> {
        let mut tx = operator.db.platform().await?;
        match self {
            Self::Plan { from, until } => {
                if until <= from {
                    bail!("--until は --from より後にしてください");
                }
                if until <= operator.clock.now() {
                    bail!("--until: 過ぎています");
                }
                let window = Window { from, until };
                let id =
                    maintenance::plan(&mut tx, &operator.clock, window, &operator.name).await?;
                tx.commit().await?;
                println!("{id} {} のメンテナンスを予定しました", window.text());
            }
            Self::List => {
                let planned = maintenance::planned(&mut tx, operator.clock.now()).await?;
                for (id, window) in &planned {
                    println!("{id} {}", window.text());
                }
                if planned.is_empty() {
                    println!("予定はありません");
                }
            }
            Self::Cancel { id } => {
                let cancelled = maintenance::cancel(&mut tx, &operator.clock, WindowId(id)).await?;
                cancelled.then_some(()).with_context(|| format!("{id} という予定はありません"))?;
                tx.commit().await?;
                println!("取り消しました");
            }
        }
        Ok(Outcome::Done)
    }
}
