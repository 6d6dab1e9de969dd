//! The answer to a form, shown at an address of its own (Post/Redirect/Get).
//!
//! A page that answers a POST is a trap: Back leads to 「ERR_CACHE_MISS」, and a reload sends the form
//! again and spends another try. So the page is kept for a few minutes in a sealed cookie, the browser is
//! redirected to the form's address, and the form's own handler shows the kept page instead of a fresh
//! one. The handler decides first, as for any GET: a person who may no longer see the form doesn't see
//! the kept page either. The cookie opens only for the visit, the session and the address that it was
//! made for. Nothing is kept on a server, so any server can show it.

use std::io::{Read as _, Write as _};

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::asked::{PARAMETER, Wants};
use crate::base::sealed::SealedValue;
use crate::web::error::WebError;
use crate::web::identity::cookies::Cookies;
use crate::web::identity::{Shown, Visitor};
use crate::web::page::Page;
use crate::web::state::App;

/// A reload within this time shows the answer again; a later one shows a fresh form.
pub(in crate::web) const KEPT_FOR: TimeDelta = TimeDelta::minutes(5);
/// Browsers drop a cookie of more than 4,096 bytes, including its name and attributes (RFC 6265 §6.1).
const LARGEST: usize = 3_900;
/// The limit on a kept page when it is decompressed.
const LARGEST_OPENED: u64 = 256 * 1024;
/// A throttle gives a try back in about this time.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("60");

/// The content of the cookie.
#[derive(Serialize, Deserialize)]
struct Kept {
    until: DateTime<Utc>,
    shows: Shows,
}

#[derive(Serialize, Deserialize)]
enum Shows {
    /// A page shown instead of the fresh one. Fields that it lacks come from the fresh one.
    Page { status: u16, template: String, fields: Value },
    /// A sentence shown once above the fresh page.
    Said(String),
}

impl<R: Shown> Visitor<R> {
    /// Shows a page, with the cookie that its forms need. If it answers a form, it redirects to the
    /// form's address, where the page is shown (see this module).
    pub fn page<P: Page>(
        &self,
        app: &App,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        show(self, app, &self.asked().address(), status, page)
    }

    /// Does what [`Visitor::page`] does for a form that is answered at another address, which may have a
    /// query.
    pub fn page_at<P: Page>(
        &self,
        app: &App,
        at: &str,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        show(self, app, at, status, page)
    }

    /// Redirects to a page that says once, at its top, what was done and what comes next. `jar`
    /// holds the answer's cookies.
    pub fn say(
        &self,
        app: &App,
        jar: Cookies,
        path: &str,
        said: &str,
    ) -> Result<Response, WebError> {
        say(self, jar, app, path, said)
    }
}

/// Shows a page, or the kept one instead. `at` is the address, with its query, at which the answer to
/// a form is shown.
fn show<P: Page, R: Shown>(
    visitor: &Visitor<R>,
    app: &App,
    at: &str,
    status: StatusCode,
    page: &P,
) -> Result<Response, WebError> {
    let kept = match visitor.asked().wants() {
        Wants::Page(name) => take(visitor, app, name),
        Wants::Answer => None,
        Wants::WayToAnswer => match keep_page(visitor, app, at, status, page)? {
            Some(redirect) => return Ok(redirect),
            None => None,
        },
    };
    let (mut jar, mut frame) = (visitor.jar.clone(), visitor.frame());
    let mut html = match kept {
        Some(Shows::Page { status, template, fields }) => {
            let fields = if template == P::TEMPLATE { completed(fields, page)? } else { fields };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            app.pages.render_kept(&frame, status, &template, &fields)?
        }
        Some(Shows::Said(said)) => {
            jar = jar.without_answer();
            frame.said = Some(said);
            app.pages.render(&frame, status, page)?
        }
        None => app.pages.render(&frame, status, page)?,
    };
    if html.status() == StatusCode::TOO_MANY_REQUESTS {
        html.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
    }
    Ok((jar, html).into_response())
}

