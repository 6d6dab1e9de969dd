//! What a form came to, shown at an address of its own (Post/Redirect/Get).
//!
//! A page that answers a POST is a trap: Back leads to 「ERR_CACHE_MISS」, and a reload sends the form
//! again and spends another try. So the page is kept for a few minutes in a sealed cookie, the browser is
//! sent to the form's address, and the form's own handler shows the kept page there in place of a
//! fresh one. The handler decides first, as at any GET: a person who may no longer see the form sees no
//! kept page either. The cookie opens for the visit and the session that it was made for, and at no
//! other address; nothing is kept on a server, so any of them can show it.

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
use crate::base::sealed::Sealed;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::identity::cookies::Cookies;
use crate::web::page::Page;
use crate::web::state::App;

/// Reloads within this time show the answer again; later ones show the form anew.
pub(in crate::web) const KEPT_FOR: TimeDelta = TimeDelta::minutes(5);
/// A browser drops a cookie of more than 4,096 bytes, its name and attributes included (RFC 6265 §6.1).
const LARGEST: usize = 3_900;
/// No kept page is larger than this when it is opened again.
const LARGEST_OPENED: u64 = 256 * 1024;
/// About the time in which a throttle gives a try back.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("60");

/// What waits in the cookie.
#[derive(Serialize, Deserialize)]
struct Kept {
    until: DateTime<Utc>,
    shows: Shows,
}

#[derive(Serialize, Deserialize)]
enum Shows {
    /// A page in place of the fresh one; what it leaves out is the fresh one's.
    Page { status: u16, template: String, fields: Value },
    /// A sentence above the fresh page, once.
    Said(String),
}

impl Visitor {
    /// A page, with the cookie that its forms need. Where it answers a form, the browser is led to the
    /// form's address, which shows it (see this module).
    ///
    /// # Errors
    /// The template's.
    pub fn page<P: Page>(
        &self,
        app: &App,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        show(self, app, &self.asked().address(), status, page)
    }

    /// [`Visitor::page`] where a form is answered at another address than its own, which may have a query.
    ///
    /// # Errors
    /// The template's.
    pub fn page_at<P: Page>(
        &self,
        app: &App,
        at: &str,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        show(self, app, at, status, page)
    }

    /// Leads to a page that says at its top, once, what was done and what comes next. `jar`: the
    /// browser's cookies from now on.
    ///
    /// # Errors
    /// None that a caller could handle.
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

/// Shows a page, or what is kept to be shown in its place. `at`: the address, with its query if it has
/// one, where the page is shown that answers a form.
///
/// # Errors
/// The template's.
fn show<P: Page>(
    visitor: &Visitor,
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

/// Keeps a page and leads there; `None` where it is too large for a cookie.
fn keep_page<P: Page>(
    visitor: &Visitor,
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

/// Leads to a page that says a sentence at its top, once; `jar` are the answer's cookies.
///
/// # Errors
/// None that a caller could handle.
fn say(
    visitor: &Visitor,
    jar: Cookies,
    app: &App,
    path: &str,
    said: &str,
) -> Result<Response, WebError> {
    let kept = keep(visitor, jar.clone(), app, path, "", Shows::Said(said.to_owned()))?;
    Ok((kept.unwrap_or(jar), Redirect::to(path)).into_response())
}

/// Adds the cookie; `None` where it would be too large.
fn keep(
    visitor: &Visitor,
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

/// What is kept for this visitor under a name, if anything is.
fn take(visitor: &Visitor, app: &App, name: &str) -> Option<Shows> {
    let sealed = Sealed::parse(visitor.jar.answer()?)?;
    let purpose = purpose(visitor, visitor.asked().path(), name);
    let deflated = app.sealer.open(&purpose, &sealed).ok()?;
    let mut json = Vec::new();
    DeflateDecoder::new(&deflated[..]).take(LARGEST_OPENED).read_to_end(&mut json).ok()?;
    let kept: Kept = serde_json::from_slice(&json).ok()?;
    (app.clock.now() < kept.until).then_some(kept.shows)
}

/// Opens for the union, the visit, the session, the address and the answer it was sealed for.
fn purpose(visitor: &Visitor, path: &str, name: &str) -> String {
    let session = visitor.session().map(|session| session.id.to_string()).unwrap_or_default();
    format!("answer {} {session} {path} {name}", visitor.answers_secret())
}

/// A kept page with the fields that were too long to be kept, as the fresh one has them.
fn completed(kept: Value, fresh: &impl Page) -> Result<Value, WebError> {
    let mut fields = serde_json::to_value(fresh)?;
    match (&mut fields, kept) {
        (Value::Object(fields), Value::Object(kept)) => fields.extend(kept),
        (fields, kept) => *fields = kept,
    }
    Ok(fields)
}
