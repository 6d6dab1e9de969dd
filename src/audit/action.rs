//! The acts that the trail records, by name.

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident $name:literal;)*) => {
        /// An act that the trail records. Its name is stored for ever and searched for, so it must not change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $action,)*
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$action),*];

            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }
        }
    };
}

actions! {
    SignInPassword "sign_in.password_accepted";
    SignInRefused "sign_in.refused";
    SignInComplete "sign_in.complete";
    Reauthenticated "reauthentication.complete";
    ReauthenticationRefused "reauthentication.refused";
    SignOut "sign_out";
    EmailCodeSent "email_code.sent";
    EmailCodeRefused "email_code.refused";
    BirthdateConfirmed "birthdate.confirmed";
    BirthdateRefused "birthdate.refused";
    Locked "account.locked";
    Unlocked "account.unlocked";
    AccountClosed "account.closed";
    AccountReopened "account.reopened";
    TermsAgreed "terms.agreed";
    AddressAsked "email_address.asked";
    AddressConfirmed "email_address.confirmed";
    UserIdChosen "user_id.chosen";
    MethodChosen "second_factor.chosen";
    PasswordChanged "password.changed";
    ResetAsked "password.reset_asked";
    PasswordReset "password.reset";
    UserIdAsked "user_id.asked";
    FactorsReset "second_factors.reset";
    Registered "account.registered";
    SessionsEnded "sessions.ended";
    /// A token that had been replaced came back.
    TokenCopied "session.token_copied";
    BrowserMet "browser.met";
    TotpAdded "totp.added";
    TotpRefused "totp.refused";
    PasskeyAdded "passkey.added";
    PasskeyOfferDeclined "passkey.offer_declined";
    DeviceDeleted "device.deleted";
    UserIdChanged "user_id.changed";
    PasskeyRefused "passkey.refused";
    RecoveryCodesMade "recovery_codes.made";
    RecoveryCodeRefused "recovery_code.refused";
    LettersIssued "letters.issued";
    MailRetried "mail.retried";
    MembersImported "members.imported";
    /// An operator looked a person up.
    MemberShown "member.shown";
    ExpensesImported "expenses.imported";
    ExpensesPublished "expenses.published";
    ExpensesWithdrawn "expenses.withdrawn";
    /// A subscriber hides their own expenses from the household, or shows them again.
    ExpensesHidden "expenses.hidden";
    ExpensesShown "expenses.shown";
    UpdateMailChosen "update_mail.chosen";
    /// A cookie, code or link was presented that belongs to another union.
    ForeignRefused "foreign.refused";
    /// Staff asked for something that their rights don't allow.
    AuthzDenied "authz.denied";
    /// Staff searched for people.
    PeopleSearched "person.search";
    /// Staff opened a list of people.
    PeopleListed "person.list";
    /// Staff opened a person's page.
    PersonViewed "person.view";
    MedicalDataViewed "medical.view";
    TrailRead "audit.read";
    StaffInvited "staff.invite";
    /// The mail went out again, with another link.
    StaffInvitationResent "staff.invitation_resent";
    /// An invited person set up their login.
    StaffAccepted "staff.accept";
    StaffSuspended "staff.suspend";
    StaffListed "staff.list";
    StaffViewed "staff.view";
    StaffGranted "staff.grant";
    StaffRevoked "staff.revoke";
    /// A staff member begins anew, with another invitation.
    StaffReinvited "staff.reinvite";
    StaffReviewed "staff.review";
    TermsViewed "terms.view";
    /// Staff wrote, changed or deleted a draft.
    TermsDrafted "terms.draft";
    TermsPublished "terms.publish";
    PolicyViewed "policy.view";
    PolicyChanged "policy.change";
    ReportsRead "report.view";
    /// Staff took the numbers of people away as a file.
    ReportsExported "report.export";
    /// Staff took a part of the trail away as a file.
    TrailExported "audit.export";
    /// A second staff member let it happen.
    TrailExportAllowed "audit.export_allowed";
    /// An operator compared the trail with its seals.
    TrailVerified "audit.verify";
    /// Staff put their name under an alert.
    AlertSeen "audit.alert_seen";
    ApprovalRequested "approval.request";
    ApprovalViewed "approval.view";
    ApprovalGranted "approval.grant";
    ApprovalRefused "approval.refuse";
    /// The person who asked takes a request back.
    ApprovalWithdrawn "approval.withdraw";
    /// Nobody answered a request in time.
    ApprovalExpired "approval.expire";
    /// A request can't be granted any more: what it was about has changed, or its author may not do it.
    ApprovalVoid "approval.void";
    /// Staff opened the page of an act on a person.
    HelpOpened "help.opened";
    /// The same, of an act that replaces credentials.
    ReplacementOpened "replacement.opened";
    CallerChecked "caller.checked";
    /// Three callers in a day did not know who they said they were.
    TelephoneClosed "caller.telephone_closed";
    /// Staff had a mail sent again, with another link if it had one.
    MailResent "mail.resent";
    /// Staff ordered a letter with other first credentials.
    LetterOrdered "letter.ordered";
    /// A letter came back, and its credentials died.
    LetterReturned "letter.returned";
    AccountHeld "account.held";
    AccountReleased "account.released";
    /// The person said that an act of staff was none of theirs, and their account was held.
    NotMeReported "account.not_me";
}

impl Action {
    /// Reads a name as it is stored.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }

    /// The part of the name before the dot. Actions on one thing share it.
    #[must_use]
    pub fn category(self) -> &'static str {
        self.name().split_once('.').map_or(self.name(), |(category, _)| category)
    }

    /// Returns how the act ended, as the action itself tells.
    #[must_use]
    pub const fn outcome(self) -> ActOutcome {
        match self {
            Self::SignInRefused
            | Self::ReauthenticationRefused
            | Self::EmailCodeRefused
            | Self::BirthdateRefused
            | Self::TotpRefused
            | Self::PasskeyRefused
            | Self::RecoveryCodeRefused
            | Self::ForeignRefused
            | Self::AuthzDenied => ActOutcome::Refused,
            _ => ActOutcome::Ok,
        }
    }
}

/// The result of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActOutcome {
    Ok,
    /// The actor was not allowed to do it, or gave a wrong proof.
    Refused,
    /// It began, but did not succeed.
    Failed,
}

impl ActOutcome {
    pub const ALL: [Self; 3] = [Self::Ok, Self::Refused, Self::Failed];

    /// Reads a name as it is stored.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_action_is_found_by_its_own_name() {
        let names: HashSet<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(Action::parse(action.name()), Some(*action));
        }
        assert_eq!(Action::parse("sign_in"), None);
        assert_eq!(Action::SignInComplete.category(), "sign_in");
        assert_eq!(Action::SignOut.category(), "sign_out");
    }
}
