//! The words about acts on accounts that were asked for, or not done.

use crate::auth::staff::manage::ManageError;
use crate::console::approvals::told::CHANGED;
pub(super) use crate::console::approvals::told::{REQUESTED, of_form, told_of_request};
use crate::web::error::WebError;

/// Returns the sentence for an act that was not done, or the error if it has a page of its own.
pub(super) fn told(error: ManageError) -> Result<&'static str, WebError> {
    Ok(match error {
        ManageError::NotFound => return Err(WebError::NotFound),
        ManageError::Overtaken => return Err(WebError::Refused),
        ManageError::Desk(error) => return Err(error.into()),
        ManageError::Sending(error) => return Err(error.into()),
        ManageError::TooFewAdmins => {
            "在任中の管理者が2人未満になるため、実行できません。先に、ほかの管理者を招待してください。急ぐ場合は、システムの運用担当者に依頼してください。"
        }
        ManageError::Changed => CHANGED,
        ManageError::MemberTaken => "この個人コードは、ほかの職員に登録されています。",
        ManageError::NeedsApproval | ManageError::WrongState | ManageError::Invitation(_) => {
            "この職員の現在の状態では実行できません。"
        }
    })
}
