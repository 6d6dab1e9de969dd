//! The only place where a cookie is read or made.
//!
//! There are five: the session; the visit, which ends with the browser's window and to which form tokens are bound;
//! the browser, by which a browser that signed in before is known; for minutes, the answer to a form
//! ([`crate::web::form::answer`]); and for half an hour, the page that a person wanted before they had to sign in.
//!
//! The hosts below the base domain belong to different unions, and each may set cookies for all of them. The
//! `__Host-` prefix protects ours, if we compare the very bytes that the browser checked: a decoded name may turn
//! into ours (`__Host%2Dkosmo-session`). A name that comes twice is not trusted at all. Visit and browser are also
//! sealed for the union, so that nobody can invent one. Browsers treat `http://*.localhost` as secure, so the demo
//! needs no other names.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponseParts, ResponseParts};
use chrono::TimeDelta;
use cookie::{Cookie, SameSite};
use time::Duration;

use crate::base::ids::TenantId;
use crate::base::sealed::{SealedValue, Sealer};
use crate::base::secret::PlainToken;

const SESSION: &str = "__Host-kosmo-session";
const VISIT: &str = "__Host-kosmo-visit";
const BROWSER: &str = "__Host-kosmo-browser";
const ANSWER: &str = "__Host-kosmo-answer";
const NEXT: &str = "__Host-kosmo-next";
const OURS: [&str; 5] = [SESSION, VISIT, BROWSER, ANSWER, NEXT];
/// As long as the slowest step of a sign-in, which is a link by mail.
const NEXT_LASTS: TimeDelta = TimeDelta::minutes(30);
/// Our own cookies take less than 8 KiB together. Beyond this size another host has filled the browser's
/// cookies, and proxies begin to refuse its requests.
const MOST_BYTES: usize = 128 * 1024;

/// The cookies of a browser: ours among those that came, and those that the answer sets.
#[derive(Clone, Default)]
pub struct Cookies {
    came: Vec<(&'static str, Option<String>)>,
    set: Vec<Cookie<'static>>,
}

/// The contents of a cookie that is sealed for the union.
#[derive(Debug, Clone)]
pub enum Sealable {
    Nothing,
    /// It was sealed with another key or for another union, or was not sealed at all.
    Foreign,
    Own(PlainToken),
}

impl Sealable {
    #[must_use]
    pub const fn is_foreign(&self) -> bool {
        matches!(self, Self::Foreign)
    }
}

impl Cookies {
    /// Reads the cookies of a request.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut came: Vec<(&'static str, Option<String>)> = Vec::new();
        let lines = headers.get_all(COOKIE).into_iter().map(HeaderValue::as_bytes);
        for pair in lines.flat_map(|line| line.split(|byte| *byte == b';')) {
            let pair = pair.strip_prefix(b" ").unwrap_or(pair);
            let Some((name, value)) = pair.split_at_checked(name_length(pair)) else { continue };
            let Some(name) = OURS.into_iter().find(|ours| ours.as_bytes() == name) else {
                continue;
            };
            let value = value.strip_prefix(b"=").and_then(|value| str::from_utf8(value).ok());
            match came.iter_mut().find(|(known, _)| *known == name) {
                Some((_, twice)) => *twice = None,
                None => came.push((name, value.map(ToOwned::to_owned))),
            }
        }
        Self { came, set: Vec::new() }
    }

    /// Returns the session's token, if the browser sent one that can be one.
    #[must_use]
    pub fn session(&self) -> Option<PlainToken> {
        PlainToken::parse(self.get(SESSION)?)
    }

    /// Returns the visit's secret.
    #[must_use]
    pub fn visit(&self, sealer: &Sealer, tenant: TenantId) -> Sealable {
        self.unsealed(VISIT, sealer, tenant)
    }

    /// Returns the token by which the browser is known.
    #[must_use]
    pub fn browser(&self, sealer: &Sealer, tenant: TenantId) -> Sealable {
        self.unsealed(BROWSER, sealer, tenant)
    }

