//! The only place where a cookie is made.
//!
//! Five of them: the session; the visit, which lives as long as the browser's window and to which
//! form tokens are bound; the browser, by which one is known that signed in before; for minutes what a
//! form came to ([`super::answer`]); and for half an hour the page that somebody wanted to open who had to
//! sign in first. The `__Host-`
//! prefix keeps a sibling union's host from setting any. Browsers treat `http://*.localhost` as secure, so the demo needs no other names.

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use chrono::TimeDelta;
use time::Duration;

use crate::base::secret::PlainToken;

const SESSION: &str = "__Host-kosmo-session";
const VISIT: &str = "__Host-kosmo-visit";
const BROWSER: &str = "__Host-kosmo-browser";
const ANSWER: &str = "__Host-kosmo-answer";
const NEXT: &str = "__Host-kosmo-next";
/// As long as the slowest step of a sign-in, a link by mail.
const NEXT_LASTS: TimeDelta = TimeDelta::minutes(30);

/// The session's token, if the browser sent one that can be one.
#[must_use]
pub fn session(jar: &CookieJar) -> Option<PlainToken> {
    jar.get(SESSION).and_then(|cookie| PlainToken::parse(cookie.value()))
}

#[must_use]
pub fn visit(jar: &CookieJar) -> Option<PlainToken> {
    jar.get(VISIT).and_then(|cookie| PlainToken::parse(cookie.value()))
}

#[must_use]
pub fn browser(jar: &CookieJar) -> Option<PlainToken> {
    jar.get(BROWSER).and_then(|cookie| PlainToken::parse(cookie.value()))
}

/// The page where a person wants to go on, as the browser tells it.
#[must_use]
pub fn next(jar: &CookieJar) -> Option<&str> {
    jar.get(NEXT).map(Cookie::value)
}

/// Remembers a page of ours, which must be what a cookie can hold.
pub fn set_next(jar: CookieJar, page: String) -> CookieJar {
    let mut next = cookie(NEXT, page);
    next.set_max_age(seconds(NEXT_LASTS));
    jar.add(next)
}

pub fn forget_next(jar: CookieJar) -> CookieJar {
    jar.add(removal(NEXT))
}

/// Gives the browser a session: for as long as its window lives, or (L11) for `lasts`.
pub fn set_session(jar: CookieJar, token: &PlainToken, lasts: Option<TimeDelta>) -> CookieJar {
    let mut session = cookie(SESSION, token.expose());
    session.set_max_age(lasts.map(seconds));
    jar.add(session)
}

/// Whether the answer gives the browser a session, or takes it away.
pub fn sets_session(answer: &HeaderMap) -> bool {
    let mut cookies = answer.get_all(SET_COOKIE).into_iter();
    cookies.any(|cookie| cookie.as_bytes().starts_with(SESSION.as_bytes()))
}

pub fn set_visit(jar: CookieJar, token: &PlainToken) -> CookieJar {
    jar.add(cookie(VISIT, token.expose()))
}

/// Makes the browser known, for as long as it may stay so.
pub fn set_browser(jar: CookieJar, token: &PlainToken, lasts: TimeDelta) -> CookieJar {
    let mut browser = cookie(BROWSER, token.expose());
    browser.set_max_age(seconds(lasts));
    jar.add(browser)
}

/// What a form came to, sealed.
#[must_use]
pub fn answer(jar: &CookieJar) -> Option<String> {
    jar.get(ANSWER).map(|cookie| cookie.value().to_owned())
}

pub fn set_answer(jar: CookieJar, sealed: String, lasts: TimeDelta) -> CookieJar {
    let mut answer = cookie(ANSWER, sealed);
    answer.set_max_age(seconds(lasts));
    jar.add(answer)
}

pub fn forget_answer(jar: CookieJar) -> CookieJar {
    jar.add(removal(ANSWER))
}

/// Makes the browser forget the session.
pub fn forget_session(jar: CookieJar) -> CookieJar {
    jar.add(removal(SESSION))
}

/// Makes the browser forget the session and the visit, and what belonged to them.
pub fn forget(jar: CookieJar) -> CookieJar {
    jar.add(removal(SESSION)).add(removal(VISIT)).add(removal(ANSWER))
}

fn removal(name: &'static str) -> Cookie<'static> {
    let mut gone = cookie(name, String::new());
    gone.make_removal();
    gone
}

const fn seconds(lasts: TimeDelta) -> Duration {
    Duration::seconds(lasts.num_seconds())
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}
