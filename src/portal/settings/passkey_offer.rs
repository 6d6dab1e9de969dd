//! The top page offers a passkey; 「設定しない」 declines the offer.

use axum::extract::State;
use axum::response::{Redirect, Response};

use crate::auth::factor::passkey_offer;
use crate::portal::places::TOP;
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::{Subscriber, Visitor};
use crate::web::state::{App, AppState};

const DECLINED: &str =
    "パスキーを設定しないことを承りました。あとから「ログイン方法変更」で設定できます。";

/// Returns true if the top page is to offer a passkey.
pub(in crate::portal) async fn is_due(app: &App, visitor: &Visitor) -> Result<bool, WebError> {
    let policy = &visitor.tenant.config;
    let may_be_due = |session: &&_| passkey_offer::may_be_due(policy, session);
    let Some(session) = visitor.complete_session().filter(may_be_due) else { return Ok(false) };
    let mut tx = visitor.begin(app).await?;
    let due = passkey_offer::is_due(&mut tx, session.login).await?;
    tx.commit().await?;
    Ok(due)
}

pub(in crate::portal) async fn back() -> Redirect {
    Redirect::to(TOP)
}

pub(in crate::portal) async fn decline(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    passkey_offer::decline(&mut tx, &app.clock, &session).await?;
    tx.commit().await?;
    visitor.say(&app, visitor.jar.clone(), TOP, DECLINED)
}
