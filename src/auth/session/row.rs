//! The look-up of a token in the database: one query serves both realms.

use chrono::{DateTime, NaiveDate, Utc};

use super::judgement::{Newest, TokenRow};
use super::life::Life;
use super::living::Session;
use crate::auth::context::Context;
use crate::auth::eligibility::Loss;
use crate::auth::journey::staff::Office;
use crate::auth::journey::{Address, Facts};
use crate::auth::people::{Owner, People};
use crate::auth::staff::right::Rights;
use crate::base::ids::{LoginId, SessionId, TenantId, TermsId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// A session as the database has it, before its token is judged.
pub(super) struct FoundSession<R: People> {
    pub token_row: TokenRow,
    pub session: Session<R>,
}

struct SessionRow {
    id: uuid::Uuid,
    login: uuid::Uuid,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    remember_until: Option<DateTime<Utc>>,
    reauthenticated_at: Option<DateTime<Utc>>,
    reauth_password_at: Option<DateTime<Utc>>,
    second_factor: bool,
    owes_address: bool,
    second_factor_lapsed_at: Option<DateTime<Utc>>,
    newest: bool,
    token_at: DateTime<Utc>,
    token_shown: bool,
    token_rotated: bool,
    first_session: bool,
    user_id: String,
    email: Option<String>,
    email_confirmed: bool,
    email_failed: bool,
    asked: bool,
    birthdate: bool,
    user_id_chosen: bool,
    terms: bool,
    own_password: bool,
    password_set_at: Option<DateTime<Utc>>,
    method: Option<SecondFactor>,
    set_up: bool,
    recovery_codes: bool,
    passkey_offer_answered: bool,
    member_code: Option<String>,
    household_code: Option<String>,
    name: String,
    lost_on: Option<NaiveDate>,
    accepted_at: Option<DateTime<Utc>>,
    suspended_at: Option<DateTime<Utc>>,
    leaves_on: Option<NaiveDate>,
    roles: Option<Vec<String>>,
    extra_rights: Option<Vec<String>>,
}

/// Finds the session that bears a token, or bore it before its newest, unless it has ended.
///
/// Staff have no first sign-in of a subscriber's, so all that it asks for counts as done. Their session is not found
/// while they are not in office, or once their login was closed by hand; a subscriber's ends by the loss of eligibility,
/// which is judged with the session's life.
pub(super) async fn find<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Option<FoundSession<R>>, sqlx::Error> {
    let row = sqlx::query_as!(
        SessionRow,
        r#"select s.id, s.login_id as login, s.created_at,
                  s.last_seen_at, s.remember_until, s.reauthenticated_at,
                  s.reauth_password_at, s.second_factor_at is not null as "second_factor!",
                  l.factors_reset_at is not null and s.address_proved_at is null as "owes_address!",
                  s.second_factor_lapsed_at, s.token_hash = $3 as "newest!", s.token_at,
                  s.token_shown, s.token_rotated, s.registered_at is not null as "first_session!",
                  l.user_id, l.email, l.email_confirmed_at is not null as "email_confirmed!",
                  exists (select from email_failures f
                          where f.tenant_id = $1 and f.email = l.email) as "email_failed!",
                  w.login_id is null and l.email_confirmed_at is null and exists (
                      select from email_confirmations c
                      where c.tenant_id = $1 and c.realm = $2 and c.login_id = l.id) as "asked!",
                  w.login_id is not null or p.birthdate_confirmed_at is not null as "birthdate!",
                  w.login_id is not null or p.user_id_chosen_at is not null as "user_id_chosen!",
                  w.login_id is not null or exists (
                      select from terms_agreements g
                      where g.tenant_id = $1 and g.realm = $2 and g.login_id = l.id
                        and g.terms_id = $4) as "terms!",
                  w.login_id is not null or l.password_set_at is not null as "own_password!",
                  l.password_set_at, l.second_factor as "method: SecondFactor",
                  case when s.second_factor_at is not null then true else exists (
                      select from devices d
                      where d.tenant_id = $1 and d.realm = $2 and d.login_id = l.id
                        and d.kind = l.second_factor)
                  end as "set_up!",
                  exists (select from recovery_codes r
                          where r.tenant_id = $1 and r.realm = $2 and r.login_id = l.id
                            and r.used_at is null) as "recovery_codes!",
                  l.passkey_offer_answered_at is not null as "passkey_offer_answered!",
                  p.member_code as "member_code?", m.household_code as "household_code?",
                  coalesce(m.name, w.name) as "name!", m.lost_on as "lost_on?",
                  w.accepted_at as "accepted_at?", w.suspended_at as "suspended_at?",
                  w.leaves_on as "leaves_on?", w.roles as "roles?", w.extra_rights as "extra_rights?"
           from sessions s
           join logins l on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
           left join subscribers p
               on p.tenant_id = l.tenant_id and p.realm = l.realm and p.login_id = l.id
           left join members m on m.tenant_id = p.tenant_id and m.code = p.member_code
           left join staff w on w.tenant_id = l.tenant_id and w.realm = l.realm and w.login_id = l.id
           where s.tenant_id = $1 and s.realm = $2
             and (s.token_hash = $3 or s.previous_token_hash = $3)
             and s.ended_at is null and l.held_at is null
             and (m.code is not null or w.login_id is not null and l.closed_at is null)"#,
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec(),
        cx.tenant.terms.in_force(cx.clock.now()).id as TermsId
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| row.found(cx)))
}

