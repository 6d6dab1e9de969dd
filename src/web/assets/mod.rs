//! Files that pages load. The binary serves them under names with a hash of their content, so that browsers may
//! cache them for ever.
//!
//! They are the same for everybody, so they may be compressed. Pages must not be: if a stranger can put text into
//! a page that also holds a secret, the compressed length gives the secret away (BREACH).

pub mod icon;
pub mod serve;
pub mod well_known;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use self::icon::Icons;
use crate::tenant::policy::brand::Colour;

/// Everything below `templates/`. It is inside the binary (a debug build reads the folder).
#[derive(RustEmbed)]
#[folder = "templates/"]
pub struct TemplateFiles;

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The files of `templates/assets/`.
#[derive(Debug)]
pub struct Assets {
    /// Maps `app.css` to `/assets/app.0123456789abcdef.css`.
    urls: HashMap<String, String>,
    by_name: HashMap<String, Asset>,
    icons: Icons,
}

#[derive(Debug)]
struct Asset {
    content: Bytes,
    content_type: &'static str,
    /// Compressed at the first request.
    gzip: OnceLock<Bytes>,
}

impl Asset {
    fn new(content: Cow<'static, [u8]>, extension: &str) -> Self {
        let content = match content {
            Cow::Borrowed(content) => Bytes::from_static(content),
            Cow::Owned(content) => Bytes::from(content),
        };
        Self { content, content_type: content_type(extension), gzip: OnceLock::new() }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let mut response = if accepts_gzip(asked) {
            let content = self.gzip.get_or_init(|| gzip(&self.content)).clone();
            let mut response = file(self.content_type, content);
            response.headers_mut().insert(CONTENT_ENCODING, GZIP);
            response
        } else {
            file(self.content_type, self.content.clone())
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Returns true if the browser accepts gzip. A weight of 0 refuses it (RFC 9110 §12.5.3).
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    let weight = lines.flat_map(|line| line.split(',')).find_map(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().filter(|name| name.eq_ignore_ascii_case("gzip"))?;
        let weight = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
        weight.parse::<f32>().ok()
    });
    weight.is_some_and(|weight| weight > 0.0)
}

fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(content).and_then(|()| encoder.finish());
    Bytes::from(written.expect("memory takes whatever is written"))
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
            let asset = Asset::new(file.data, extension);
            assets.urls.insert(name.to_owned(), format!("/assets/{hashed}"));
            assets.by_name.insert(hashed, asset);
        }
        assets
    }

    /// Answers with a file. An icon is served only in the union's colour, which is `accent`.
    pub(in crate::web) fn answer(
        &self,
        name: &str,
        accent: Option<Colour>,
        asked: &HeaderMap,
    ) -> Response {
        if let Some(accent) = theme_of(name) {
            let css = format!(":root {{ --accent: {accent}; --accent-text: #ffffff; }}\n");
            return file("text/css; charset=utf-8", css);
        }
        if let Some(icon) = accent.and_then(|accent| self.icons.get(name, accent)) {
            return file("image/png", icon);
        }
        match self.by_name.get(name) {
            Some(asset) => asset.answer(asked),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    /// Returns the address of a file.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<&str> {
        self.urls.get(name).map(String::as_str)
    }
}

/// Returns the address of the style sheet with a union's colours.
#[must_use]
pub fn theme_url(accent: Colour) -> String {
    format!("/assets/theme.{}.css", accent.to_string().trim_start_matches('#'))
}

fn theme_of(name: &str) -> Option<Colour> {
    let hex = name.strip_prefix("theme.")?.strip_suffix(".css")?;
    Colour::try_from(format!("#{hex}")).ok()
}

fn file(content_type: &'static str, content: impl Into<Body>) -> Response {
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use http_body_util::BodyExt as _;

    use super::*;

    fn asked(codings: &str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_str(codings).unwrap())])
    }

    #[tokio::test]
    async fn a_file_comes_compressed_for_a_browser_that_reads_that_and_as_it_is_for_another() {
        let assets = Assets::load();
        for (name, asset) in &assets.by_name {
            for (asked, compressed) in
                [(asked("gzip, deflate, br, zstd"), true), (HeaderMap::new(), false)]
            {
                let (head, body) = asset.answer(&asked).into_parts();
                assert_eq!(
                    head.headers.get(CONTENT_ENCODING),
                    compressed.then_some(&GZIP),
                    "{name}"
                );
                assert_eq!(head.headers[VARY], "accept-encoding", "{name}: caches keep them apart");
                assert_eq!(head.headers[CACHE_CONTROL], FOR_EVER, "{name}");
                let sent = body.collect().await.unwrap().to_bytes();
                let mut read = Vec::new();
                if compressed {
                    GzDecoder::new(sent.as_ref()).read_to_end(&mut read).unwrap();
                } else {
                    read.extend_from_slice(&sent);
                }
                assert_eq!(read, asset.content, "{name}");
                let spares = asset.content.len() - sent.len().min(asset.content.len());
                assert!(
                    !compressed || spares * 2 > asset.content.len() || name.ends_with(".svg"),
                    "{name} spares {spares}"
                );
            }
        }
    }

    #[test]
    fn a_coding_is_taken_as_the_browser_weighs_it() {
        for codings in ["gzip", "GZIP", "br;q=1.0, gzip;q=0.8", "deflate,gzip ; q=0.1"] {
            assert!(accepts_gzip(&asked(codings)), "{codings}");
        }
        for codings in ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "gzipped", "gzip;q=x"] {
            assert!(!accepts_gzip(&asked(codings)), "{codings}");
        }
    }
}
