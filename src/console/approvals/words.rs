//! Words for requests, and the pages of what goes wrong with them.

use crate::auth::staff::approval::{ApprovalError, ApprovalState};
use crate::web::error::WebError;

/// The word for a state.
pub(super) const fn word(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Waiting => "承認待ち",
        ApprovalState::Executed => "承認・実行済み",
        ApprovalState::Refused => "却下",
        ApprovalState::Withdrawn => "取下げ",
        ApprovalState::Expired => "期限切れ（却下）",
        ApprovalState::Void => "無効",
    }
}

impl From<ApprovalError> for WebError {
    fn from(error: ApprovalError) -> Self {
        match error {
            ApprovalError::NotFound | ApprovalError::Gone => Self::NotFound,
            ApprovalError::Desk(error) => error.into(),
            ApprovalError::Sending(error) => error.into(),
            ApprovalError::Parameters(error) => Self::Answer(error),
            error @ (ApprovalError::NoApprover | ApprovalError::UnknownKind(_)) => {
                tracing::error!(%error, "approval");
                Self::Refused
            }
        }
    }
}
