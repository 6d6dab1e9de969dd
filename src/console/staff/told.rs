//! What people are told of acts about accounts that were asked for, or not done.

use crate::auth::staff::approval::ApprovalError;
use crate::auth::staff::manage::ManageError;
use crate::web::error::WebError;
use crate::web::form::FormError;

/// What a person is told once an act waits for a second pair of eyes.
pub(super) const REQUESTED: &str =
    "申請しました。ほかの職員が24時間以内に承認すると実行されます。まだ何も変更されていません。";
const CHANGED: &str =
    "表示された後に内容が変わりました。いまの内容を確認して、もう一度操作してください。";

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
