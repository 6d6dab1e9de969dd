//! The facts of a subscriber's account, as staff see them: no secret, and no hash of one.

use chrono::{DateTime, Utc};

use crate::auth::credentials::first::InitialCredential;
use crate::auth::credentials::login::HoldCause;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::mail::history::ReturnReport;
use crate::tenant::policy::SecondFactor;

/// A subscriber's account.
#[derive(Debug, Clone)]
pub struct Account {
    pub login: LoginId,
    pub user_id: String,
    /// The address the person confirmed, or else the one the union knows.
    pub email: Option<String>,
    pub email_confirmed: bool,
    /// The address the union knew, where the person confirmed another.
    pub former_email: Option<String>,
    /// Another login of the union has the address, too: a family's.
    pub shares_email: bool,
    /// Mail to the address comes back.
    pub returned: Option<ReturnReport>,
    pub registered_at: Option<DateTime<Utc>>,
    /// The person has a password of their own.
    pub has_password: bool,
    pub second_factor: Option<SecondFactor>,
    /// The person has a device for that method.
    pub has_device: bool,
    pub locked_at: Option<DateTime<Utc>>,
    /// The lock leaves the browsers open in which the person has signed in before.
    pub lock_spares_known_browsers: bool,
    pub second_factor_locked_at: Option<DateTime<Utc>>,
    /// The account is held: nobody signs in until staff release it.
    pub held_at: Option<DateTime<Utc>>,
    /// The person had it held, with 「心当たりがない」.
    pub held_by_person: bool,
    /// Staff reset the factors, and the person has not set up another one since.
    pub factors_reset: bool,
    pub closed_at: Option<DateTime<Utc>>,
    pub(super) first: Option<InitialCredential>,
    pub(super) issued_at: Option<DateTime<Utc>>,
    pub(super) unprinted: Option<UnprintedLetter>,
}

/// A letter that is not in any file yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnprintedLetter {
    pub made_at: DateTime<Utc>,
    /// False once its password was thrown away, since nobody had it printed.
    pub can_be_printed: bool,
}

/// Returns the account of a member, if they have one.
pub async fn find(tx: &mut TenantTx, member_code: &str) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select l.id as "id: LoginId", l.user_id, l.email,
                  l.email_confirmed_at is not null as "email_confirmed!", l.former_email,
                  exists (select from logins o
                          where o.tenant_id = $1 and o.email = l.email and o.realm = $2
                            and o.id <> l.id) as "shares_email!",
                  f.at as "returned_at?", f.detail as "returned_detail?", l.registered_at,
                  l.password_set_at is not null as "has_password!",
                  l.second_factor as "second_factor: SecondFactor",
                  exists (select from devices d
                          where d.tenant_id = $1 and d.realm = $2 and d.login_id = l.id
                            and d.kind = l.second_factor) as "has_device!",
                  l.locked_at,
                  l.lock_spares_known_browsers, l.second_factor_locked_at, l.held_at,
                  l.held_cause is not distinct from $4 as "held_by_person!",
                  l.factors_reset_at is not null as "factors_reset!", l.closed_at,
                  s.initial_credential as "first: InitialCredential", s.initial_issued_at,
                  w.issued_at as "made_at?", w.key_id is not null as "can_be_printed!"
           from subscribers s
           join logins l on l.tenant_id = $1 and l.realm = $2 and l.id = s.login_id
           left join email_failures f on f.tenant_id = $1 and f.email = l.email
           left join letters w on w.tenant_id = $1 and w.member_code = s.member_code
           where s.tenant_id = $1 and s.member_code = $3"#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        member_code,
        HoldCause::NotMe.name()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Account {
        login: row.id,
        user_id: row.user_id,
        email: row.email,
        email_confirmed: row.email_confirmed,
        former_email: row.former_email,
        shares_email: row.shares_email,
        returned: row
            .returned_at
            .zip(row.returned_detail)
            .map(|(at, detail)| ReturnReport { at, detail }),
        registered_at: row.registered_at,
        has_password: row.has_password,
        second_factor: row.second_factor,
        has_device: row.has_device,
        locked_at: row.locked_at,
        lock_spares_known_browsers: row.lock_spares_known_browsers,
        second_factor_locked_at: row.second_factor_locked_at,
        held_at: row.held_at,
        held_by_person: row.held_by_person,
        factors_reset: row.factors_reset,
        closed_at: row.closed_at,
        first: row.first,
        issued_at: row.initial_issued_at,
        unprinted: row
            .made_at
            .map(|made_at| UnprintedLetter { made_at, can_be_printed: row.can_be_printed }),
    }))
}