    /// Returns the sealed answer to a form.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.get(ANSWER)
    }

    /// Returns the page that the person wanted, as the browser tells it.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.get(NEXT)
    }

    /// Sets the session, until the browser's window closes or, for ログイン状態の保存 (L11), for
    /// `lasts`.
    #[must_use]
    pub fn with_session(self, token: &PlainToken, lasts: Option<TimeDelta>) -> Self {
        self.with(SESSION, token.expose(), lasts)
    }

    #[must_use]
    pub fn with_visit(self, sealer: &Sealer, tenant: TenantId, visit: &PlainToken) -> Self {
        let sealed = sealer.seal(&purpose(VISIT, tenant), visit.expose().as_bytes());
        self.with(VISIT, sealed.to_text(), None)
    }

    /// Sets the secret by which the browser is known.
    #[must_use]
    pub fn with_browser(
        self,
        sealer: &Sealer,
        tenant: TenantId,
        browser: &PlainToken,
        lasts: TimeDelta,
    ) -> Self {
        let sealed = sealer.seal(&purpose(BROWSER, tenant), browser.expose().as_bytes());
        self.with(BROWSER, sealed.to_text(), Some(lasts))
    }

    #[must_use]
    pub fn with_answer(self, sealed: String, lasts: TimeDelta) -> Self {
        self.with(ANSWER, sealed, Some(lasts))
    }

    /// Remembers a page of ours. The text must be fit for a cookie.
    #[must_use]
    pub fn with_next(self, page: String) -> Self {
        self.with(NEXT, page, Some(NEXT_LASTS))
    }

    #[must_use]
    pub fn without_session(self) -> Self {
        self.without(SESSION)
    }

    #[must_use]
    pub fn without_browser(self) -> Self {
        self.without(BROWSER)
    }

    #[must_use]
    pub fn without_answer(self) -> Self {
        self.without(ANSWER)
    }

    #[must_use]
    pub fn without_next(self) -> Self {
        self.without(NEXT)
    }

    /// Deletes the session, the visit, and what belongs to them.
    #[must_use]
    pub fn without_visit(self) -> Self {
        self.without(SESSION).without(VISIT).without(ANSWER)
    }

    /// Returns the value that the browser has from now on.
    fn get(&self, name: &'static str) -> Option<&str> {
        if let Some(set) = self.set.iter().find(|cookie| cookie.name() == name) {
            return Some(set.value()).filter(|value| !value.is_empty());
        }
        self.came.iter().find(|(came, _)| *came == name)?.1.as_deref()
    }

    fn unsealed(&self, name: &'static str, sealer: &Sealer, tenant: TenantId) -> Sealable {
        let Some(text) = self.get(name) else { return Sealable::Nothing };
        let token = SealedValue::parse(text)
            .and_then(|sealed| sealer.open(&purpose(name, tenant), &sealed).ok())
            .and_then(|token| PlainToken::parse(str::from_utf8(&token).ok()?));
        token.map_or(Sealable::Foreign, Sealable::Own)
    }

    fn with(self, name: &'static str, value: String, lasts: Option<TimeDelta>) -> Self {
        let mut cookie = cookie(name, value);
        cookie.set_max_age(lasts.map(|lasts| Duration::seconds(lasts.num_seconds())));
        self.setting(cookie)
    }

    fn without(self, name: &'static str) -> Self {
        let mut gone = cookie(name, String::new());
        gone.make_removal();
        self.setting(gone)
    }

    fn setting(mut self, cookie: Cookie<'static>) -> Self {
        self.set.retain(|set| set.name() != cookie.name());
        self.set.push(cookie);
        self
    }
}

impl std::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookies(…)")
    }
}

impl IntoResponseParts for Cookies {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        for cookie in self.set {
            // Our values are base64, or an address that was parsed, so this never fails.
            if let Ok(line) = HeaderValue::try_from(cookie.to_string()) {
                parts.headers_mut().append(SET_COOKIE, line);
            }
        }
        Ok(parts)
    }
}

