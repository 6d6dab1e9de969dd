//! 「リカバリーコード」 among the settings: how many are left, and making a new set.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Deserializer, Serialize};

use crate::auth::factor::recovery_code::{self, CodeSetState};
use crate::web::error::WebError;
use crate::web::form::Form;
use crate::web::identity::{Fresh, Subscriber};
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Default, Serialize)]
pub(in crate::portal) struct RecoveryCodesPage {
    /// The number of unused codes in the set.
    pub(in crate::portal) left: i64,
    /// The time at which the set was made, which tells it from other sets.
    pub(in crate::portal) made_at: i64,
    /// A new set, shown this once.
    pub(in crate::portal) codes: Vec<String>,
}

impl Page for RecoveryCodesPage {
    const TEMPLATE: &'static str = "portal/second_factor/set_up/recovery_codes.html";
}

/// The set that the page showed.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct ShownSet {
    #[serde(deserialize_with = "number")]
    made_at: i64,
}

/// Reads a number, which comes as text in a flattened form.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
) -> Result<Response, WebError> {
    if !visitor.tenant.config.sign_in.offers_recovery_codes() {
        return Err(WebError::NotFound);
    }
    let mut tx = visitor.begin(&app).await?;
    let CodeSetState { left, made_at } = recovery_code::set_state(&mut tx, session.login).await?;
    tx.commit().await?;
    visitor.page(&app, StatusCode::OK, &RecoveryCodesPage { left, made_at, codes: Vec::new() })
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
    Form { fields: ShownSet { made_at }, .. }: Form<ShownSet>,
) -> Result<Response, WebError> {
    let tenant = &visitor.tenant;
    if !tenant.config.sign_in.offers_recovery_codes() {
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
