//! The operator, and the union that a command is for.

use std::sync::Arc;

use clap::Args;

use crate::app;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::config::Settings;
use crate::db::actor::Actor;
use crate::db::{Db, DbRole, TenantTx};
use crate::mail::message::MailRoom;
use crate::portal::places;
use crate::tenant::directory::{Directory, Tenant};
use crate::tenant::registry::{self, RegisteredUnion, RegistryError};
use crate::web::page::Pages;

/// The union that a command works on.
#[derive(Debug, Args)]
pub(in crate::cli) struct UnionArg {
    /// 組合（例: klinekenpo。省略時: 環境変数 KOSMO_TENANT）
    #[arg(long, env = "KOSMO_TENANT", value_name = "SLUG")]
    pub(in crate::cli) tenant: String,
}

/// The operator who runs a command, with the database and the clock that commands need.
pub(in crate::cli) struct Operator {
    pub(in crate::cli) db: Db,
    pub(in crate::cli) clock: Clock,
    /// The operator's name on the trail.
    pub(in crate::cli) name: String,
}

impl Operator {
    /// Opens a transaction within a union, with the operator as the actor.
    pub(in crate::cli) async fn begin(&self, union: TenantId) -> Result<TenantTx, sqlx::Error> {
        self.db.tenant(union, &Actor::operator(&self.name)).await
    }

    pub(in crate::cli) async fn find(&self, union: &UnionArg) -> anyhow::Result<RegisteredUnion> {
        let mut tx = self.db.platform().await?;
        let found = registry::get(&mut tx, &union.tenant).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Returns a union as servers know it, with what writes its mails.
    pub(in crate::cli) async fn union(
        &self,
        settings: &Settings,
        slug: &str,
    ) -> anyhow::Result<(Arc<Tenant>, MailRoom)> {
        let directory = Directory::load(&self.db, settings.base_url()).await?;
        let mut unions = directory.all().into_iter();
        let tenant = unions
            .find(|tenant| tenant.config.slug.as_str() == slug)
            .ok_or_else(|| RegistryError::UnknownTenant(slug.to_owned()))?;
        Ok((tenant, mail_room(settings)?))
    }
}

/// Makes what writes the mails that a command or a worker causes.
pub(in crate::cli) fn mail_room(settings: &Settings) -> anyhow::Result<MailRoom> {
    Ok(app::mail_room(&Pages::load(places::of_service)?, settings))
}

pub(in crate::cli) fn operator(settings: &Settings) -> anyhow::Result<Operator> {
    let db = Db::new(settings.database()?, DbRole::Operator, 2);
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Ok(Operator { db, clock: Clock::System, name: user.unwrap_or_else(|| "operator".to_owned()) })
}
