//! The acts of staff. Each is a type, which says the right that it needs and its name on the trail.
//!
//! A function of a room that serves staff takes the [`Desk`](super::desk::Desk) of its act, so that there is no way in
//! without the right, and none that the trail doesn't tell of.

use super::right::Right;
use crate::audit::Action;

/// One thing that staff do.
pub trait Act {
    const RIGHT: Right;
    const ACTION: Action;
    const LINE: LineOrder = LineOrder::BeforeAct;
    const OWN_DATA: OwnData = OwnData::Closed;
}

/// The rule for staff who are insured at their own union and act on people they are close to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnData {
    /// The act is refused about the staff member's own household, and about a colleague if nobody else looks at it
    /// ([`super::approval`]).
    Closed,
    /// The act shows nothing that a colleague at the next desk would not see.
    Open,
}

/// When the line of an act is written, within the transaction of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOrder {
    /// Nobody looks or changes anything before the line is there.
    BeforeAct,
    /// The line tells what came of the act, and the trail's lines can't be changed. Nothing leaves the transaction
    /// before the line is there.
    AfterAct,
}

macro_rules! flag {
    (AfterAct) => {
        const LINE: LineOrder = LineOrder::AfterAct;
    };
    (OwnDataToo) => {
        const OWN_DATA: OwnData = OwnData::Open;
    };
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident: $right:ident, $action:ident $(, $flag:ident)*;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl Act for $name {
                const RIGHT: Right = Right::$right;
                const ACTION: Action = Action::$action;
                $(flag!($flag);)*
            }
        )*

        /// Every act, by its name.
        pub const ALL: &[(&str, Right, Action)] =
            &[$((stringify!($name), Right::$right, Action::$action)),*];

        /// Says of every act, by its name, if staff may do it about their own household and about colleagues.
        pub const OF_OWN_DATA: &[(&str, OwnData)] =
            &[$((stringify!($name), <$name as Act>::OWN_DATA)),*];
    };
}

acts! {
    /// Looks for people; what was typed is not kept, only its kind and how many were found.
    SearchPeople: SeePeople, PeopleSearched, AfterAct, OwnDataToo;
    /// Opens a list of people for whom there is something to do.
    ListWork: SeePeople, PeopleListed, AfterAct, OwnDataToo;
    /// Opens a person's page.
    ViewPerson: SeePeople, PersonViewed, OwnDataToo;
    /// Reads a person's medical data. The line tells which months were read.
    ViewMedicalData: SeeMedicalData, MedicalDataViewed, AfterAct;
    /// Opens the page of an act that helps a person.
    OpenHelp: HelpPeople, HelpOpened, OwnDataToo;
    /// Opens the page of an act that replaces a person's credentials.
    OpenReplacement: ReplaceCredentials, ReplacementOpened, OwnDataToo;
    /// Lets a person who is locked out try again.
    Unlock: HelpPeople, Unlocked, AfterAct;
    /// Signs a person out everywhere.
    EndSessions: HelpPeople, SessionsEnded, AfterAct;
    /// Compares what a caller says with what the union knows.
    CheckCaller: HelpPeople, CallerChecked, AfterAct, OwnDataToo;
    /// 初期化対応
    ResetFactors: ReplaceCredentials, FactorsReset, AfterAct;
    /// Orders a letter with other first credentials.
    OrderLetter: ReplaceCredentials, LetterOrdered, AfterAct;
    /// Notes that a letter came back.
    NoteReturnedLetter: HelpPeople, LetterReturned, AfterAct;
    /// Gives a person the user ID that they should have had.
    CorrectUserId: HelpPeople, UserIdChanged, AfterAct;
    /// Keeps everybody out of an account.
    Hold: HelpPeople, AccountHeld, AfterAct;
    /// Opens an account again that was held.
    Release: HelpPeople, AccountReleased, AfterAct;
    /// Has a mail sent again.
    ResendMail: HelpPeople, MailResent, AfterAct;
    /// Reads the trail; its line tells by which filters, and how many lines were shown.
    ReadTrail: ReadTrail, TrailRead, AfterAct, OwnDataToo;
    /// Takes a part of the trail away as a file.
    ExportTrail: ExportTrail, TrailExported, AfterAct, OwnDataToo;
    /// Gets leave to take away more lines than one person may by themselves.
    AllowExport: ExportTrail, TrailExportAllowed, OwnDataToo;
    /// Puts their name under an alert.
    ConfirmAlert: ReadTrail, AlertSeen;
    /// Opens a request that waits for a second pair of eyes, with what it is about.
    ViewApproval: Approve, ApprovalViewed, OwnDataToo;
    /// Lets a requested act be done.
    GrantApproval: Approve, ApprovalGranted;
    RefuseApproval: Approve, ApprovalRefused;
    /// Lists the union's staff.
    ListStaff: ManageStaff, StaffListed, OwnDataToo;
    /// Opens a staff member's page.
    ViewStaff: ManageStaff, StaffViewed, OwnDataToo;
    InviteStaff: ManageStaff, StaffInvited, AfterAct;
    /// Mails another link to an invited person.
    ResendInvitation: ManageStaff, StaffInvitationResent;
    /// Gives roles, rights or a longer time in office.
    GrantRights: ManageStaff, StaffGranted, AfterAct;
    /// Takes them away.
    RevokeRights: ManageStaff, StaffRevoked, AfterAct;
    SuspendStaff: ManageStaff, StaffSuspended, AfterAct;
    /// Invites a staff member anew who has lost their password or second factor.
    ReinviteStaff: ManageStaff, StaffReinvited, AfterAct;
    /// Confirms an account in the quarterly review.
    ReviewStaff: ManageStaff, StaffReviewed, AfterAct;
    /// Opens the versions and drafts of the terms, and who agreed.
    ViewTerms: SeePeople, TermsViewed;
    /// Writes, changes or deletes a draft of the terms.
    DraftTerms: Draft, TermsDrafted, AfterAct;
    PublishTerms: Publish, TermsPublished, AfterAct;
    /// Opens the settings that the union may change, and their versions.
    ViewPolicy: ChangePolicy, PolicyViewed;
    ChangePolicy: ChangePolicy, PolicyChanged, AfterAct;
    /// Reads the numbers of people by group.
    ReadReports: SeePeople, ReportsRead;
    /// Takes them away as a file.
    ExportReports: SeePeople, ReportsExported;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_acts_are_one_on_the_trail() {
        let actions: HashSet<_> = ALL.iter().map(|(_, _, action)| action.name()).collect();
        assert_eq!(actions.len(), ALL.len());
    }
}
