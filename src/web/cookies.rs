//! The only place where a cookie is made.
//!
//! Two of them: the session, and the visit, which lives as long as the browser's window and to
//! which form tokens are bound. The `__Host-` prefix keeps a sibling union's host from setting
//! either. Browsers treat `http://*.localhost` as secure, so the demo needs no other names.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use chrono::TimeDelta;
use time::Duration;

use crate::base::secret::PlainToken;

const SESSION: &str = "__Host-kosmo-session";
const VISIT: &str = "__Host-kosmo-visit";

/// The session's token, if the browser sent one that can be one.
#[must_use]
pub fn session(jar: &CookieJar) -> Option<PlainToken> {
    jar.get(SESSION).and_then(|cookie| PlainToken::parse(cookie.value()))
}

#[must_use]
pub fn visit(jar: &CookieJar) -> Option<PlainToken> {
    jar.get(VISIT).and_then(|cookie| PlainToken::parse(cookie.value()))
}

/// Gives the browser a session: for as long as its window lives, or (L11) for `lasts`.
pub fn set_session(jar: CookieJar, token: &PlainToken, lasts: Option<TimeDelta>) -> CookieJar {
    let mut session = cookie(SESSION, token.expose());
    session.set_max_age(lasts.map(|lasts| Duration::seconds(lasts.num_seconds())));
    jar.add(session)
}

pub fn set_visit(jar: CookieJar, token: &PlainToken) -> CookieJar {
    jar.add(cookie(VISIT, token.expose()))
}

/// Makes the browser forget the session.
pub fn forget_session(jar: CookieJar) -> CookieJar {
    jar.add(removal(SESSION))
}

/// Makes the browser forget the session and the visit.
pub fn forget(jar: CookieJar) -> CookieJar {
    jar.add(removal(SESSION)).add(removal(VISIT))
}

fn removal(name: &'static str) -> Cookie<'static> {
    let mut gone = cookie(name, String::new());
    gone.make_removal();
    gone
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}
