//! Failures. Each becomes one plain page with a request id, and never shows an error chain.
//!
//! A handler's error doesn't know the union, so it leaves a note on the response, and
//! [`super::layers::error_pages`] writes the page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::elsewhere::Elsewhere;
use super::turns::NoTurn;
use crate::auth::context::SendingError;
use crate::auth::context::SignInError;
use crate::auth::credentials::hashing::HashingError;
use crate::auth::factor::passkey::PasskeyError;
use crate::auth::factor::totp::TotpError;
use crate::auth::guard::foreign::Foreign;
use crate::auth::journey::Step;
use crate::auth::staff::desk::DeskError;
use crate::db::Passing;
use crate::expenses::etax::EtaxError;
use crate::pdf::PrintError;

/// The reason why a request failed, in the terms that the person is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The request's content can't be read, or is too long.
    BadRequest,
    /// Another site sent the form, or the page with it is from another visit.
    StaleForm,
    NotFound,
    /// The member of staff has no right to it.
    Refused,
    /// 「一定期間が経過したため、エラーになりました」 (L9)
    SessionExpired,
    /// The person has so many requests in flight that this one must wait for them.
    TooMany,
    /// The browser sends more cookies than can be ours.
    TooManyCookies,
    Unexpected,
    /// A retry in a moment may succeed.
    Unavailable,
}

impl Failure {
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::StaleForm | Self::Refused => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SessionExpired => StatusCode::UNAUTHORIZED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyCookies => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Notes on an answer that it refuses something from another union or site;
/// [`super::layers::note_foreign`] writes it to the trail.
pub fn foreign(shown: Foreign, mut answer: Response) -> Response {
    answer.extensions_mut().insert(shown);
    answer
}

/// The error of a handler.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("not found")]
    NotFound,
    /// The desk has refused an act, and has noted that on the trail.
    #[error("refused")]
    Refused,
    /// The page belongs to another step than this one, which is due.
    #[error("another step is due")]
    NotDue(Step),
    /// The person has to prove once more who they are, and goes on to this path then.
    #[error("another proof is due")]
    NotFresh(String),
    #[error("passkey: {0}")]
    Passkey(#[from] PasskeyError),
    #[error("authenticator app: {0}")]
    Totp(#[from] TotpError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Sending(#[from] SendingError),
    #[error(transparent)]
    Printing(#[from] PrintError),
    #[error("e-Tax: {0}")]
    Etax(#[from] EtaxError),
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    #[error("background work: {0}")]
    Background(#[from] tokio::task::JoinError),
    #[error("template: {0:?}")]
    Template(#[from] tera::Error),
    #[error("an answer that is kept: {0}")]
    Answer(#[from] serde_json::Error),
}

impl From<SignInError> for WebError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Hashing(error) => Self::Hashing(error),
            SignInError::Sending(error) => Self::Sending(error),
            SignInError::Database(error) => Self::Database(error),
        }
    }
}

impl From<DeskError> for WebError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Denied(_) => Self::Refused,
            DeskError::Database(error) => Self::Database(error),
        }
    }
}

impl Passing for WebError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Passkey(error) => error.is_passing(),
            Self::Totp(error) => error.is_passing(),
            Self::Database(error) => error.is_passing(),
            Self::Hashing(error) => error.is_passing(),
            Self::Sending(error) => error.is_passing(),
            Self::Printing(error) => error.is_passing(),
            Self::NoTurn(error) => matches!(error, NoTurn::Full),
            Self::NotFound
            | Self::Refused
            | Self::NotDue(_)
            | Self::NotFresh(_)
            | Self::Etax(_)
            | Self::Background(_)
            | Self::Template(_)
            | Self::Answer(_) => false,
        }
    }
}

impl WebError {
    fn failure(&self) -> Failure {
        match self {
            Self::NotFound => Failure::NotFound,
            Self::Refused => Failure::Refused,
            Self::NoTurn(NoTurn::TooMany) => Failure::TooMany,
            error if error.is_passing() => Failure::Unavailable,
            _ => Failure::Unexpected,
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        match self {
            Self::NotDue(step) => return Elsewhere::Due(step).into_response(),
            Self::NotFresh(path) => return Elsewhere::Again { path }.into_response(),
            _ => {}
        }
        let failure = self.failure();
        match failure {
            Failure::Unexpected => tracing::error!(error = %self, "request failed"),
            Failure::Unavailable => tracing::warn!(error = %self, "request turned away"),
            _ => {}
        }
        failure.into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_passes_is_503_however_deep_it_lies() {
        let away = || sqlx::Error::PoolTimedOut;
        let broken = || sqlx::Error::RowNotFound;
        let errors = |database: fn() -> sqlx::Error| -> [WebError; 6] {
            let sending = move || SendingError::Database(database());
            [
                database().into(),
                sending().into(),
                PasskeyError::Database(database()).into(),
                PasskeyError::Sending(sending()).into(),
                TotpError::Sending(sending()).into(),
                SignInError::Sending(sending()).into(),
            ]
        };
        for error in errors(away) {
            assert_eq!(error.failure(), Failure::Unavailable, "{error:?}");
        }
        for error in errors(broken) {
            assert_eq!(error.failure(), Failure::Unexpected, "{error:?}");
        }
    }
}
