//! Sessions: a random token in the browser, its hash in the database.
//!
//! A session begins with the right password and is renewed (a new token, the old one dead) when a
//! second factor is proved. It ends by sign-out, by rest, or by age.

pub mod activity;
mod lookup;
mod proof;
mod token;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::lookup::find;
pub(in crate::auth) use self::lookup::read;
pub(in crate::auth) use self::lookup::{Life, expires_at, rests};
pub(in crate::auth) use self::proof::{
    Proof, owes_proof, prove, prove_by_password, prove_password,
};
pub(in crate::auth) use self::token::renew;
use crate::audit::{self, Action};
use crate::auth::eligibility::Loss;
use crate::auth::factor::email_code;
use crate::auth::journey::{self, Address, Facts, Progress, Step};
use crate::auth::links;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId};
use crate::base::month::Month;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// When a session was last used is noted once a minute, not at every request.
pub(in crate::auth) const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How many sign-ins a person may have begun and not finished, on whatever machines.
const MOST_UNFINISHED: i64 = 3;
/// How long a re-authentication is good for (S4).
pub const FRESH_FOR: TimeDelta = TimeDelta::minutes(5);

/// A living session and whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    pub id: SessionId,
    pub account: LoginId,
    /// The union's own code of the person.
    pub member_code: String,
    pub household_code: String,
    /// The person's name, as the union knows it.
    pub name: String,
    pub user_id: String,
    /// Where the person has lost eligibility (T12).
    pub loss: Option<Loss>,
    /// The address the person confirmed, or else the one the union knows.
    pub email: Option<String>,
    /// Whether mail to it came back.
    email_failed: bool,
    /// Set while the person has a recovery code that was not used.
    pub has_recovery_codes: bool,
    pub(in crate::auth) passkey_offer_answered: bool,
    /// Until when the browser keeps the session though it is closed (L11).
    pub remember_until: Option<DateTime<Utc>>,
    /// When the own password was set.
    pub password_set_at: Option<DateTime<Utc>>,
    reauthenticated_at: Option<DateTime<Utc>>,
    reauth_password_at: Option<DateTime<Utc>>,
    /// Since when the second factor is asked for again.
    lapsed_at: Option<DateTime<Utc>>,
    /// In place of the token that it was found by.
    pub rotated: Option<PlainToken>,
    facts: Facts,
}

/// What a token turned out to be.
#[derive(Debug, Clone)]
pub enum Lookup {
    Living(Box<Session>),
    /// It rested too long or grew too old (L9).
    Expired,
    /// The session goes on under a newer token: a double click's second request.
    Superseded {
        session: SessionId,
        account: LoginId,
    },
    /// It was never ours, or was ended.
    Unknown,
}

impl Session {
    /// What the person has to do next.
    #[must_use]
    pub fn next_step(&self, policy: &TenantConfig) -> Step {
        journey::next(policy, self.facts)
    }

    /// How far the first sign-in is.
    #[must_use]
    pub fn progress(&self, policy: &TenantConfig) -> Option<Progress> {
        journey::progress(policy, self.facts, self.next_step(policy))
    }

    /// The second factor this person proves; `None` where the union asks for none.
    #[must_use]
    pub fn method(&self, policy: &TenantConfig) -> Option<SecondFactor> {
        let asked = !policy.sign_in.second_factors.is_empty();
        asked.then(|| journey::method(policy, self.facts))
    }

    /// The address the person confirmed.
    #[must_use]
    pub fn confirmed_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.facts.address == Address::Confirmed)
    }

    /// The person's address, where mail to it came back.
    #[must_use]
    pub fn failed_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_failed)
    }

    /// Whether the person proved a moment ago who it is.
    #[must_use]
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.reauthenticated_at.is_some_and(|at| now - at <= FRESH_FOR)
    }

    /// Whether the password of a re-authentication was right a moment ago.
    #[must_use]
    pub fn password_is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.reauth_password_at.is_some_and(|at| now - at <= FRESH_FOR)
    }

    /// Since when the person, who came back after a rest, owes the second factor again (L11).
    #[must_use]
    pub fn lapsed_at(&self) -> Option<DateTime<Utc>> {
        self.lapsed_at
    }

    /// The last month of treatment that the person may see; `None`: whatever comes.
    #[must_use]
    pub fn last_month(&self) -> Option<Month> {
        self.loss.map(|loss| loss.last_month())
    }

    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

/// What a session begins with.
#[derive(Debug)]
pub(in crate::auth) struct Beginning<'b> {
    pub account: LoginId,
    pub remember_until: Option<DateTime<Utc>>,
    pub client: &'b Client,
    /// What the browser is known by later.
    pub browser: &'b PlainToken,
    /// Whether all was proved by now that the union asks for (S4).
    pub whole: bool,
}

/// Begins a session for a person whose password, or whose passkey, was right.
pub(in crate::auth) async fn begin(
    tx: &mut TenantTx,
    clock: &Clock,
    beginning: Beginning<'_>,
) -> Result<(SessionId, PlainToken), sqlx::Error> {
    let Beginning { account, remember_until, client, browser, whole } = beginning;
    let (id, token) = (SessionId::new(clock), PlainToken::random());
    sqlx::query!(
        "insert into sessions (id, account_id, token_hash, token_at, created_at, last_seen_at,
                               remember_until, remote_address, user_agent, browser_hash,
                               reauthenticated_at)
         values ($1, $2, $3, $4, $4, $4, $5, $6, $7, $8, $9)",
        id as SessionId,
        account as LoginId,
        token.hashed().to_vec(),
        clock.now(),
        remember_until,
        client.address.map(|address| address.to_string()),
        client.user_agent,
        browser.hashed().to_vec(),
        whole.then(|| clock.now())
    )
    .execute(tx.conn())
    .await?;
    Ok((id, token))
}

