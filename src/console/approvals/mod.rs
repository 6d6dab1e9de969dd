//! 承認: requests that wait for a second pair of eyes (A1).

mod kinds;
mod list;
mod one;

use axum::routing::{get, post};

pub use self::kinds::kinds;
use super::places::{APPROVAL, APPROVAL_WITHDRAW, APPROVALS};
use crate::auth::staff::approval::{ApprovalError, ApprovalState};
use crate::auth::staff::right::Right;
use crate::web::error::WebError;
use crate::web::form::FormError;
use crate::web::routes::{Access, Routes};

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

/// What a person is told once an act waits for a second pair of eyes.
pub(super) const REQUESTED: &str =
    "申請しました。ほかの職員が24時間以内に承認すると実行されます。まだ何も変更されていません。";
/// What a person is told if the act is not about what they saw any more.
pub(super) const CHANGED: &str =
    "表示された後に内容が変わりました。いまの内容を確認して、もう一度操作してください。";

/// Returns the sentence for a request that was not stored, or the error if it has a page of its own.
pub(super) fn told_of_request(error: ApprovalError) -> Result<&'static str, WebError> {
    match error {
        ApprovalError::NoApprover => Ok(
            "承認の権限を持つほかの職員がいないため、申請できません。システムの運用担当者に依頼してください。",
        ),
        ApprovalError::Gone => Ok(CHANGED),
        error => Err(error.into()),
    }
}

/// A mistake that concerns the whole form.
pub(super) fn of_form(message: &str) -> Vec<FormError> {
    vec![FormError { field: None, message: message.to_owned() }]
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
