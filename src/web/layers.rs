//! The layers around every handler.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, LOCATION, ORIGIN,
    REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Response};
use serde::Serialize;
use tracing::Instrument as _;

use super::error::{Failure, foreign};
use super::host;
use super::identity::{Shown, Visitor, cookies};
use super::page::{Frame, Page};
use super::state::AppState;
use crate::auth::guard::foreign::Foreign;
use crate::base::ids::RequestId;
use crate::base::realm::Realm;
use crate::db::actor::Actor;
use crate::tenant::directory::{Resolution, Tenant};
use crate::tenant::hosts::Door;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);
/// The page for an unknown host. It names no union, and loads nothing from a host that serves nothing.
const UNKNOWN_HOST: &str = include_str!("../../templates/unknown_host.html");
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");
/// See <https://www.w3.org/TR/clear-site-data/>.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const ALL_COOKIES: HeaderValue = HeaderValue::from_static("\"cookies\"");

/// Gives the request an id, logs its result, and sets the headers of every answer.
pub async fn outermost(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = RequestId::new(&app.clock);
    request.extensions_mut().insert(id);
    let number = id.number();
    let span = tracing::info_span!("request", %id, number, tenant = tracing::field::Empty);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let began = app.clock.now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = (app.clock.now() - began).num_milliseconds();
    tracing::info!(parent: &span, %method, path, status = response.status().as_u16(), took, "answered");
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if app.https {
        headers.insert(STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    response
}

/// Finds the union and the door of the request's host (T1). Only configured hosts count;
/// `X-Forwarded-Host` and `Forwarded` are ignored.
pub async fn resolve_tenant(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(host) = host::of(&request) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match app.directory.resolve(host) {
        Resolution::To(tenant, door) => {
            tracing::Span::current().record("tenant", tenant.config.slug.as_str());
            request.extensions_mut().insert(tenant);
            request.extensions_mut().insert(door);
            next.run(request).await
        }
        Resolution::Alias(tenant) => {
            let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
            let location = HeaderValue::try_from(format!("{}{target}", tenant.origin));
            match location {
                Ok(location) => {
                    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]).into_response()
                }
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            }
        }
        Resolution::Unknown => (StatusCode::NOT_FOUND, Html(UNKNOWN_HOST)).into_response(),
    }
}

/// Refuses requests that another site makes a browser send. Siblings below the base domain are other unions and
/// doors, so they count as other sites.
///
/// Browsers without Fetch Metadata (Safari 16.3 and older) send only an `Origin`, which our own `Referrer-Policy`
/// makes `null`. For them the form's token decides, which every form's extractor checks ([`super::form`]).
pub async fn same_origin(
    Extension(tenant): Extension<Arc<Tenant>>,
    Extension(door): Extension<Door>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || !is_foreign(tenant.origin_of(door), request.headers()) {
        return next.run(request).await;
    }
    foreign(Foreign::Origin, Failure::StaleForm.into_response())
}

/// Returns true if the browser says that another site sent the request.
fn is_foreign(origin: &str, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    match (text(&HeaderName::from_static("sec-fetch-site")), text(&ORIGIN)) {
        (Some(site), _) => site != b"same-origin",
        (None, Some(sender)) => sender != b"null" && sender != origin.as_bytes(),
        (None, None) => false,
    }
}

/// Writes to the trail that something from another union or site was refused.
pub async fn note_foreign<R: Realm>(
    State(app): State<AppState>,
    Extension(tenant): Extension<Arc<Tenant>>,
    actor: Actor,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if let Some(shown) = response.extensions().get::<Foreign>()
        && let Err(error) =
            app.sign_in(&actor).note_foreign::<R>(&tenant, &actor.client, *shown).await
    {
        tracing::warn!(%error, ?shown, "foreign, and not on the trail");
    }
    response
}

/// Answers a browser whose cookies a neighbouring host has filled up. The page clears them, before a proxy
/// refuses all its requests.
pub async fn bounded_cookies(request: Request, next: Next) -> Response {
    match cookies::are_too_many(request.headers()) {
        true => Failure::TooManyCookies.into_response(),
        false => next.run(request).await,
    }
}

