//! Where a request is led that may not be shown what it asked for, in words that every door understands: which pages these
//! are, the door knows.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::auth::journey::Step;

/// A note on an answer without a `Location`, which a layer of the door writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// Nobody is signed in.
    SignIn,
    /// Nothing is wrong, but this is not the page to be on.
    Top,
    /// A step of the sign-in is due.
    Due(Step),
    /// A person has to prove once more who they are, and goes on to `path` then.
    Again { path: String },
}

impl IntoResponse for Elsewhere {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
