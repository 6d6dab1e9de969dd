//! `kosmo members …`: taking people in, and letting locked ones try again.

use anyhow::bail;
use clap::Subcommand;

use super::import::MembersFile;
use super::{Operator, Outcome};
use crate::auth::context::Context;
use crate::auth::user_id::UserId;
use crate::auth::{account, device};
use crate::config::Settings;
use crate::tenant::registry;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// 加入者のCSVファイルを取り込みます（UTF-8またはCP932）
    Import(MembersFile),
    /// ロックされた人がもう一度ログインできるようにします
    Unlock {
        /// 組合（例: klinekenpo）
        #[arg(long)]
        tenant: String,
        user_id: String,
    },
    /// 端末をすべて失った人の認証アプリ・パスキー・リカバリーコードを消します。次回ログイン時に登録し直します
    ResetFactors {
        /// 組合（例: klinekenpo）
        #[arg(long)]
        tenant: String,
        user_id: String,
    },
}

impl Command {
    pub(super) async fn run(
        self,
        settings: &Settings,
        operator: &Operator,
    ) -> anyhow::Result<Outcome> {
        match self {
            Self::Import(file) => file.import(settings, operator).await,
            Self::Unlock { tenant, user_id } => unlock(operator, &tenant, &user_id).await,
            Self::ResetFactors { tenant, user_id } => {
                reset_factors(settings, operator, &tenant, &user_id).await
            }
        }
    }
}

/// `kosmo members unlock`
async fn unlock(operator: &Operator, tenant: &str, user_id: &str) -> anyhow::Result<Outcome> {
    let user_id = UserId::parse(user_id).map_err(anyhow::Error::msg)?;
    let mut tx = operator.db.platform().await?;
    let union = registry::get(&mut tx, tenant).await?;
    tx.commit().await?;
    let mut tx = operator.db.tenant(union.id).await?;
    let unlocked = account::unlock(&mut tx, &operator.clock, &user_id, &operator.name).await?;
    tx.commit().await?;
    match unlocked {
        Some(true) => println!("ロックを解除しました"),
        Some(false) => println!("ロックされていません。何も変えていません"),
        None => bail!("{tenant} にユーザID「{}」の人はいません", user_id.as_str()),
    }
    Ok(Outcome::Done)
}

/// `kosmo members reset-factors` (R4)
async fn reset_factors(
    settings: &Settings,
    operator: &Operator,
    slug: &str,
    user_id: &str,
) -> anyhow::Result<Outcome> {
    let user_id = UserId::parse(user_id).map_err(anyhow::Error::msg)?;
    let (tenant, mail) = operator.union(settings, slug).await?;
    let cx = Context { clock: &operator.clock, mail: &mail, tenant: &tenant };
    let mut tx = operator.db.tenant(tenant.id).await?;
    let Some(account) = account::id_of(&mut tx, &user_id).await? else {
        bail!("{slug} にユーザID「{}」の人はいません", user_id.as_str());
    };
    device::reset(&mut tx, cx, account, &operator.name).await?;
    tx.commit().await?;
    println!("認証アプリ・パスキー・リカバリーコードを削除し、すべての端末からログアウトしました");
    Ok(Outcome::Done)
}
