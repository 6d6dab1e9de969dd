//! The host of a request.

use axum::extract::Request;
use axum::http::header::HOST;

/// Returns the host that a request names (RFC 9112 §3.2): the one in its target, if that is absolute as in
/// requests to proxies, or the one in its only `Host` header. Returns `None` if the request is malformed.
pub fn of(request: &Request) -> Option<&str> {
    let mut named = request.headers().get_all(HOST).iter();
    match (named.next(), named.next(), request.uri().host()) {
        (_, Some(_), _) => None,
        (_, None, Some(host)) => Some(host),
        (named, None, None) => named?.to_str().ok(),
    }
}
