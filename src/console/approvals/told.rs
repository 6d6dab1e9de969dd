//! The words about acts that were asked for, whatever the act.

use crate::auth::staff::approval::ApprovalError;
use crate::web::error::WebError;
use crate::web::form::FormError;

/// Shown to a person once an act waits for a second pair of eyes.
pub(in crate::console) const REQUESTED: &str =
    "申請しました。ほかの職員が24時間以内に承認すると実行されます。まだ何も変更されていません。";
/// Shown to a person if the act is not about what they saw any more.
pub(in crate::console) const CHANGED: &str =
    "表示された後に内容が変わりました。いまの内容を確認して、もう一度操作してください。";

/// Returns the sentence for a request that was not stored, or the error if it has a page of its own.
pub(in crate::console) fn told_of_request(error: ApprovalError) -> Result<&'static str, WebError> {
    match error {
        ApprovalError::NoApprover => Ok(
            "承認の権限を持つほかの職員がいないため、申請できません。システムの運用担当者に依頼してください。",
        ),
        ApprovalError::Gone => Ok(CHANGED),
        error => Err(error.into()),
    }
}

/// A mistake that concerns the whole form.
pub(in crate::console) fn of_form(message: &str) -> Vec<FormError> {
    vec![FormError { field: None, message: message.to_owned() }]
}