/// Returns true if the answer sets or deletes the session.
pub fn sets_session(answer: &HeaderMap) -> bool {
    let mut cookies = answer.get_all(SET_COOKIE).into_iter();
    cookies.any(|cookie| cookie.as_bytes().starts_with(SESSION.as_bytes()))
}

/// Returns true if a browser sends so many cookies that proxies will soon refuse it.
pub fn are_too_many(headers: &HeaderMap) -> bool {
    headers.get_all(COOKIE).into_iter().map(HeaderValue::len).sum::<usize>() > MOST_BYTES
}

fn name_length(pair: &[u8]) -> usize {
    pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len())
}

fn purpose(name: &str, tenant: TenantId) -> String {
    format!("{name} {tenant}")
}

fn cookie(name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Clock;

    const TOKEN: &str = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";

    fn shown(lines: &[&[u8]]) -> Cookies {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        Cookies::of(&headers)
    }

    #[test]
    fn only_the_very_name_that_the_browser_checked_is_ours() {
        let ours = format!("__Host-kosmo-session={TOKEN}");
        for (line, read) in [
            (ours.clone(), true),
            (format!("a=b; {ours}; c"), true),
            (format!("strange=\u{3042}; {ours}"), true),
            (format!("__Host-kosmo-session ={TOKEN}"), false),
            (format!("a=b;  {ours}"), false),
            (format!("\u{2000}{ours}"), false),
            (format!("__Host%2Dkosmo-session={TOKEN}"), false),
            (format!("%5F%5FHost-kosmo-session={TOKEN}"), false),
            (format!("__host-kosmo-session={TOKEN}"), false),
            (format!("__Host-kosmo-session=\"{TOKEN}\""), false),
            (format!("__Host-kosmo-session={}", TOKEN.replace('Q', "%51")), false),
            ("__Host-kosmo-session".to_owned(), false),
            (format!("{ours}; __Host-kosmo-session=x"), false),
            (format!("{ours}; {ours}"), false),
        ] {
            assert_eq!(shown(&[line.as_bytes()]).session().is_some(), read, "{line}");
        }
        assert!(shown(&[b"a=\xe3\x81", ours.as_bytes()]).session().is_some());
        assert!(shown(&[ours.as_bytes(), ours.as_bytes()]).session().is_none());
    }

    #[test]
    fn a_visit_is_the_unions_own_or_none() {
        let sealer = Sealer::read(&Sealer::new_file()).unwrap();
        let (here, there) = (TenantId::new(&Clock::System), TenantId::new(&Clock::System));
        let visit = PlainToken::random();
        let set = Cookies::default().with_visit(&sealer, here, &visit);
        let line = format!("{VISIT}={}", set.get(VISIT).unwrap());
        let cookies = shown(&[line.as_bytes()]);
        let Sealable::Own(read) = cookies.visit(&sealer, here) else { panic!("not its own") };
        assert_eq!(read.expose(), visit.expose());
        assert!(cookies.visit(&sealer, there).is_foreign());
        assert!(matches!(cookies.browser(&sealer, here), Sealable::Nothing));
        let as_browser = shown(&[line.replace(VISIT, BROWSER).as_bytes()]);
        assert!(as_browser.browser(&sealer, here).is_foreign());
        let made_up = shown(&[format!("{VISIT}={}", visit.expose()).as_bytes()]);
        assert!(made_up.visit(&sealer, here).is_foreign());
    }

    #[test]
    fn what_was_set_last_counts() {
        let token = PlainToken::parse(TOKEN).unwrap();
        let cookies = Cookies::default().with_session(&token, None);
        assert!(cookies.session().is_some());
        let gone = cookies.without_session();
        assert!(gone.session().is_none());
        assert_eq!(gone.set.len(), 1);
    }
}
