//! The page where the demo's mail is read: the `.eml` files of the file sender.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{self, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use mail_parser::{Address, Message, MessageParser};
use serde::Serialize;
use uuid::Uuid;

use crate::base::clock::jst;
use crate::base::files;
use crate::web::assets::serve;
use crate::web::error::{Failure, WebError};
use crate::web::layers;
use crate::web::page::Page;
use crate::web::state::AppState;

/// A list that is longer helps nobody.
const NEWEST: usize = 200;

const FRAMES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);
const FRAMED: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
);

#[derive(Debug, Serialize)]
struct Mailbox {
    mails: Vec<ListedMail>,
}

#[derive(Debug, Serialize)]
struct ListedMail {
    path: String,
    at: String,
    from: String,
    to: String,
    subject: String,
}

#[derive(Debug, Serialize)]
struct MailPage {
    at: String,
    from: String,
    to: String,
    subject: String,
    text: String,
    html_path: Option<String>,
}

impl Page for Mailbox {
    const TEMPLATE: &'static str = "demo/mailbox.html";
}

impl Page for MailPage {
    const TEMPLATE: &'static str = "demo/mail.html";
}

type Folder = Extension<Arc<PathBuf>>;

/// The mailbox over a folder of `.eml` files.
pub(super) fn router(app: AppState, folder: PathBuf) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/mails/{id}", get(show))
        .route("/mails/{id}/html", get(html))
        .route("/assets/{name}", get(serve::serve))
        .layer(Extension(Arc::new(folder)))
        .layer(from_fn_with_state(app.clone(), layers::outermost))
        .with_state(app)
}

async fn list(
    State(app): State<AppState>,
    Extension(folder): Folder,
) -> Result<Response, WebError> {
    let mut ids: Vec<Uuid> = std::fs::read_dir(folder.as_path())
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".eml")?.parse().ok())
        .collect();
    // An id begins with its time.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(NEWEST);
    let mails = ids
        .into_iter()
        .filter_map(|id| {
            let bytes = read(&folder, id)?;
            let mail = MessageParser::default().parse(&bytes)?;
            Some(ListedMail {
                path: format!("/mails/{id}"),
                at: at(&mail),
                from: address(mail.from()),
                to: address(mail.to()),
                subject: mail.subject().unwrap_or_default().to_owned(),
            })
        })
        .collect();
    app.pages.render_plain(&Mailbox { mails })
}

async fn show(
    State(app): State<AppState>,
    Extension(folder): Folder,
    extract::Path(id): extract::Path<Uuid>,
) -> Result<Response, WebError> {
    let bytes = read(&folder, id).ok_or(WebError::NotFound)?;
    let mail = MessageParser::default().parse(&bytes).ok_or(WebError::NotFound)?;
    let page = MailPage {
        at: at(&mail),
        from: address(mail.from()),
        to: address(mail.to()),
        subject: mail.subject().unwrap_or_default().to_owned(),
        text: mail.body_text(0).unwrap_or_default().into_owned(),
        html_path: (mail.html_body_count() > 0).then(|| format!("/mails/{id}/html")),
    };
    Ok(([(CONTENT_SECURITY_POLICY, FRAMES)], app.pages.render_plain(&page)?).into_response())
}

async fn html(Extension(folder): Folder, extract::Path(id): extract::Path<Uuid>) -> Response {
    let body = read(&folder, id).and_then(|bytes| {
        MessageParser::default().parse(&bytes)?.body_html(0).map(|html| html.into_owned())
    });
    match body {
        Some(body) => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            ([(CONTENT_TYPE, html), (CONTENT_SECURITY_POLICY, FRAMED)], body).into_response()
        }
        None => Failure::NotFound.into_response(),
    }
}

fn read(folder: &Path, id: Uuid) -> Option<Vec<u8>> {
    files::read(&folder.join(format!("{id}.eml"))).ok()
}

fn at(mail: &Message<'_>) -> String {
    let seconds = mail.date().map(mail_parser::DateTime::to_timestamp);
    let at = seconds.and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    at.map(|at| jst(at).format("%Y/%m/%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// `川崎汽船健康保険組合 <no-reply@kosmo-web.jp>`
fn address(address: Option<&Address<'_>>) -> String {
    let Some(first) = address.and_then(Address::first) else { return String::new() };
    let mail = first.address().unwrap_or_default();
    match first.name() {
        Some(name) => format!("{name} <{mail}>"),
        None => mail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::places;
    use crate::web::page::Pages;

    #[test]
    fn every_page_of_the_mailbox_can_be_filled_in() {
        let pages = Pages::load(places::of_service).unwrap();
        let text = || "<b>".to_owned();
        let entry =
            ListedMail { path: text(), at: text(), from: text(), to: text(), subject: text() };
        for mails in [vec![entry], Vec::new()] {
            pages.render_plain(&Mailbox { mails }).unwrap();
        }
        for html_path in [Some(text()), None] {
            let page = MailPage {
                at: text(),
                from: text(),
                to: text(),
                subject: text(),
                text: text(),
                html_path,
            };
            pages.render_plain(&page).unwrap();
        }
    }
}