/// Finds the visitor before the handler runs. Notes on the answer what the browser sent that belongs to another
/// union, and gives a remembered session's new token (L11) to the browser, whatever the answer is.
pub async fn known_visitor<R: Shown>(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let visitor = match Visitor::<R>::from_request_parts(&mut parts, &app).await {
        Ok(visitor) => visitor,
        Err(turned_away) => return turned_away,
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    let response = match visitor.shows_foreign() {
        Some(shown) if response.extensions().get::<Foreign>().is_none() => foreign(shown, response),
        _ => response,
    };
    match visitor.rotated() {
        Some(jar) if !cookies::sets_session(response.headers()) => (jar, response).into_response(),
        _ => response,
    }
}

/// Writes the page of a failure, as the door shows it.
pub async fn error_pages<P: Page + From<FailureMessage>>(
    State(app): State<AppState>,
    Extension(tenant): Extension<Arc<Tenant>>,
    Extension(id): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let door = request.extensions().get::<Door>().copied().unwrap_or(Door::Portal);
    let response = next.run(request).await;
    let failure = match (response.extensions().get::<Failure>(), response.status()) {
        (Some(failure), _) => *failure,
        (None, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => Failure::NotFound,
        (None, StatusCode::BAD_REQUEST) => Failure::BadRequest,
        (None, StatusCode::INTERNAL_SERVER_ERROR) => Failure::Unexpected,
        _ => return response,
    };
    let cookies: Vec<_> = response.headers().get_all(SET_COOKIE).into_iter().cloned().collect();
    let frame = Frame::anonymous(tenant, door);
    let mut response = app
        .pages
        .render(&frame, failure.status(), &P::from(FailureMessage::of(failure, id)))
        .unwrap_or_else(|_| failure.status().into_response());
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    match failure {
        Failure::Unavailable | Failure::TooMany => {
            response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
        }
        Failure::TooManyCookies => {
            response.headers_mut().insert(CLEAR_SITE_DATA, ALL_COOKIES);
        }
        _ => {}
    }
    response
}

/// The words about a failure: what happened and what to do. The door provides the page around them.
#[derive(Debug, Serialize)]
pub struct FailureMessage {
    title: &'static str,
    text: &'static str,
    request_number: Option<String>,
    opens_again: bool,
    signs_in_again: bool,
    retry: bool,
}

impl FailureMessage {
    pub(crate) fn of(failure: Failure, id: RequestId) -> Self {
        let (title, text) = match failure {
            Failure::BadRequest => (
                "送信された内容を読み取れませんでした",
                "入力が長すぎるか、正しく送信されませんでした。前のページに戻り、もう一度入力してください。",
            ),
            Failure::StaleForm => (
                "ページの有効期限が切れました",
                "お手数ですが、もう一度はじめから操作してください。",
            ),
            Failure::NotFound => (
                "ページが見つかりません",
                "アドレスが間違っているか、ページが移動した可能性があります。",
            ),
            Failure::Refused => (
                "この操作をする権限がありません",
                "操作は行われていません。権限が必要な場合は、組合の管理者にご相談ください。",
            ),
            Failure::SessionExpired => (
                "一定期間が経過したため、エラーになりました",
                "しばらく操作がなかったため、安全のためログインを終了しました。お手数ですが、もう一度ログインしてください。",
            ),
            Failure::TooMany => (
                "前の処理が終わっていません",
                "検索やファイルの作成が続いたため、お待ちいただいています。前のものが終わってからもう一度お試しください。",
            ),
            Failure::TooManyCookies => (
                "Cookieが多すぎるため、表示できません",
                "ほかのサイトが、このブラウザに多くのCookieを保存しました。それらを消去しましたので、もう一度開いてください。\nこの画面が続く場合は、ブラウザの設定でCookieを消去してください。",
            ),
            Failure::Unexpected => (
                "エラーが発生しました",
                "ご不便をおかけして申し訳ありません。時間をおいて、もう一度お試しください。",
            ),
            Failure::Unavailable => (
                "ただいまサービスをご利用いただけません",
                "サービスが一時的に止まっているか、混み合っています。",
            ),
        };
        let unexpected = failure == Failure::Unexpected;
        Self {
            title,
            text,
            request_number: unexpected.then(|| id.number()),
            opens_again: failure == Failure::TooManyCookies,
            signs_in_again: failure == Failure::SessionExpired,
            retry: matches!(failure, Failure::Unavailable | Failure::TooMany),
        }
    }
}
