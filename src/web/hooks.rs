//! Posts of other services, on any host: `POST /hooks/ses` gets reports of bounced mail from Amazon
//! SES, through SNS.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::state::{App, AppState};
use crate::auth::email_failures;
use crate::db::Passing as _;
use crate::db::actor::Actor;
use crate::mail::feedback::{self, DeliveryFailure, Feedback};
use crate::mail::sns::error::SnsError;
use crate::mail::sns::{Content, Topic, taken};

/// SNS lets nobody publish more than this.
const LARGEST: usize = 256 * 1024;
/// SNS doesn't wait this long for an answer.
const LONGEST_SENDING: Duration = Duration::from_secs(20);

/// The reason why a post was refused.
#[derive(Debug, thiserror::Error)]
enum HookError {
    #[error(transparent)]
    Sns(#[from] SnsError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl HookError {
    /// Returns the status. SNS posts a message again after 5xx, and only then.
    fn status(&self) -> StatusCode {
        match self {
            Self::Sns(SnsError::Unreadable) => StatusCode::BAD_REQUEST,
            Self::Sns(SnsError::NotGenuine(_)) => StatusCode::FORBIDDEN,
            Self::Sns(SnsError::Unreachable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(error) if error.is_passing() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

pub async fn ses(State(app): State<AppState>, body: Body) -> Response {
    let Some(topic) = &app.returned_mail else {
        return (StatusCode::NOT_FOUND, "404 Not Found\n").into_response();
    };
    let body = tokio::time::timeout(LONGEST_SENDING, to_bytes(body, LARGEST)).await;
    let posted = match body {
        Ok(Ok(body)) => take(&app, topic, &body).await,
        Ok(Err(_)) | Err(_) => Err(SnsError::Unreadable.into()),
    };
    let Err(error) = posted else { return (StatusCode::OK, "ok\n").into_response() };
    let status = error.status();
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(%error, "message of SNS not taken");
    } else {
        tracing::warn!(%error, "message of SNS not taken");
    }
    (status, "not taken\n").into_response()
}

async fn take(app: &App, topic: &Topic, body: &[u8]) -> Result<(), HookError> {
    let message = topic.open(&app.clock, body).await?;
    let id = message.message_id;
    match message.content {
        Content::Subscription(url) => {
            topic.confirm(&url).await?;
            tracing::info!(sns = id, "subscription to the topic of returned mail confirmed");
        }
        Content::Unsubscription => {
            tracing::warn!(sns = id, "the topic of returned mail does not post here any more");
        }
        Content::Notification(text) => take_once(app, &id, &text).await?,
    }
    Ok(())
}

/// Handles a notification once. It is noted as handled at the end, so SNS posts it again if this
/// server dies before. Marking an address is idempotent.
async fn take_once(app: &App, id: &str, text: &str) -> Result<(), HookError> {
    let mut tx = app.db.platform().await?;
    if taken::is_known(&mut tx, id).await? {
        return Ok(());
    }
    drop(tx);
    match feedback::read(text) {
        Feedback::Failure(failure) => mark(app, id, &failure).await?,
        Feedback::Delayed { detail, mail } => {
            let (tenant, kind) = (mail.tenant, mail.kind);
            tracing::info!(sns = id, tenant, kind, detail, "mail is delayed");
        }
        Feedback::Other => tracing::debug!(sns = id, "nothing about mail that came back"),
    }
    let mut tx = app.db.platform().await?;
    taken::note(&mut tx, &app.clock, id).await?;
    Ok(tx.commit().await?)
}

/// Marks the addresses in the union that sent the mail. If nothing tells which one did, it marks
/// them in every union.
async fn mark(app: &App, id: &str, failure: &DeliveryFailure) -> Result<(), sqlx::Error> {
    let (mut marked, actor) = (0, Actor::system("returned_mail"));
    let (tenant, kind) = (failure.mail.tenant.as_deref(), failure.mail.kind.as_deref());
    for union in app.directory.all() {
        if tenant.is_some_and(|tenant| tenant != union.config.slug.as_str()) {
            continue;
        }
        let mut tx = app.db.tenant(union.id, &actor).await?;
        for address in &failure.addresses {
            let (what, detail) = (failure.kind, &failure.detail);
            if email_failures::mark(&mut tx, &app.clock, address, what, detail).await? {
                marked += 1;
            }
        }
        tx.commit().await?;
    }
    let (what, detail) = (failure.kind.name(), &failure.detail);
    tracing::info!(sns = id, tenant, kind, what, detail, marked, "mail came back");
    Ok(())
}
