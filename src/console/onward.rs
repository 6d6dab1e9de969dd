//! The page for a person who may not see the one they asked for.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::LOCATION;
use axum::middleware::Next;
use axum::response::Response;

use super::places::TOP;
use crate::web::elsewhere::Elsewhere;

/// Adds the console's page to an answer that leads elsewhere: the first page, which says whether the person is signed in.
pub(super) async fn lead(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.extensions().get::<Elsewhere>().is_some() {
        response.headers_mut().insert(LOCATION, HeaderValue::from_static(TOP));
    }
    response
}