/// Returns true if a token that is not in use any more was one of this union's.
///
/// # Errors
/// The database's.
pub async fn was_ours(tx: &mut TenantTx, token: &PlainToken) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions where token_hash = $1)
               or exists (select from sessions where previous_token_hash = $1)
               or exists (select from retired_tokens where token_hash = $1) as "ours!""#,
        token.hashed().to_vec()
    )
    .fetch_one(tx.conn())
    .await
}

/// Makes room for one more sign-in that is not complete: of a person's others only the newest go on, and codes that
/// have not gone out for those that end never will. Those in known browsers and those elsewhere are counted apart, so
/// that a stranger who knows the password ends none of the person's own.
pub(in crate::auth) async fn end_unfinished(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
    known_browser: bool,
) -> Result<(), sqlx::Error> {
    let ended = sqlx::query_scalar!(
        r#"with unfinished as (
               select s.id, row_number() over (order by s.created_at desc, s.id desc) as place
               from sessions s
               where s.account_id = $1 and s.ended_at is null and s.second_factor_at is null
                 and $4 = exists (select from known_browsers k
                                  where k.tenant_id = s.tenant_id and k.account_id = s.account_id
                                    and k.token_hash = s.browser_hash)
           )
           update sessions set ended_at = $3
           where account_id = $1
             and id in (select id from unfinished where place >= $2)
           returning id as "id: SessionId""#,
        account as LoginId,
        MOST_UNFINISHED,
        clock.now(),
        known_browser
    )
    .fetch_all(tx.conn())
    .await?;
    email_code::drop_unsent(tx, clock, &ended).await
}

/// Notes that the first own password was set in this session. `whole`: the union asks for no more, so
/// that nobody asks for that password again a moment later (S4).
pub(in crate::auth) async fn note_registration(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
    whole: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions
         set registered_at = $2,
             reauthenticated_at = case when $3 then $2 else reauthenticated_at end
         where id = $1",
        session as SessionId,
        clock.now(),
        whole
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Locks the account whose session a token is: whoever proves, locks or ends takes the account first,
/// so that none waits for the other in a circle.
pub(in crate::auth) async fn lock_account_of(
    tx: &mut TenantTx,
    token: &PlainToken,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select a.id from accounts a
         join sessions s on s.tenant_id = a.tenant_id and s.account_id = a.id
         where s.token_hash = $1 or s.previous_token_hash = $1
         for update of a",
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await
    .map(drop)
}

/// Locks an account, whose owner may have no session.
pub(in crate::auth) async fn lock_account_by_id(
    tx: &mut TenantTx,
    account: LoginId,
) -> Result<(), sqlx::Error> {
    sqlx::query!("select from accounts where id = $1 for update", account as LoginId)
        .fetch_one(tx.conn())
        .await
        .map(drop)
}

/// Locks the account whose session it is.
async fn lock_account(tx: &mut TenantTx, session: SessionId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "select a.id from accounts a
         join sessions s on s.tenant_id = a.tenant_id and s.account_id = a.id
         where s.id = $1 for update of a",
        session as SessionId
    )
    .fetch_one(tx.conn())
    .await
    .map(drop)
}

/// Whether a session still lives, which it does until this transaction ends: whatever takes time
/// between finding it and changing something asks again.
pub(in crate::auth) async fn still_lives(
    tx: &mut TenantTx,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    lock_account(tx, session).await?;
    sqlx::query_scalar!(
        r#"select ended_at is null as "lives!" from sessions where id = $1 for update"#,
        session as SessionId
    )
    .fetch_one(tx.conn())
    .await
}

/// Ends a session; ending it again changes nothing. Whether it lived.
///
/// # Errors
/// The database's.
pub async fn end(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId,
) -> Result<bool, sqlx::Error> {
    let ended = sqlx::query!(
        "update sessions set ended_at = $2 where id = $1 and ended_at is null",
        session as SessionId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(ended.rows_affected() > 0)
}

/// Ends every session of an account but `keep` (L7), and kills the link that one of them may have
/// asked for; how many lived.
///
/// # Errors
/// The database's.
pub async fn end_others(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
    keep: Option<SessionId>,
) -> Result<u64, sqlx::Error> {
    lock_account_by_id(tx, account).await?;
    links::kill(tx, clock, account).await?;
    let ended = sqlx::query!(
        "update sessions set ended_at = $3
         where account_id = $1 and ended_at is null and id is distinct from $2",
        account as LoginId,
        keep as Option<SessionId>,
        clock.now()
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    if ended > 0 {
        let detail = serde_json::json!({ "ended": ended, "kept": keep });
        audit::record(tx, clock, Action::SessionsEnded, Some(account), detail).await?;
    }
    Ok(ended)
}

/// Locks an account until staff unlock it, and ends all that was begun with it. `by` names what
/// went wrong too often.
pub(in crate::auth) async fn lock(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
    by: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update accounts
         set locked_at = coalesce(locked_at, $2), lock_spares_known_browsers = false
         where id = $1",
        account as LoginId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({ "by": by });
    audit::record(tx, clock, Action::Locked, Some(account), detail).await?;
    end_others(tx, clock, account, None).await.map(drop)
}
