//! Which host a request is for.

use axum::extract::Request;
use axum::http::header::HOST;

/// The host that a request names (RFC 9112 §3.2): that of its address where this is a whole one, as proxies
/// get it, or that of its only `Host` header. `None`: the request is wrong.
pub fn of(request: &Request) -> Option<&str> {
    let mut named = request.headers().get_all(HOST).iter();
    match (named.next(), named.next(), request.uri().host()) {
        (_, Some(_), _) => None,
        (_, None, Some(host)) => Some(host),
        (named, None, None) => named?.to_str().ok(),
    }
}
