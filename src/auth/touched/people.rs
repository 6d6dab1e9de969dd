//! Members and their accounts, as the rules look at them.

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::stream::BoxStream;

use crate::auth::credentials::first::{InitialCredential, is_in_time};
use crate::auth::credentials::user_id::UserId;
use crate::auth::eligibility::Loss;
use crate::auth::session::life::expires_at;
use crate::base::ids::TenantId;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::tenant::policy::{PasswordRules, SecondFactor, TenantConfig, UserIdRules};

/// A member, with the login where there is one.
pub(super) struct MemberFacts {
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
pub(super) fn all(tx: &mut TenantTx) -> BoxStream<'_, Result<MemberFacts, sqlx::Error>> {
    sqlx::query_as!(
        MemberFacts,
        r#"select h.insurer_number, m.lost_on, l.user_id as "user_id?",
                  l.password_hash is not null as "registered!",
                  s.initial_credential as "initial_credential: InitialCredential",
                  s.initial_issued_at as "initial_issued_at?",
                  l.password_set_at as "password_set_at?",
                  coalesce(l.password_failures, 0::smallint) as "password_failures!",
                  coalesce(l.locked_at, l.second_factor_locked_at) is not null as "locked!",
                  l.second_factor as "second_factor: SecondFactor",
                  l.email_confirmed_at is not null as "address!",
                  exists (select from mail_preferences p
                          where p.tenant_id = $1 and p.login_id = s.login_id
                            and p.kind = 'expenses' and not p.wanted) as "refuses_mail!",
                  exists (select from devices d
                          where d.tenant_id = $1 and d.realm = $2 and d.login_id = l.id
                            and d.kind = 'totp') as "apps!",
                  exists (select from devices d
                          where d.tenant_id = $1 and d.realm = $2 and d.login_id = l.id
                            and d.kind = 'passkey') as "passkeys!",
                  exists (select from recovery_codes c
                          where c.tenant_id = $1 and c.realm = $2 and c.login_id = l.id
                            and c.used_at is null) as "codes!"
           from members m
           join households h on h.tenant_id = m.tenant_id and h.code = m.household_code
           left join subscribers s on s.tenant_id = m.tenant_id and s.member_code = m.code
           left join logins l
             on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
           where m.tenant_id = $1"#,
        tx.tenant() as TenantId,
        Subscribers::NAME
    )
    .fetch(tx.conn())
}

impl MemberFacts {
    pub(super) fn has_login(&self) -> bool {
        self.user_id.is_some()
    }

    /// Returns true if the person has a login but no password of their own yet.
    pub(super) fn is_newcomer(&self) -> bool {
        self.has_login() && !self.registered
    }

    pub(super) fn has_first(&self, credential: InitialCredential) -> bool {
        self.is_newcomer() && self.initial_credential == Some(credential)
    }

    /// Returns true if the first credential opens the portal today.
    pub(super) fn is_let_in(&self, policy: &TenantConfig, today: NaiveDate) -> bool {
        let first = self.initial_credential.filter(|_| self.is_newcomer());
        first.is_some_and(|first| {
            is_in_time(&policy.first_sign_in, first, self.initial_issued_at, today)
        })
    }

    pub(super) fn is_over(&self, policy: &TenantConfig, today: NaiveDate) -> bool {
        let loss = Loss::of(&policy.after_loss, self.lost_on, today);
        self.has_login() && loss.is_some_and(|loss| loss.is_closed(today))
    }

    pub(super) fn password_is_old(&self, rules: &PasswordRules, now: DateTime<Utc>) -> bool {
        let until = self.password_set_at.and_then(|set| expires_at(rules.max_age_years, set));
        until.is_some_and(|until| until <= now)
    }

    pub(super) fn may_choose_own_id(&self, rules: &UserIdRules) -> bool {
        self.user_id.as_deref().is_some_and(|id| UserId::choose(rules, id).is_ok())
    }
}
