//! Where a re-authentication came from and leads back to, and which proof of it is due.

use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use crate::base::secret::PlainToken;
use crate::portal::next::Next;
use crate::portal::places::AGAIN_PASSWORD;
use crate::tenant::policy::SecondFactor;
use crate::web::identity::{Subscriber, Visitor};
use crate::web::state::App;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    pub(super) next: Next,
}

/// To the page that asked, under the session's newer token.
pub(super) fn done(app: &App, visitor: Visitor, token: &PlainToken, next: &Next) -> Response {
    (visitor.renewed(app, token), Redirect::to(next.path())).into_response()
}

/// Where a code is asked for, once the password was right and the method is this one.
pub(super) fn at(
    app: &App,
    subscriber: Subscriber,
    next: &Next,
    method: SecondFactor,
) -> Result<Subscriber, Redirect> {
    let Subscriber { visitor, session, .. } = &subscriber;
    let alone = method == SecondFactor::Passkey;
    let due = session.method(&visitor.tenant.config) == Some(method)
        && !session.is_fresh(app.clock.now())
        && (alone || session.password_is_fresh(app.clock.now()));
    if due { Ok(subscriber) } else { Err(next.with(AGAIN_PASSWORD)) }
}
