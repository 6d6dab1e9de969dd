//! The acts that the trail records, by name.

/// An act that the trail records. Its name is stored for ever and searched for, so it must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    SignInPassword,
    SignInRefused,
    SignInComplete,
    Reauthenticated,
    ReauthenticationRefused,
    SignOut,
    EmailCodeSent,
    EmailCodeRefused,
    BirthdateConfirmed,
    BirthdateRefused,
    Locked,
    Unlocked,
    AccountClosed,
    AccountReopened,
    TermsAgreed,
    AddressAsked,
    AddressConfirmed,
    UserIdChosen,
    MethodChosen,
    PasswordChanged,
    ResetAsked,
    PasswordReset,
    UserIdAsked,
    FactorsReset,
    Registered,
    SessionsEnded,
    /// A token that had been replaced came back.
    TokenCopied,
    BrowserMet,
    TotpAdded,
    TotpRefused,
    PasskeyAdded,
    PasskeyOfferDeclined,
    DeviceDeleted,
    UserIdChanged,
    PasskeyRefused,
    RecoveryCodesMade,
    RecoveryCodeRefused,
    LettersIssued,
    MailRetried,
    MembersImported,
    /// An operator looked a person up.
    MemberShown,
    ExpensesImported,
    ExpensesPublished,
    ExpensesWithdrawn,
    /// A subscriber hides their own expenses from the household, or shows them again.
    ExpensesHidden,
    ExpensesShown,
    UpdateMailChosen,
    /// A cookie, code or link was presented that belongs to another union.
    ForeignRefused,
    /// Staff asked for something that their rights don't allow.
    AuthzDenied,
    /// Staff searched for people.
    PeopleSearched,
    /// Staff opened a person's page.
    PersonViewed,
    MedicalDataViewed,
    TrailRead,
    StaffInvited,
    /// The mail went out again, with another link.
    StaffInvitationResent,
    StaffSuspended,
    ApprovalRequested,
    ApprovalViewed,
    ApprovalGranted,
    ApprovalRefused,
    /// The person who asked takes a request back.
    ApprovalWithdrawn,
    /// Nobody answered a request in time.
    ApprovalExpired,
    /// A request can't be granted any more: what it was about has changed, or its author may not do it.
    ApprovalVoid,
}

impl Action {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignInPassword => "sign_in.password_accepted",
            Self::SignInRefused => "sign_in.refused",
            Self::SignInComplete => "sign_in.complete",
            Self::Reauthenticated => "reauthentication.complete",
            Self::ReauthenticationRefused => "reauthentication.refused",
            Self::SignOut => "sign_out",
            Self::EmailCodeSent => "email_code.sent",
            Self::EmailCodeRefused => "email_code.refused",
            Self::BirthdateConfirmed => "birthdate.confirmed",
            Self::BirthdateRefused => "birthdate.refused",
            Self::Locked => "account.locked",
            Self::Unlocked => "account.unlocked",
            Self::AccountClosed => "account.closed",
            Self::AccountReopened => "account.reopened",
            Self::TermsAgreed => "terms.agreed",
            Self::AddressAsked => "email_address.asked",
            Self::AddressConfirmed => "email_address.confirmed",
            Self::UserIdChosen => "user_id.chosen",
            Self::MethodChosen => "second_factor.chosen",
            Self::PasswordChanged => "password.changed",
            Self::ResetAsked => "password.reset_asked",
            Self::PasswordReset => "password.reset",
            Self::UserIdAsked => "user_id.asked",
            Self::FactorsReset => "second_factors.reset",
            Self::Registered => "account.registered",
            Self::SessionsEnded => "sessions.ended",
            Self::TokenCopied => "session.token_copied",
            Self::BrowserMet => "browser.met",
            Self::TotpAdded => "totp.added",
            Self::TotpRefused => "totp.refused",
            Self::PasskeyAdded => "passkey.added",
            Self::PasskeyOfferDeclined => "passkey.offer_declined",
            Self::DeviceDeleted => "device.deleted",
            Self::UserIdChanged => "user_id.changed",
            Self::PasskeyRefused => "passkey.refused",
            Self::RecoveryCodesMade => "recovery_codes.made",
            Self::RecoveryCodeRefused => "recovery_code.refused",
            Self::LettersIssued => "letters.issued",
            Self::MailRetried => "mail.retried",
            Self::MembersImported => "members.imported",
            Self::MemberShown => "member.shown",
            Self::ExpensesImported => "expenses.imported",
            Self::ExpensesPublished => "expenses.published",
            Self::ExpensesWithdrawn => "expenses.withdrawn",
            Self::ExpensesHidden => "expenses.hidden",
            Self::ExpensesShown => "expenses.shown",
            Self::UpdateMailChosen => "update_mail.chosen",
            Self::ForeignRefused => "foreign.refused",
            Self::AuthzDenied => "authz.denied",
            Self::PeopleSearched => "person.search",
            Self::PersonViewed => "person.view",
            Self::MedicalDataViewed => "medical.view",
            Self::TrailRead => "audit.read",
            Self::StaffInvited => "staff.invite",
            Self::StaffInvitationResent => "staff.invitation_resent",
            Self::StaffSuspended => "staff.suspend",
            Self::ApprovalRequested => "approval.request",
            Self::ApprovalViewed => "approval.view",
            Self::ApprovalGranted => "approval.grant",
            Self::ApprovalRefused => "approval.refuse",
            Self::ApprovalWithdrawn => "approval.withdraw",
            Self::ApprovalExpired => "approval.expire",
            Self::ApprovalVoid => "approval.void",
        }
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
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}
