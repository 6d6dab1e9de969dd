//! 職員: a union's own people, what they may do, and the quarterly review (A1).

mod act;
mod fields;
mod invite;
mod line;
mod list;
mod member;
mod review;
mod rights;

use axum::routing::get;

use super::approvals::{CHANGED, REQUESTED, of_form, told_of_request};
use super::places::{
    STAFF, STAFF_INVITE, STAFF_MEMBER, STAFF_REINVITE, STAFF_RESEND, STAFF_REVIEW, STAFF_RIGHTS,
    STAFF_SUSPEND,
};
use crate::auth::staff::manage::ManageError;
use crate::auth::staff::right::Right;
use crate::web::error::WebError;
use crate::web::routes::{Access, Routes};

const ACCESS: Access = Access::Staff(Right::ManageStaff);

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(STAFF, ACCESS, get(list::show))
        .route(STAFF_INVITE, ACCESS, get(invite::show).post(invite::submit))
        .route(STAFF_REVIEW, ACCESS, get(review::show).post(review::confirm))
        .route(STAFF_MEMBER, ACCESS, get(member::show))
        .route(STAFF_RIGHTS, ACCESS, get(rights::show).post(rights::submit))
        .route(STAFF_SUSPEND, ACCESS, get(act::show_suspend).post(act::suspend))
        .route(STAFF_REINVITE, ACCESS, get(act::show_reinvite).post(act::reinvite))
        .route(STAFF_RESEND, ACCESS, get(act::show_resend).post(act::resend))
}

/// Returns the sentence for an act that was not done, or the error if it has a page of its own.
fn told(error: ManageError) -> Result<&'static str, WebError> {
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
