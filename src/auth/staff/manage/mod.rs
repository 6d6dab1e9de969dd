//! The acts of 管理者 on their colleagues' accounts (A1): invite, give and take rights, suspend, invite anew, review.
//!
//! Whatever gives somebody more than they have needs four eyes ([`super::approval`]); taking away needs one pair. Nobody
//! changes their own account. No act leaves a union with fewer than two 管理者 in office, since nobody could mend a lost
//! factor of the last one; so every act locks all of the union's staff before it looks ([`locked`]).

pub mod change;
pub mod locked;
pub mod newcomer;
pub mod reinvitation;
pub mod review;
pub mod suspending;
pub mod unused;

use super::approval::kind::ExecuteError;
use super::desk::{Denial, DeskError};
use super::invitation::InvitationError;
use crate::auth::context::SendingError;

/// The reason why an act about a colleague's account was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    #[error("no such staff member")]
    NotFound,
    /// The union would have fewer than two 管理者.
    #[error("too few admins would be left")]
    TooFewAdmins,
    /// It gives more than the staff member has.
    #[error("it needs four eyes")]
    NeedsApproval,
    /// The account reads otherwise than the one that was shown.
    #[error("the account has changed")]
    Changed,
    /// Another staff member has this member code.
    #[error("the member code is a colleague's")]
    MemberTaken,
    /// The account is not in a state in which it can be done.
    #[error("not in this state")]
    WrongState,
    /// The author lost the right while they waited for a colleague's act.
    #[error("a colleague came first")]
    Overtaken,
    #[error(transparent)]
    Invitation(#[from] InvitationError),
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Sending(#[from] SendingError),
}

impl From<sqlx::Error> for ManageError {
    fn from(error: sqlx::Error) -> Self {
        Self::Desk(error.into())
    }
}

impl From<ManageError> for ExecuteError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotFound | ManageError::Changed | ManageError::NeedsApproval => {
                Self::Declined("changed")
            }
            ManageError::Overtaken => Self::Desk(DeskError::Denied(Denial::NoRight)),
            ManageError::WrongState => Self::Declined("wrong_state"),
            ManageError::TooFewAdmins => Self::Declined("too_few_admins"),
            ManageError::MemberTaken => Self::Declined("member_taken"),
            ManageError::Invitation(InvitationError::Sending(error))
            | ManageError::Sending(error) => Self::Sending(error),
            ManageError::Invitation(InvitationError::AlreadyInvited(_)) => {
                Self::Declined("already_invited")
            }
            ManageError::Invitation(InvitationError::AlreadyStaff(_)) => {
                Self::Declined("already_staff")
            }
            ManageError::Invitation(_) => Self::Declined("not_to_be_invited"),
            ManageError::Desk(error) => Self::Desk(error),
        }
    }
}
