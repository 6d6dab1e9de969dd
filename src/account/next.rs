//! The page to which a proof leads: a sign-in leads to the page that the person wanted, and a re-authentication (S4) to
//! the page that required it.
//!
//! A sign-in has up to nine steps, some of them in another window or on another day, so the wanted page is kept
//! in a cookie. The top page, where every sign-in ends, redirects to it once. The last page wanted counts. A
//! re-authentication has one or two pages and carries its target in the address.

use std::marker::PhantomData;

use axum::extract::Request;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method};
use axum::middleware;
use axum::response::{IntoResponse as _, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::at_door::AtDoor;
use super::places::TOP;
use crate::web::identity::TurnedAway;
use crate::web::identity::cookies::Cookies;

/// No page of ours reads a longer query.
const LONGEST_QUERY: usize = 1024;
const IN_A_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-');

/// A page of a realm's door, with its query.
#[derive(Debug, Deserialize)]
#[serde(from = "String", bound = "R: AtDoor")]
pub(crate) struct Next<R> {
    path: String,
    door: PhantomData<fn() -> R>,
}

impl<R: AtDoor> Next<R> {
    /// Reads an address within the union's own host. Returns `None` if it has no page to go on to.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (path, query) = text.split_once('?').map_or((text, None), |(p, q)| (p, Some(q)));
        if !R::is_page(path) {
            return None;
        }
        // Only characters that browsers write into a form's query, and that a cookie can hold.
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"=&%+._*~-".contains(&b);
        let kept = query.filter(|query| query.len() <= LONGEST_QUERY && query.bytes().all(plain));
        Some(Self::to(kept.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))))
    }

    const fn to(path: String) -> Self {
        Self { path, door: PhantomData }
    }

    /// Reads the page that the cookie holds.
    pub(crate) fn waiting(jar: &Cookies) -> Option<Self> {
        Self::parse(jar.next()?)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the address of a page that leads on to this one.
    pub(crate) fn after(&self, page: &str) -> String {
        format!("{page}?next={}", utf8_percent_encode(&self.path, IN_A_QUERY))
    }

    pub(crate) fn with(&self, page: &str) -> Redirect {
        Redirect::to(&self.after(page))
    }
}

/// The field of an address or a form that names the page to go on to.
#[derive(Debug, Deserialize)]
#[serde(bound = "R: AtDoor")]
pub(crate) struct LeadsTo<R> {
    #[serde(default)]
    pub(crate) next: Next<R>,
}

impl<R: AtDoor> Default for Next<R> {
    fn default() -> Self {
        Self::to(TOP.to_owned())
    }
}

/// An invented address leads to the top page.
impl<R: AtDoor> From<String> for Next<R> {
    fn from(text: String) -> Self {
        Self::parse(&text).unwrap_or_default()
    }
}

/// Remembers the page that a person wanted when they were sent to sign in.
pub(crate) async fn remember<R: AtDoor>(request: Request, next: middleware::Next) -> Response {
    let wanted =
        request.uri().path_and_query().and_then(|wanted| Next::<R>::parse(wanted.as_str()));
    let wanted = wanted.filter(|_| opens_a_page(request.method(), request.headers()));
    let response = next.run(request).await;
    match wanted.filter(|_| response.extensions().get::<TurnedAway>().is_some()) {
        Some(wanted) => (Cookies::default().with_next(wanted.path), response).into_response(),
        None => response,
    }
}

/// Returns true for a page that a person opens: not a form, and nothing that a page fetches by
/// itself.
fn opens_a_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok());
    method == Method::GET && accepts.is_none_or(|accepts| accepts.contains("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::realm::Subscribers;

    type Next = super::Next<Subscribers>;

    #[test]
    fn s4_a_proof_leads_to_pages_of_ours_alone() {
        for (asked, leads_to) in [
            ("/profile", "/profile"),
            ("/sign-in-methods/totp/0199-aa/delete", "/sign-in-methods/totp/0199-aa/delete"),
            ("/expenses/months/2025-03", "/expenses/months/2025-03"),
            (
                "/expenses/search?person=a-1&text=%E3%81%82+x",
                "/expenses/search?person=a-1&text=%E3%81%82+x",
            ),
            ("/expenses?x=a;b", "/expenses"),
            ("/expenses?x=\r\nSet-Cookie:y", "/expenses"),
        ] {
            assert_eq!(Next::from(asked.to_owned()).path(), leads_to, "{asked}");
        }
        for bad in [
            "",
            "/",
            "//evil.jp",
            "/\\evil.jp",
            "\\\\evil.jp",
            "/%2fevil.jp",
            "/%5cevil.jp",
            "%2f%2fevil.jp",
            "/\t/evil.jp",
            "https://evil.jp",
            "https:evil.jp",
            "javascript:alert(1)",
            "/profile//evil.jp",
            "/profile/..//evil.jp",
            "/profile@evil.jp",
            "/profile.evil.jp",
            "/profile\r\nx",
            "/profile/",
            "/profile#x",
            " /profile",
            "/expenses/months/..",
            "/expenses/months/%2e%2e",
            "/expenses/months/2025-03/pdf",
            "/expenses/deduction/xml/2025",
            "/sign-in-methods/totp/qr.png",
            "/profile/email/status",
            "/sign-out",
            "/sign-in",
            "/no-such-page",
        ] {
            assert!(Next::parse(bad).is_none(), "{bad}");
            assert_eq!(Next::from(bad.to_owned()).path(), "/", "{bad}");
        }
        assert_eq!(
            Next::parse(&format!("/expenses?{}", "a".repeat(1025))).unwrap().path(),
            "/expenses"
        );
    }

    #[test]
    fn what_a_page_fetches_by_itself_is_no_wish() {
        let accepting =
            |accepts: &'static str| [(ACCEPT, accepts.parse().unwrap())].into_iter().collect();
        assert!(opens_a_page(
            &Method::GET,
            &accepting("text/html,application/xhtml+xml,*/*;q=0.8")
        ));
        assert!(opens_a_page(&Method::GET, &HeaderMap::new()));
        assert!(!opens_a_page(&Method::GET, &accepting("image/avif,image/webp,*/*;q=0.8")));
        assert!(!opens_a_page(&Method::GET, &accepting("application/json")));
        assert!(!opens_a_page(&Method::POST, &accepting("text/html")));
    }
}
