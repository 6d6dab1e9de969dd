//! The destination of a request that may not see what it asked for. It is said without a path, because only the door
//! knows its pages.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::auth::journey::Step;

/// A note on an answer without a `Location`; a layer of the door adds that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// Nobody is signed in.
    SignIn,
    /// Nothing is wrong, but this page is not for now.
    Top,
    /// A step of the sign-in is due.
    Due(Step),
    /// The person has to prove their identity once more, and then returns to `path`.
    Again { path: String },
}

impl IntoResponse for Elsewhere {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
