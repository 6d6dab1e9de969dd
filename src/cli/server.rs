//! Runs `kosmo serve`, `kosmo worker` and `kosmo migrate`.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::terminal::operator::mail_room;
use super::{CommandStatus, output};
use crate::app;
use crate::auth::credentials::hashing::PasswordHasher;
use crate::auth::credentials::letters::job::LetterTools;
use crate::base::clock::Clock;
use crate::config::Settings;
use crate::db::migrate;
use crate::records::partitions;
use crate::worker;

pub(super) async fn serve(settings: &Settings) -> anyhow::Result<CommandStatus> {
    let stop = until_told();
    let state = app::build(settings, settings.database()?, Clock::System)
        .await
        .context("サーバーを起動できません")?;
    let listener = tokio::net::TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("KOSMO_LISTEN: {} で待ち受けられません", settings.listen))?;
    tracing::info!(address = %settings.listen, unions = state.directory.all().len(), "serving");
    app::serve(state.clone(), app::router(state), listener, stop).await;
    Ok(CommandStatus::Done)
}

pub(super) async fn work(settings: &Settings) -> anyhow::Result<CommandStatus> {
    let stop = until_told();
    tracing::info!(sender = ?settings.mail.sender, "working");
    let letters =
        LetterTools { hasher: PasswordHasher::new(&settings.hashing), sealer: settings.sealer()? };
    let kinds = worker::kinds(mail_room(settings)?, letters);
    worker::run(settings, settings.database()?, kinds, Clock::System, stop).await;
    Ok(CommandStatus::Done)
}

pub(super) async fn migrate(settings: &Settings, json: bool) -> anyhow::Result<CommandStatus> {
    let database = settings.database()?.options;
    migrate::migrate(&database).await?;
    partitions::extend_as_owner(&database, Clock::System.today()).await?;
    match json {
        true => output::json(&serde_json::json!({ "up_to_date": true }))?,
        false => println!("データベースは最新です"),
    }
    Ok(CommandStatus::Done)
}

/// Returns a token that Ctrl-C or SIGTERM cancels.
pub(super) fn until_told() -> CancellationToken {
    let stop = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let stop = stop.clone();
        tokio::spawn(async move {
            if let Ok(mut signal) = signal(kind) {
                signal.recv().await;
                stop.cancel();
            }
        });
    }
    stop
}
