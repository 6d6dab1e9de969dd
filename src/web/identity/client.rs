//! The address and browser that a request came from, and its actor before anything is proved.
//!
//! Behind a reverse proxy the connection is the proxy's, so the operator names the header with the
//! browser's address. No other header is trusted.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use crate::base::ids::RequestId;
use crate::db::actor::{Actor, ActorKind, Client};
use crate::tenant::hosts::Door;
use crate::web::state::AppState;

/// Longer values are cut: a browser may send anything.
const LONGEST_USER_AGENT: usize = 256;

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let address = match &app.client_address_header {
            Some(name) => header(name).and_then(|value| value.trim().parse().ok()),
            None => parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip()),
        };
        let user_agent =
            header(&USER_AGENT).map(|text| text.chars().take(LONGEST_USER_AGENT).collect());
        Ok(Self { address, user_agent })
    }
}

/// A person at the door of whom nothing is proved yet.
impl FromRequestParts<AppState> for Actor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Infallible> {
        let client = Client::from_request_parts(parts, app).await?;
        let kind = match parts.extensions.get::<Door>() {
            Some(Door::Console) => ActorKind::Staff,
            Some(Door::Portal) | None => ActorKind::Subscriber,
        };
        let request = parts.extensions.get::<RequestId>().copied();
        Ok(Self::unknown(kind, client, request))
    }
}