impl SessionRow {
    fn found<R: People>(self, cx: Context<'_>) -> Option<FoundSession<R>> {
        let (policy, now, today) = (&cx.tenant.config, cx.clock.now(), cx.clock.today());
        let loss = Loss::of(&policy.after_loss, self.lost_on, today);
        let office = Office {
            accepted_at: self.accepted_at,
            suspended_at: self.suspended_at,
            leaves_on: self.leaves_on,
        };
        let rights = self.roles.zip(self.extra_rights);
        let rights = rights.and_then(|(roles, extra)| Rights::of_names(&roles, &extra));
        let owner = match self.member_code.zip(self.household_code) {
            Some((code, household_code)) => Owner::Member { code, household_code, loss },
            None => Owner::Staff { in_office: office.is_held(today), rights },
        };
        let token_row = TokenRow {
            is_newest: self.newest,
            newest: Newest {
                at: self.token_at,
                shown: self.token_shown,
                rotated: self.token_rotated,
            },
            life: Life {
                created_at: self.created_at,
                last_seen_at: self.last_seen_at,
                remember_until: self.remember_until,
                second_factor: self.second_factor,
                password_set_at: self.password_set_at,
                lost_on: self.lost_on,
            },
            lapsed_at: self.second_factor_lapsed_at,
            reauth_password_at: self.reauth_password_at,
        };
        let address = match (self.email_confirmed, self.asked) {
            (true, _) => Address::Confirmed,
            (false, true) => Address::Asked,
            (false, false) => Address::None,
        };
        let password_ends = token_row.life.password_ends(&R::session_rules(policy));
        let session = Session {
            id: SessionId::from_uuid(self.id),
            login: LoginId::from_uuid(self.login),
            name: self.name,
            user_id: self.user_id,
            person: R::person(owner)?,
            email: self.email,
            email_failed: self.email_failed,
            has_recovery_codes: self.recovery_codes,
            passkey_offer_answered: self.passkey_offer_answered,
            remember_until: self.remember_until,
            password_set_at: self.password_set_at,
            reauthenticated_at: self.reauthenticated_at,
            reauth_password_at: self.reauth_password_at,
            lapsed_at: self.second_factor_lapsed_at,
            rotated: None,
            facts: Facts {
                birthdate: self.birthdate,
                terms: self.terms,
                address,
                user_id: self.user_id_chosen,
                own_password: self.own_password,
                password_expired: password_ends.is_some_and(|at| at <= now),
                first_session: self.first_session,
                method: self.method,
                set_up: self.set_up,
                owes_address: self.owes_address,
                second_factor: self.second_factor && self.second_factor_lapsed_at.is_none(),
            },
        };
        Some(FoundSession { token_row, session })
    }
}
