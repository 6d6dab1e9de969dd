//! 承認: requests that wait for a second pair of eyes (A1).

mod kinds;
mod list;
mod one;

use axum::routing::{get, post};

pub use self::kinds::kinds;
use super::places::{APPROVAL, APPROVAL_WITHDRAW, APPROVALS};
use crate::auth::staff::approval::{ApprovalError, ApprovalState};
use crate::auth::staff::desk::Clerk;
use crate::auth::staff::right::Right;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::routes::{Access, Routes};
use crate::web::state::App;

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(APPROVALS, Access::AnyStaff, get(list::show))
        // A request's author sees it, too.
        .route(
            APPROVAL,
            (Access::Staff(Right::Approve), Access::Fresh),
            get(one::show).post(one::decide),
        )
        .route(APPROVAL_WITHDRAW, Access::AnyStaff, post(one::withdraw))
}

/// Returns the person who stands before the desk.
fn clerk<'c>(app: &'c App, visitor: &'c Visitor<Staff>) -> Clerk<'c> {
    Clerk { db: &app.db, clock: &app.clock, tenant: visitor.tenant.id, actor: &visitor.actor }
}

/// The word for a state.
const fn word(state: ApprovalState) -> &'static str {
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
