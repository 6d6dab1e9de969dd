//! Proofs that a handler takes: of a complete sign-in, of a recent proof of identity, of a step
//! that is due.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::{Shown, Visitor};
use crate::auth::journey::{Progress, Step};
use crate::auth::people::People;
use crate::auth::session::Session;
use crate::auth::staff::desk::Clerk;
use crate::base::realm::{Staff, Subscribers};
use crate::base::secret::PlainToken;
use crate::web::elsewhere::Elsewhere;
use crate::web::error::WebError;
use crate::web::state::{App, AppState};

/// A person whose sign-in is complete.
#[derive(Debug)]
pub struct SignedIn<R: People> {
    pub visitor: Visitor<R>,
    pub session: Session<R>,
    /// The session's token.
    pub token: PlainToken,
}

/// A subscriber, who may use the portal.
pub type Subscriber = SignedIn<Subscribers>;

/// A staff member in office, who may open the console. Each act asks for its right besides
/// ([`Desk`](crate::auth::staff::desk::Desk)).
pub type SignedInStaff = SignedIn<Staff>;

impl Visitor<Staff> {
    /// Returns the visitor as the desk knows them.
    #[must_use]
    pub fn clerk<'c>(&'c self, app: &'c App) -> Clerk<'c> {
        Clerk { db: &app.db, clock: &app.clock, tenant: self.tenant.id, actor: &self.actor }
    }
}

impl<R: Shown> FromRequestParts<AppState> for SignedIn<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::<R>::from_request_parts(parts, app).await?;
        match (visitor.complete_session().cloned(), visitor.jar.session()) {
            (Some(session), Some(token)) => Ok(Self { visitor, session, token }),
            _ => Err(visitor.turn_away()),
        }
    }
}

/// A person who has proved their identity within the last five minutes (S4). Without a re-authentication there is no such
/// value.
#[derive(Debug)]
pub struct Fresh<T>(pub T);

impl<R: Shown> FromRequestParts<AppState> for Fresh<SignedIn<R>> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let person = SignedIn::<R>::from_request_parts(parts, app).await?;
        if person.session.is_fresh(app.clock.now()) {
            return Ok(Self(person));
        }
        Err(Elsewhere::Again { path: parts.uri.path().to_owned() }.into_response())
    }
}

/// A person whose password was right and who has a step to do.
#[derive(Debug)]
pub struct SigningIn<R: People = Subscribers> {
    pub visitor: Visitor<R>,
    pub session: Session<R>,
    /// The session's token.
    pub token: PlainToken,
    pub step: Step,
}

impl<R: Shown> SigningIn<R> {
    /// Returns itself if `step` is due.
    ///
    /// # Errors
    /// Returns [`WebError::NotDue`], which redirects to the step that is due, if that is another.
    pub fn at(self, step: Step) -> Result<Self, WebError> {
        if self.step == step { Ok(self) } else { Err(WebError::NotDue(self.step)) }
    }

    /// Returns 「全6ステップ中3」, or `None` for a person who has signed in before.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.visitor.progress()
    }
}

impl<R: Shown> FromRequestParts<AppState> for SigningIn<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::<R>::from_request_parts(parts, app).await?;
        match (visitor.session().cloned(), visitor.jar.session()) {
            (Some(session), Some(token)) if visitor.step(&session) != Step::Complete => {
                let step = visitor.step(&session);
                Ok(Self { visitor, session, token, step })
            }
            _ => Err(visitor.turn_away()),
        }
    }
}
