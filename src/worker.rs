//! Background work: mail on its way out.

use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::base::clock::Clock;
use crate::config::Settings;
use crate::db::{Db, Role};
use crate::mail::outbox;
use crate::mail::sender::Sender;

/// The worker needs one connection to listen and one to work.
const CONNECTIONS: u32 = 3;

/// Works until `stop`.
pub async fn run(
    settings: &Settings,
    database: PgConnectOptions,
    clock: Clock,
    stop: CancellationToken,
) {
    let db = Db::new(database, Role::Worker, CONNECTIONS);
    let sender = Sender::new(settings).await;
    outbox::run(&db, &clock, &sender, &stop).await;
    db.close().await;
}
