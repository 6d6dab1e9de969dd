//! Proofs that a handler takes: of a complete sign-in, of a recent proof of identity, of a step
//! that is due.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::Visitor;
use crate::auth::journey::{Progress, Step};
use crate::auth::session::Session;
use crate::base::secret::PlainToken;
use crate::web::elsewhere::Elsewhere;
use crate::web::error::WebError;
use crate::web::state::AppState;

/// A person whose sign-in is complete.
#[derive(Debug)]
pub struct Subscriber {
    pub visitor: Visitor,
    pub session: Session,
    /// The session's token.
    pub token: PlainToken,
}

impl FromRequestParts<AppState> for Subscriber {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        match (visitor.subscriber().cloned(), visitor.jar.session()) {
            (Some(session), Some(token)) => Ok(Self { visitor, session, token }),
            _ => Err(visitor.turn_away()),
        }
    }
}

/// A person who has proved their identity within the last five minutes (S4). Without a re-authentication there is no such
/// value.
#[derive(Debug)]
pub struct Fresh<T>(pub T);

impl FromRequestParts<AppState> for Fresh<Subscriber> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let subscriber = Subscriber::from_request_parts(parts, app).await?;
        if subscriber.session.is_fresh(app.clock.now()) {
            return Ok(Self(subscriber));
        }
        Err(Elsewhere::Again { path: parts.uri.path().to_owned() }.into_response())
    }
}

/// A person whose password was right and who has a step to do.
#[derive(Debug)]
pub struct SigningIn {
    pub visitor: Visitor,
    pub session: Session,
    /// The session's token.
    pub token: PlainToken,
    pub step: Step,
}

impl SigningIn {
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

impl FromRequestParts<AppState> for SigningIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, app).await?;
        match (visitor.session().cloned(), visitor.jar.session()) {
            (Some(session), Some(token)) if visitor.step(&session) != Step::Complete => {
                let step = visitor.step(&session);
                Ok(Self { visitor, session, token, step })
            }
            _ => Err(visitor.turn_away()),
        }
    }
}
