//! 「リカバリーコード」 among the settings: how many are left, and making a new set.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize};

use crate::account::at_door::AtDoor;
use crate::auth::factor::recovery_code::{self, CodeSetState};
use crate::web::error::WebError;
use crate::web::form::Form;
use crate::web::identity::{Fresh, SignedIn};
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Default, Serialize)]
pub(crate) struct RecoveryCodesPage {
    /// The number of unused codes in the set.
    pub(crate) left: i64,
    /// The time at which the set was made, which tells it from other sets.
    pub(crate) made_at: i64,
    /// A new set, shown this once.
    pub(crate) codes: Vec<String>,
}

impl Page for RecoveryCodesPage {
    const TEMPLATE: &'static str = "account/second_factor/set_up/recovery_codes.html";
}

/// The set that the page showed.
#[derive(Debug, Deserialize)]
pub(crate) struct ShownSet {
    #[serde(deserialize_with = "number")]
    made_at: i64,
}

/// Reads a number, which comes as text in a flattened form.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

pub(crate) async fn show<R: AtDoor>(
    State(app): State<AppState>,
    Fresh(SignedIn { visitor, session, .. }): Fresh<SignedIn<R>>,
) -> Result<Response, WebError> {
    if !R::session_rules(&visitor.tenant.config).offers_recovery_codes {
        return Err(WebError::NotFound);
    }
    let mut tx = visitor.begin(&app).await?;
    let CodeSetState { left, made_at } = recovery_code::set_state(&mut tx, session.login).await?;
    tx.commit().await?;
    visitor.page(&app, StatusCode::OK, &RecoveryCodesPage { left, made_at, codes: Vec::new() })
}

pub(crate) async fn submit<R: AtDoor>(
    State(app): State<AppState>,
    Fresh(SignedIn { visitor, session, .. }): Fresh<SignedIn<R>>,
    Form { fields: ShownSet { made_at }, .. }: Form<ShownSet, R>,
) -> Result<Response, WebError> {
    let tenant = &visitor.tenant;
    if !R::session_rules(&tenant.config).offers_recovery_codes {
        return Err(WebError::NotFound);
    }
    // A set costs ten slow hashes: a second click waits for the first, and then makes none.
    let _turn = app.turns.of(tenant.id, session.login).await?;
    let mut tx = visitor.begin(&app).await?;
    let set_state = recovery_code::set_state(&mut tx, session.login).await?;
    tx.commit().await?;
    if set_state.made_at != made_at {
        let CodeSetState { left, made_at } = set_state;
        return visitor.page_once(&app, &RecoveryCodesPage { left, made_at, codes: Vec::new() });
    }
    let set = visitor.sign_in(&app).new_recovery_codes(tenant, &session).await?;
    let mut tx = visitor.begin(&app).await?;
    let made = recovery_code::renew(&mut tx, app.context(tenant), &session, made_at, set).await?;
    let CodeSetState { left, made_at } = recovery_code::set_state(&mut tx, session.login).await?;
    tx.commit().await?;
    let codes = made.unwrap_or_default();
    visitor.page_once(&app, &RecoveryCodesPage { left, made_at, codes })
}
