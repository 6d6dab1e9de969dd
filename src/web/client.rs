//! Where a request came from.
//!
//! Behind a proxy the connection is the proxy's, so the operator names the header in which that
//! tells the browser's address; no other header is believed.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use super::state::AppState;
use crate::auth::client::Client;

/// Longer names of browsers are cut: nobody has to believe them.
const LONGEST_USER_AGENT: usize = 255;

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
