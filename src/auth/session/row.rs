//! What the database knows of a token: one query a realm.

use chrono::{DateTime, NaiveDate, Utc};

use super::judgement::{Newest, Standing};
use super::life::Life;
use super::living::Session;
use crate::auth::context::Context;
use crate::auth::eligibility::Loss;
use crate::auth::journey::{Address, Facts};
use crate::auth::people::{People, Subscriber};
use crate::base::ids::{LoginId, SessionId, TenantId, TermsId};
use crate::base::realm::{Realm as _, Staff, Subscribers};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

/// A realm whose people have sessions.
pub trait HasSessions: People + Sized {
    /// The session that bears a token, or bore it before its newest, unless it has ended.
    fn session(
        tx: &mut TenantTx,
        cx: Context<'_>,
        token: &PlainToken,
    ) -> impl Future<Output = Result<Option<Found<Self>>, sqlx::Error>> + Send;
}

/// A session as it was found: the same as it will go on, but for what is judged.
pub struct Found<R: People> {
    pub(super) standing: Standing,
    pub(super) session: Session<R>,
}

struct SubscriberRow {
    id: SessionId,
    login: LoginId,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    remember_until: Option<DateTime<Utc>>,
    reauthenticated_at: Option<DateTime<Utc>>,
    reauth_password_at: Option<DateTime<Utc>>,
    second_factor: bool,
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
    password_set_at: Option<DateTime<Utc>>,
    method: Option<SecondFactor>,
    set_up: bool,
    recovery_codes: bool,
    passkey_offer_answered: bool,
    member_code: String,
    household_code: String,
    name: String,
    lost_on: Option<NaiveDate>,
}

impl HasSessions for Subscribers {
    async fn session(
        tx: &mut TenantTx,
        cx: Context<'_>,
        token: &PlainToken,
    ) -> Result<Option<Found<Self>>, sqlx::Error> {
        let row = sqlx::query_as!(
            SubscriberRow,
            r#"select s.id as "id: SessionId", s.login_id as "login: LoginId", s.created_at,
                      s.last_seen_at, s.remember_until, s.reauthenticated_at,
                      s.reauth_password_at, s.second_factor_at is not null as "second_factor!",
                      s.second_factor_lapsed_at, s.token_hash = $3 as "newest!", s.token_at,
                      s.token_shown, s.token_rotated, s.registered_at is not null as "first_session!",
                      l.user_id, l.email, l.email_confirmed_at is not null as "email_confirmed!",
                      exists (select from email_failures f
                              where f.tenant_id = $1 and f.email = l.email) as "email_failed!",
                      l.email_confirmed_at is null and exists (
                          select from email_confirmations c
                          where c.tenant_id = $1 and c.realm = $2 and c.login_id = l.id) as "asked!",
                      p.birthdate_confirmed_at is not null as "birthdate!",
                      p.user_id_chosen_at is not null as "user_id_chosen!",
                      exists (select from terms_agreements g
                              where g.tenant_id = $1 and g.realm = $2 and g.login_id = l.id
                                and g.terms_id = $4) as "terms!",
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
                      p.member_code, m.household_code, m.name, m.lost_on
               from sessions s
               join logins l on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
               join subscribers p on p.tenant_id = l.tenant_id and p.login_id = l.id
               join members m on m.tenant_id = p.tenant_id and m.code = p.member_code
               where s.tenant_id = $1 and s.realm = $2
                 and (s.token_hash = $3 or s.previous_token_hash = $3)
                 and s.ended_at is null"#,
            tx.tenant() as TenantId,
            Self::NAME,
            token.hashed().to_vec(),
            cx.tenant.terms.in_force(cx.clock.now()).id as TermsId
        )
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| row.found(cx)))
    }
}

