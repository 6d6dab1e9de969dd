//! An extractor for a [`PersonTurn`], which a handler takes before its first query if its work is heavy.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::Subscriber;
use crate::web::error::WebError;
use crate::web::state::AppState;
use crate::web::turns::PersonTurn;

impl FromRequestParts<AppState> for PersonTurn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let Subscriber { visitor, session, .. } =
            Subscriber::from_request_parts(parts, app).await?;
        let turn = app.turns.of(visitor.tenant.id, session.login).await;
        turn.map_err(|refused| WebError::from(refused).into_response())
    }
}
