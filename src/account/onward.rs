//! The next page of a sign-in, and the page for a person who may not see the one they asked for.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::LOCATION;
use axum::middleware;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::at_door::AtDoor;
use super::next::Next;
use super::places::{AGAIN_PASSWORD, ONWARD, SIGN_IN, TOP};
use crate::base::secret::PlainToken;
use crate::web::elsewhere::Elsewhere;
use crate::web::identity::{SigningIn, Visitor};
use crate::web::state::App;

/// Redirects to the step that is due, or to the top page.
pub(super) async fn show<R: AtDoor>(signing_in: SigningIn<R>) -> Redirect {
    Redirect::to(R::of_step(signing_in.step))
}

/// Redirects to the next step, with the session's new token.
pub(super) fn go_on<R: AtDoor>(app: &App, visitor: Visitor<R>, token: &PlainToken) -> Response {
    (visitor.renewed(app, token), Redirect::to(ONWARD)).into_response()
}

/// Adds the door's page to an answer that leads elsewhere.
pub(crate) async fn lead<R: AtDoor>(request: Request, next: middleware::Next) -> Response {
    let mut response = next.run(request).await;
    let page = match response.extensions().get::<Elsewhere>() {
        None => return response,
        Some(Elsewhere::SignIn) => SIGN_IN.to_owned(),
        Some(Elsewhere::Top) => TOP.to_owned(),
        Some(Elsewhere::Due(step)) => R::of_step(*step).to_owned(),
        Some(Elsewhere::Again { path }) => Next::<R>::from(path.clone()).after(AGAIN_PASSWORD),
    };
    // The page is ASCII and its query is encoded, so this never fails.
    if let Ok(location) = HeaderValue::try_from(page) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
