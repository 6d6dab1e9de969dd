//! Files that programs ask every site for: a manifest for the home screen, and the contact for weaknesses.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use chrono::{SubsecRound as _, TimeDelta};
use serde::Serialize;

use super::icon::{SIZES, icon_url};
use crate::tenant::directory::Tenant;
use crate::tenant::hosts::Door;
use crate::web::state::AppState;

/// The content of `security.txt` may be relied on for this long after it is read (RFC 9116 §2.5.5).
const RELIABLE_FOR: TimeDelta = TimeDelta::days(90);
const FOR_AN_HOUR: (HeaderName, &str) = (CACHE_CONTROL, "public, max-age=3600");

/// A web app manifest (W3C).
#[derive(Serialize)]
struct Manifest<'m> {
    name: String,
    short_name: &'m str,
    lang: &'static str,
    id: &'static str,
    start_url: &'static str,
    scope: &'static str,
    /// `minimal-ui` keeps the browser's Back button.
    display: &'static str,
    theme_color: String,
    background_color: &'static str,
    icons: Vec<ManifestIcon>,
}

#[derive(Serialize)]
struct ManifestIcon {
    src: String,
    sizes: String,
    r#type: &'static str,
    purpose: &'static str,
}

/// Handles `GET /manifest.webmanifest`.
pub async fn manifest(Extension(tenant): Extension<Arc<Tenant>>) -> Response {
    let config = &tenant.config;
    let accent = config.brand.accent;
    let icon = |size: u32| ManifestIcon {
        src: icon_url(accent, size),
        sizes: format!("{size}x{size}"),
        r#type: "image/png",
        purpose: "any maskable",
    };
    let manifest = Manifest {
        name: format!("{} KOSMO Communication Web", config.name),
        short_name: &config.short_name,
        lang: "ja",
        id: "/",
        start_url: "/",
        scope: "/",
        display: "minimal-ui",
        theme_color: accent.to_string(),
        background_color: "#ffffff",
        icons: SIZES.into_iter().map(icon).collect(),
    };
    let headers = [(CONTENT_TYPE, "application/manifest+json"), FOR_AN_HOUR];
    (headers, Json(manifest)).into_response()
}

/// Handles `GET /.well-known/security.txt` (RFC 9116). It exists only if the settings name a
/// contact.
pub async fn security_txt(
    State(app): State<AppState>,
    Extension(tenant): Extension<Arc<Tenant>>,
    Extension(door): Extension<Door>,
) -> Response {
    let security = &app.security;
    if security.contacts.is_empty() {
        return (StatusCode::NOT_FOUND, "404 Not Found\n").into_response();
    }
    let expires = (app.clock.now() + RELIABLE_FOR).trunc_subsecs(0);
    let mut lines: Vec<String> =
        security.contacts.iter().map(|contact| format!("Contact: {contact}")).collect();
    lines.push(format!("Expires: {}", expires.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)));
    lines.push("Preferred-Languages: ja, en".to_owned());
    lines.push(format!("Canonical: {}/.well-known/security.txt", tenant.origin_of(door)));
    lines.extend(security.policy.iter().map(|policy| format!("Policy: {policy}")));
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), FOR_AN_HOUR];
    (headers, lines.join("\n") + "\n").into_response()
}
