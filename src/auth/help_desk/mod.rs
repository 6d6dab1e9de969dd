//! The acts of staff for one person who can't help themselves (A3, R4, L2).
//!
//! Each act takes the [`Desk`](crate::auth::staff::desk::Desk) of its type, so nobody comes here without the right, and
//! the trail tells of each. It locks the person first ([`subject`]): of two clicks, or of two members of staff at once, the
//! second finds what the first has done, and does nothing. An act that changes an account mails its person, with a link
//! by which they say that it was none of theirs ([`not_me`]).
//!
//! No act lets staff choose, see or send themselves a secret.

pub mod caller;
pub mod hold;
pub mod letter;
pub mod mail;
pub mod not_me;
pub mod reset;
pub mod risk;
pub mod sessions;
pub mod subject;
pub mod unlock;
pub mod user_id;

use serde::{Deserialize, Serialize};

use crate::auth::context::SendingError;
use crate::auth::staff::approval::kind::ExecuteError;
use crate::auth::staff::desk::DeskError;
use crate::base::ids::LoginId;

/// The reason why an act on a person was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum HelpError {
    /// The union has no such person.
    #[error("no such person")]
    Unknown,
    /// There is nothing to do: as for the second of two clicks.
    #[error("nothing to do: {0:?}")]
    Done(Already),
    #[error("refused: {0:?}")]
    Refused(HelpRefusal),
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Sending(#[from] SendingError),
}

/// The reason why there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Already {
    Unlocked,
    SignedOut,
    /// The factors were reset, and the person has not set up another one since.
    Reset,
    LetterWaits,
    LetterDead,
    HasUserId,
    Held,
    Open,
    SentAgain,
}

/// The reason why an act can't be done for this person now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpRefusal {
    /// The person has no account.
    NoAccount,
    /// The person has not registered yet.
    NotRegistered,
    /// The person has registered, so that first credentials are of no use.
    Registered,
    /// The time after the loss of eligibility is over.
    Closed,
    /// Nobody has compared what the caller says within the last half hour.
    CallerUnknown,
    /// Three callers did not know who they said they were.
    TelephoneClosed,
    /// No code could be mailed to the person.
    NoAddress,
    /// The union asks for no second factor.
    NoSecondFactor,
    /// The union's people replace lost devices by themselves (T11).
    ByLink,
    /// The union issues no letters.
    NoLetters,
    /// The person has no letter.
    NoLetter,
    /// The user ID breaks the union's rules; the reason, in Japanese.
    BadUserId(String),
    /// The user ID is somebody else's.
    Taken,
    /// The mail can't be sent again.
    Mail(WhyNot),
    /// The act needs another pair of eyes.
    Risky(Box<Risky>),
}

/// The reason why a mail can't be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// A code belongs to a sign-in; the next one sends another.
    Code,
    /// It is on its way still.
    Waiting,
    /// It was handed over, and nothing of it is kept.
    Sent,
    /// Nothing of it is kept any more.
    Gone,
    /// The link is not needed any more.
    NotNeeded,
    /// The person has to be unlocked, or the account released, before.
    Shut,
    /// The last one went out a moment ago.
    TooSoon,
}

/// A reason for a second pair of eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    AddressChanged,
    UserIdChanged,
    ResetLately,
    ResetAndLetter,
    ManyResets,
    /// The person is a member of the union's staff, too.
    Colleague,
}

impl Risk {
    /// The words that staff read.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::AddressChanged => "30日以内にメールアドレスが変わっています",
            Self::UserIdChanged => "30日以内にユーザIDが変わっています",
            Self::ResetLately => "30日以内に認証方法を初期化しています",
            Self::ResetAndLetter => "7日以内に初期化と仮パスワードの再発行が重なります",
            Self::ManyResets => "この職員の初期化が24時間で10人を超えます",
            Self::Colleague => "対象の方がこの組合の職員です",
        }
    }
}

/// An act that waits for a second pair of eyes: what its author had found out when they asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risky {
    pub member: String,
    pub login: Option<LoginId>,
    /// The further item that the caller was asked. Every answer was right.
    pub caller_check: FurtherItem,
    pub risks: Vec<Risk>,
}

/// The item that is asked for beside name, number and birthdate, which stand on the card and which colleagues know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FurtherItem {
    /// 枝番
    Branch,
    /// 資格取得年月日
    AcquiredOn,
    /// The birthdate of another person of the household.
    FamilyBirthdate,
}

impl FurtherItem {
    pub const ALL: [Self; 3] = [Self::Branch, Self::AcquiredOn, Self::FamilyBirthdate];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::AcquiredOn => "acquired_on",
            Self::FamilyBirthdate => "family_birthdate",
        }
    }
}

impl From<HelpRefusal> for HelpError {
    fn from(refusal: HelpRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<sqlx::Error> for HelpError {
    fn from(error: sqlx::Error) -> Self {
        Self::Desk(error.into())
    }
}

impl HelpError {
    /// Returns the error of an act that an approval lets be done.
    fn declined(self) -> ExecuteError {
        match self {
            Self::Unknown => ExecuteError::Declined("gone"),
            Self::Done(_) => ExecuteError::Declined("done_already"),
            Self::Refused(_) => ExecuteError::Declined("not_possible"),
            Self::Desk(error) => ExecuteError::Desk(error),
            Self::Sending(error) => ExecuteError::Sending(error),
        }
    }
}
