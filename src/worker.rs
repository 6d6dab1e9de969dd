//! Background work: mail on its way out, and tidying up.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::auth;
use crate::base::clock::Clock;
use crate::config::Settings;
use crate::db::actor::Actor;
use crate::db::{Db, Role};
use crate::mail::sender::Sender;
use crate::mail::{housekeeping, outbox};
use crate::tenant::directory::{Directory, Tenant};

/// One to listen, one to deliver, one to tidy up.
const CONNECTIONS: u32 = 3;
const EVERY: Duration = Duration::from_secs(60 * 60);

/// Works until `stop`.
pub async fn run(
    settings: &Settings,
    database: PgConnectOptions,
    clock: Clock,
    stop: CancellationToken,
) {
    let db = Db::new(database, Role::Worker, CONNECTIONS);
    let sender = Sender::new(settings).await;
    tokio::join!(
        outbox::run(&db, &clock, &sender, settings.mail.per_second, &stop),
        housekeeping::run(&db, &clock, &stop),
        tidy_unions(settings, &db, &clock, &stop),
    );
    db.close().await;
}

/// Tidies every union up now and every hour, until `stop`.
async fn tidy_unions(settings: &Settings, db: &Db, clock: &Clock, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = tidy_each(settings, db, clock).await {
            tracing::warn!(%error, "unions not tidied up");
        }
        stop.run_until_cancelled(tokio::time::sleep(EVERY)).await;
    }
}

async fn tidy_each(settings: &Settings, db: &Db, clock: &Clock) -> Result<(), sqlx::Error> {
    for tenant in Directory::load(db, settings.base_url()).await?.all() {
        let slug = tenant.config.slug.as_str();
        match tidy_one(db, clock, &tenant).await {
            Ok(0) => {}
            Ok(closed) => tracing::info!(tenant = slug, closed, "accounts closed"),
            Err(error) => tracing::warn!(tenant = slug, %error, "union not tidied up"),
        }
    }
    Ok(())
}

async fn tidy_one(db: &Db, clock: &Clock, tenant: &Tenant) -> Result<usize, sqlx::Error> {
    let actor = Actor::system("housekeeping");
    loop {
        let mut tx = db.tenant(tenant.id, &actor).await?;
        let more = auth::housekeeping::sweep(&mut tx, clock).await?;
        tx.commit().await?;
        if !more {
            break;
        }
    }
    let mut tx = db.tenant(tenant.id, &actor).await?;
    let closed = auth::housekeeping::tidy(&mut tx, clock, &tenant.config).await?;
    tx.commit().await?;
    Ok(closed)
}