/// Keeps a page and redirects to it. Returns `None` if it is too large for a cookie.
fn keep_page<P: Page, R: Shown>(
    visitor: &Visitor<R>,
    app: &App,
    at: &str,
    status: StatusCode,
    page: &P,
) -> Result<Option<Response>, WebError> {
    let (path, query) = at.split_once('?').unwrap_or((at, ""));
    let mut fields = serde_json::to_value(page)?;
    if let Value::Object(fields) = &mut fields {
        fields.retain(|name, _| !P::FRESH.contains(&name.as_str()));
    }
    let name = format!("{:08x}", rand::rng().random::<u32>());
    let template = P::TEMPLATE.to_owned();
    let shows = Shows::Page { status: status.as_u16(), template, fields };
    let Some(jar) = keep(visitor, visitor.jar.clone(), app, path, &name, shows)? else {
        tracing::warn!(template = P::TEMPLATE, "an answer is too large to be kept");
        return Ok(None);
    };
    let joint = if query.is_empty() { "" } else { "&" };
    let location = format!("{path}?{query}{joint}{PARAMETER}={name}");
    Ok(Some((jar, Redirect::to(&location)).into_response()))
}

/// Redirects to a page that says a sentence once at its top. `jar` holds the answer's cookies.
fn say<R: Shown>(
    visitor: &Visitor<R>,
    jar: Cookies,
    app: &App,
    path: &str,
    said: &str,
) -> Result<Response, WebError> {
    let kept = keep(visitor, jar.clone(), app, path, "", Shows::Said(said.to_owned()))?;
    Ok((kept.unwrap_or(jar), Redirect::to(path)).into_response())
}

/// Adds the cookie. Returns `None` if it would be too large.
fn keep<R: Shown>(
    visitor: &Visitor<R>,
    jar: Cookies,
    app: &App,
    path: &str,
    name: &str,
    shows: Shows,
) -> Result<Option<Cookies>, WebError> {
    let kept = Kept { until: app.clock.now() + KEPT_FOR, shows };
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(&serde_json::to_vec(&kept)?).expect("writing to memory does not fail");
    let deflated = deflated.finish().expect("writing to memory does not fail");
    let text = app.sealer.seal(&purpose(visitor, path, name), &deflated).to_text();
    Ok((text.len() <= LARGEST).then(|| jar.with_answer(text, KEPT_FOR)))
}

/// Returns what is kept for this visitor under this name, if anything.
fn take<R: Shown>(visitor: &Visitor<R>, app: &App, name: &str) -> Option<Shows> {
    let sealed = SealedValue::parse(visitor.jar.answer()?)?;
    let purpose = purpose(visitor, visitor.asked().path(), name);
    let deflated = app.sealer.open(&purpose, &sealed).ok()?;
    let mut json = Vec::new();
    DeflateDecoder::new(&deflated[..]).take(LARGEST_OPENED).read_to_end(&mut json).ok()?;
    let kept: Kept = serde_json::from_slice(&json).ok()?;
    (app.clock.now() < kept.until).then_some(kept.shows)
}

/// Binds the cookie to the union, the visit, the session, the address and the answer.
fn purpose<R: Shown>(visitor: &Visitor<R>, path: &str, name: &str) -> String {
    let session = visitor.session().map(|session| session.id.to_string()).unwrap_or_default();
    format!("answer {} {session} {path} {name}", visitor.answers_secret())
}

/// Completes a kept page with the fresh page's values for the fields that were left out.
fn completed(kept: Value, fresh: &impl Page) -> Result<Value, WebError> {
    let mut fields = serde_json::to_value(fresh)?;
    match (&mut fields, kept) {
        (Value::Object(fields), Value::Object(kept)) => fields.extend(kept),
        (fields, kept) => *fields = kept,
    }
    Ok(fields)
}
