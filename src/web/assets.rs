//! Files that pages ask for: served by the binary, under names that carry a hash of their content,
//! so that browsers may keep them for ever.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::icon::Icons;
use super::state::AppState;
use crate::tenant::brand::Colour;
use crate::tenant::directory::Tenant;

/// Everything below `templates/`, inside the binary (a debug build reads the folder instead).
#[derive(RustEmbed)]
#[folder = "templates/"]
pub struct TemplateFiles;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The files of `templates/assets/`.
#[derive(Debug)]
pub struct Assets {
    /// `app.css` → `/assets/app.0123456789abcdef.css`
    urls: HashMap<String, String>,
    by_name: HashMap<String, Asset>,
    icons: Icons,
}

#[derive(Debug)]
struct Asset {
    content: Cow<'static, [u8]>,
    content_type: &'static str,
}

impl Assets {
    #[must_use]
    pub fn load() -> Self {
        let mut assets =
            Self { urls: HashMap::new(), by_name: HashMap::new(), icons: Icons::default() };
        for path in TemplateFiles::iter() {
            let Some(name) = path.strip_prefix("assets/") else { continue };
            let Some(file) = TemplateFiles::get(&path) else { continue };
            let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
            let hashed = format!("{stem}.{}.{extension}", short_hash(&file.data));
            let asset = Asset { content: file.data, content_type: content_type(extension) };
            assets.urls.insert(name.to_owned(), format!("/assets/{hashed}"));
            assets.by_name.insert(hashed, asset);
        }
        assets
    }

    /// The address of a file.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.urls.get(name).map(String::as_str)
    }
}

/// The address of a union's colours.
#[must_use]
pub fn theme_url(accent: Colour) -> String {
    format!("/assets/theme.{}.css", accent.to_string().trim_start_matches('#'))
}

/// `GET /assets/{name}`
pub async fn serve(
    State(app): State<AppState>,
    tenant: Option<Extension<Arc<Tenant>>>,
    Path(name): Path<String>,
) -> Response {
    if let Some(accent) = theme_of(&name) {
        let css = format!(":root {{ --accent: {accent}; --accent-text: #ffffff; }}\n");
        return file("text/css; charset=utf-8", css);
    }
    let accent = tenant.map(|Extension(tenant)| tenant.config.brand.accent);
    if let Some(icon) = accent.and_then(|accent| app.pages.assets().icons.get(&name, accent)) {
        return file("image/png", icon);
    }
    match app.pages.assets().by_name.get(&name) {
        Some(asset) => file(asset.content_type, asset.content.clone().into_owned()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn theme_of(name: &str) -> Option<Colour> {
    let hex = name.strip_prefix("theme.")?.strip_suffix(".css")?;
    Colour::try_from(format!("#{hex}")).ok()
}

fn file(content_type: &'static str, content: impl Into<axum::body::Body>) -> Response {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(content_type)), (CACHE_CONTROL, FOR_EVER)];
    (headers, content.into()).into_response()
}

fn short_hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}
