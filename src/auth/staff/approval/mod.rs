//! Four eyes (上長承認): some acts are done only if a second staff member lets them.
//!
//! An act of a kind ([`kind::FourEyes`]) is stored as a request with its parameters and a hash of what its author was
//! shown ([`request`]). Another staff member sees the same and decides ([`decision`]); a granted act is executed in that
//! person's transaction, with the right that its author has at that moment. Nothing but the id of a request reaches the
//! executor, so parameters can't be swapped between the two.
//!
//! Every change of a request's state is one statement that holds only while it waits. So of two approvers at once, a double
//! click and a replay, one has an effect.

pub mod decision;
pub mod housekeeping;
pub mod kind;
pub mod request;
pub mod shown;

mod row;

pub use self::row::ApprovalState;

use chrono::TimeDelta;

use super::desk::DeskError;
use crate::auth::context::SendingError;

/// A request that nobody answers within this time counts as refused.
pub const ANSWERED_WITHIN: TimeDelta = TimeDelta::hours(24);

/// The reason why a request can't be written, shown or decided.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// The union has no such request, or the person may not know of it.
    #[error("no such request")]
    NotFound,
    /// The thing that the act is about is not there any more.
    #[error("there is nothing to do it to")]
    Gone,
    /// Nobody but its author could let it be done.
    #[error("nobody can approve it")]
    NoApprover,
    #[error("requests of kind {0} are unknown here")]
    UnknownKind(String),
    #[error("parameters: {0}")]
    Parameters(#[from] serde_json::Error),
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Sending(#[from] SendingError),
}

impl From<sqlx::Error> for ApprovalError {
    fn from(error: sqlx::Error) -> Self {
        Self::Desk(error.into())
    }
}