impl SubscriberRow {
    fn found(self, cx: Context<'_>) -> Found<Subscribers> {
        let standing = Standing {
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
        let (policy, now) = (&cx.tenant.config, cx.clock.now());
        let password_ends = standing.life.password_ends(policy);
        Found {
            standing,
            session: Session {
                id: self.id,
                login: self.login,
                name: self.name,
                user_id: self.user_id,
                person: Subscriber {
                    member_code: self.member_code,
                    household_code: self.household_code,
                    loss: Loss::of(&policy.after_loss, self.lost_on, cx.clock.today()),
                },
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
                    own_password: self.password_set_at.is_some(),
                    password_expired: password_ends.is_some_and(|at| at <= now),
                    first_session: self.first_session,
                    method: self.method,
                    set_up: self.set_up,
                    second_factor: self.second_factor && self.second_factor_lapsed_at.is_none(),
                },
            },
        }
    }
}

impl HasSessions for Staff {
    /// Staff have no first sign-in of a subscriber's: what that asks for counts as done.
    async fn session(
        tx: &mut TenantTx,
        cx: Context<'_>,
        token: &PlainToken,
    ) -> Result<Option<Found<Self>>, sqlx::Error> {
        let row = sqlx::query!(
            r#"select s.id, s.login_id, s.created_at, s.last_seen_at, s.remember_until,
                      s.reauthenticated_at, s.reauth_password_at,
                      s.second_factor_at is not null as "second_factor!",
                      s.second_factor_lapsed_at, s.token_hash = $3 as "newest!", s.token_at,
                      s.token_shown, s.token_rotated,
                      l.user_id, l.email, l.email_confirmed_at is not null as "email_confirmed!",
                      exists (select from email_failures f
                              where f.tenant_id = $1 and f.email = l.email) as "email_failed!",
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
                      w.name
               from sessions s
               join logins l on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
               join staff w on w.tenant_id = l.tenant_id and w.realm = l.realm and w.login_id = l.id
               where s.tenant_id = $1 and s.realm = $2
                 and (s.token_hash = $3 or s.previous_token_hash = $3)
                 and s.ended_at is null and l.closed_at is null"#,
            tx.tenant() as TenantId,
            Self::NAME,
            token.hashed().to_vec()
        )
        .fetch_optional(tx.conn())
        .await?;
        Ok(row.map(|row| {
            let life = Life {
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                remember_until: row.remember_until,
                second_factor: row.second_factor,
                password_set_at: row.password_set_at,
                lost_on: None,
            };
            let password_ends = life.password_ends(&cx.tenant.config);
            let has_lapsed = row.second_factor_lapsed_at.is_some();
            Found {
                standing: Standing {
                    is_newest: row.newest,
                    newest: Newest {
                        at: row.token_at,
                        shown: row.token_shown,
                        rotated: row.token_rotated,
                    },
                    life,
                    lapsed_at: row.second_factor_lapsed_at,
                    reauth_password_at: row.reauth_password_at,
                },
                session: Session {
                    id: SessionId::from_uuid(row.id),
                    login: LoginId::from_uuid(row.login_id),
                    name: row.name,
                    user_id: row.user_id,
                    person: (),
                    email: row.email,
                    email_failed: row.email_failed,
                    has_recovery_codes: row.recovery_codes,
                    passkey_offer_answered: row.passkey_offer_answered,
                    remember_until: row.remember_until,
                    password_set_at: row.password_set_at,
                    reauthenticated_at: row.reauthenticated_at,
                    reauth_password_at: row.reauth_password_at,
                    lapsed_at: row.second_factor_lapsed_at,
                    rotated: None,
                    facts: Facts {
                        birthdate: true,
                        terms: true,
                        address: match row.email_confirmed {
                            true => Address::Confirmed,
                            false => Address::None,
                        },
                        user_id: true,
                        own_password: true,
                        password_expired: password_ends.is_some_and(|at| at <= cx.clock.now()),
                        first_session: false,
                        method: row.method,
                        set_up: row.set_up,
                        second_factor: row.second_factor && !has_lapsed,
                    },
                },
            }
        }))
    }
}
