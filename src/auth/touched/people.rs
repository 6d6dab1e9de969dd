//! Members and their accounts, as the rules look at them.

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::stream::BoxStream;

use crate::auth::credentials::account::InitialCredential;
use crate::auth::credentials::user_id::UserId;
use crate::auth::eligibility::Loss;
use crate::auth::session::expires_at;
use crate::auth::sign_in::is_in_time;
use crate::db::TenantTx;
use crate::tenant::policy::{PasswordRules, SecondFactor, TenantConfig, UserIdRules};

/// A member, with the account where there is one.
pub(super) struct Person {
    pub(super) insurer_number: String,
    pub(super) lost_on: Option<NaiveDate>,
    pub(super) user_id: Option<String>,
    pub(super) registered: bool,
    pub(super) initial_credential: Option<InitialCredential>,
    pub(super) initial_issued_at: Option<DateTime<Utc>>,
    pub(super) password_set_at: Option<DateTime<Utc>>,
    pub(super) password_failures: i16,
    pub(super) locked: bool,
    pub(super) second_factor: Option<SecondFactor>,
    pub(super) address: bool,
    pub(super) refuses_mail: bool,
    pub(super) apps: bool,
    pub(super) passkeys: bool,
    pub(super) codes: bool,
}

/// Every member of the union.
pub(super) fn all(tx: &mut TenantTx) -> BoxStream<'_, Result<Person, sqlx::Error>> {
    sqlx::query_as!(
        Person,
        r#"select h.insurer_number, m.lost_on, a.user_id as "user_id?",
                  a.password_hash is not null as "registered!",
                  a.initial_credential as "initial_credential: InitialCredential",
                  a.initial_issued_at as "initial_issued_at?",
                  a.password_set_at as "password_set_at?",
                  coalesce(a.password_failures, 0::smallint) as "password_failures!",
                  coalesce(a.locked_at, a.second_factor_locked_at) is not null as "locked!",
                  a.second_factor as "second_factor: SecondFactor",
                  a.email_confirmed_at is not null as "address!",
                  exists (select from mail_preferences p
                          where p.tenant_id = a.tenant_id and p.account_id = a.id
                            and p.kind = 'expenses' and not p.wanted) as "refuses_mail!",
                  exists (select from totp_devices t
                          where t.tenant_id = a.tenant_id and t.account_id = a.id) as "apps!",
                  exists (select from passkeys k
                          where k.tenant_id = a.tenant_id and k.account_id = a.id) as "passkeys!",
                  exists (select from recovery_codes c
                          where c.tenant_id = a.tenant_id and c.account_id = a.id
                            and c.used_at is null) as "codes!"
           from members m
           join households h on h.tenant_id = m.tenant_id and h.code = m.household_code
           left join accounts a on a.tenant_id = m.tenant_id and a.member_code = m.code"#
    )
    .fetch(tx.conn())
}

impl Person {
    pub(super) fn has_account(&self) -> bool {
        self.user_id.is_some()
    }

    /// Returns true for somebody who has an account but no password of their own yet.
    pub(super) fn is_newcomer(&self) -> bool {
        self.has_account() && !self.registered
    }

    pub(super) fn has_first(&self, credential: InitialCredential) -> bool {
        self.is_newcomer() && self.initial_credential == Some(credential)
    }

    /// Returns true where the first credential opens the portal today.
    pub(super) fn is_let_in(&self, policy: &TenantConfig, today: NaiveDate) -> bool {
        let first = self.initial_credential.filter(|_| self.is_newcomer());
        first.is_some_and(|first| {
            is_in_time(&policy.first_sign_in, first, self.initial_issued_at, today)
        })
    }

    pub(super) fn is_over(&self, policy: &TenantConfig, today: NaiveDate) -> bool {
        let loss = Loss::of(&policy.after_loss, self.lost_on, today);
        self.has_account() && loss.is_some_and(|loss| loss.is_closed(today))
    }

    pub(super) fn password_is_old(&self, rules: &PasswordRules, now: DateTime<Utc>) -> bool {
        let until = self.password_set_at.and_then(|set| expires_at(rules.max_age_years, set));
        until.is_some_and(|until| until <= now)
    }

    pub(super) fn may_choose_own_id(&self, rules: &UserIdRules) -> bool {
        self.user_id.as_deref().is_some_and(|id| UserId::choose(rules, id).is_ok())
    }
}
