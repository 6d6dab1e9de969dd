//! The person at the terminal, and the union that a command is for.

use std::sync::Arc;

use clap::Args;

use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::config::Settings;
use crate::db::actor::Actor;
use crate::db::{Db, Role, TenantTx};
use crate::mail::message::MailRoom;
use crate::tenant::directory::{Directory, Tenant};
use crate::tenant::registry::{self, Registered, RegistryError};
use crate::web::page::Pages;

/// Whose people and rows a command works on.
#[derive(Debug, Args)]
pub(super) struct Union {
    /// 組合（例: klinekenpo。省略時: 環境変数 KOSMO_TENANT）
    #[arg(long, env = "KOSMO_TENANT", value_name = "SLUG")]
    pub(super) tenant: String,
}

/// What the operator's commands work with.
pub(super) struct Operator {
    pub(super) db: Db,
    pub(super) clock: Clock,
    /// The person at the terminal, as the trail names them.
    pub(super) name: String,
}

impl Operator {
    /// A transaction within a union, for the person at the terminal.
    pub(super) async fn begin(&self, union: TenantId) -> Result<TenantTx, sqlx::Error> {
        self.db.tenant(union, &Actor::operator(&self.name)).await
    }

    pub(super) async fn find(&self, union: &Union) -> anyhow::Result<Registered> {
        let mut tx = self.db.platform().await?;
        let found = registry::get(&mut tx, &union.tenant).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// A union as servers know it, and who writes its mails.
    pub(super) async fn union(
        &self,
        settings: &Settings,
        slug: &str,
    ) -> anyhow::Result<(Arc<Tenant>, MailRoom)> {
        let directory = Directory::load(&self.db, settings.base_url()).await?;
        let mut unions = directory.all().into_iter();
        let tenant = unions
            .find(|tenant| tenant.config.slug.as_str() == slug)
            .ok_or_else(|| RegistryError::UnknownTenant(slug.to_owned()))?;
        let room = MailRoom::new(Pages::load()?.templates(), settings.mail.domain.clone());
        Ok((tenant, room))
    }
}

pub(super) fn operator(settings: &Settings) -> anyhow::Result<Operator> {
    let db = Db::new(settings.database()?, Role::Operator, 2);
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Ok(Operator { db, clock: Clock::System, name: user.unwrap_or_else(|| "operator".to_owned()) })
}
