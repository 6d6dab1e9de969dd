//! The append-only trail of a union: who did what, and when.
//!
//! A line is written in the transaction of what it tells of, so that neither is without the other.

use serde_json::Value;

use crate::base::clock::Clock;
use crate::base::ids::{EventId, LoginId, TenantId};
use crate::db::TenantTx;

/// What happened; the words stay the same for ever, since people search for them.
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
    /// A token that was in use before came back.
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
    /// A person keeps theirs from the household, or shares them again.
    ExpensesHidden,
    ExpensesShown,
    UpdateMailChosen,
    /// Something was shown that is nothing of this union's.
    ForeignRefused,
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
        }
    }
}

/// Writes a line. `detail` carries ids and counts, never names, addresses or codes.
///
/// # Errors
/// The database's.
pub async fn record(
    tx: &mut TenantTx,
    clock: &Clock,
    action: Action,
    account: Option<LoginId>,
    detail: Value,
) -> Result<(), sqlx::Error> {
    record_of(tx, clock, action, account, detail).await
}

/// [`record`] for a login of whichever realm.
///
/// # Errors
/// The database's.
pub async fn record_of<R>(
    tx: &mut TenantTx,
    clock: &Clock,
    action: Action,
    login: Option<LoginId<R>>,
    detail: Value,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_events (tenant_id, id, at, action, account_id, detail)
         values ($1, $2, $3, $4, $5, $6)",
        tx.tenant() as TenantId,
        EventId::new(clock) as EventId,
        clock.now(),
        action.name(),
        login.map(|login| login.0),
        detail
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Writes the same line for each of many people, in one statement.
///
/// # Errors
/// The database's.
pub async fn record_each(
    tx: &mut TenantTx,
    clock: &Clock,
    action: Action,
    subjects: &[LoginId],
    detail: Value,
) -> Result<(), sqlx::Error> {
    let ids: Vec<_> = subjects.iter().map(|_| EventId::new(clock).0).collect();
    let subjects: Vec<_> = subjects.iter().map(|login| login.0).collect();
    sqlx::query!(
        "insert into audit_events (tenant_id, id, at, action, account_id, detail)
         select $1, id, $2, $3, login, $4 from unnest($5::uuid[], $6::uuid[]) as line (id, login)",
        tx.tenant() as TenantId,
        clock.now(),
        action.name(),
        detail,
        &ids,
        &subjects
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
