//! The entry of a person whose password was right, in one statement. It resets the count of wrong passwords, ends the
//! earlier session, begins the new one, remembers the browser, writes the trail, and gives the place its try back.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::audit::Action;
use crate::auth::credentials::stored::Credentials;
use crate::auth::guard::throttle::{
    self, ClientPlace, SIGN_IN_ADDRESS, SIGN_IN_NETWORK, SIGN_IN_PERSON,
};
use crate::auth::guard::tries::PasswordInput;
use crate::base::clock::Clock;
use crate::base::ids::{EventId, LoginId, SessionId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// A person whose password was right.
pub(super) struct Entry<'e, R> {
    pub found: &'e Credentials<R>,
    pub given: &'e PasswordInput<'e>,
    /// True if the person has signed in in this browser before.
    pub known: bool,
    /// The place that gets its try back.
    pub paid_by: Option<&'e ClientPlace>,
    pub begins: Begins<R>,
}

/// The session that a right password begins.
pub(super) enum Begins<R> {
    /// No session begins, since the person's time is over (T12), or the account is held.
    Nothing(NoSession),
    Session {
        /// The browser's earlier session, which ends.
        earlier: Option<SessionId<R>>,
        remember_until: Option<DateTime<Utc>>,
        /// True if the union asks for no more: then the browser is known from now on, and nobody asks for the password
        /// again a moment later (S4).
        whole: bool,
    },
}

/// The reason why a right password begins no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoSession {
    Closed,
    Held,
}

/// The result of an entry.
pub(super) enum Entered<R> {
    /// The credentials have changed meanwhile, or the person is locked. The caller must drop the transaction.
    Outdated,
    /// The person has signed in too often. Only the count of wrong passwords was reset.
    TooOften,
    /// All is written. The transaction goes on in the name of the person.
    Begun(Begun<R>),
}

/// A session that has begun, unless the entry was to begin none.
pub(super) struct Begun<R> {
    pub session: SessionId<R>,
    pub token: PlainToken,
    /// True if the person has never signed in in this browser before.
    pub browser_is_new: bool,
}

impl<R: Realm> Entry<'_, R> {
    /// Writes the entry. The password was checked before this transaction began, so the statement first locks the login,
    /// and writes nothing unless the credentials are still the same. A change of them waits until this transaction has
    /// ended, and then sees the session that it began.
    pub(super) async fn write(
        &self,
        tx: &mut TenantTx,
        clock: &Clock,
    ) -> Result<Entered<R>, sqlx::Error> {
        let Self { found, given, known, .. } = *self;
        let login: LoginId<R> = found.login;
        let (session, token) = (SessionId::<R>::new(clock), PlainToken::random());
        let unknown = tx.actor().clone();
        let (begins, earlier, remember_until, whole) = match self.begins {
            Begins::Nothing(_) => (false, None, None, false),
            Begins::Session { earlier, remember_until, whole } => {
                (true, earlier, remember_until, whole)
            }
        };
        let (actor, action, detail) = match self.begins {
            Begins::Session { .. } => {
                (unknown.signed_in(login, session), Action::SignInPassword, json!({}))
            }
            Begins::Nothing(NoSession::Closed) => {
                (unknown, Action::SignInRefused, json!({ "closed": true }))
            }
            Begins::Nothing(NoSession::Held) => {
                (unknown, Action::SignInRefused, json!({ "held": true }))
            }
        };
        let address = given.client.address.map(|address| address.to_string());
        let network = self.paid_by.and_then(|place| place.network.as_deref());
        let row = sqlx::query!(
            r#"with held as (
                   update logins set password_failures = 0
                   where tenant_id = $1 and realm = $2 and id = $3
                     and password_hash is not distinct from $4
                     and second_factor_locked_at is null
                     -- Staff leave by the closing of their login; a subscriber's end is told below.
                     and ($2 <> 'staff' or closed_at is null)
                     and (locked_at is null or ($5 and lock_spares_known_browsers))
                     -- An account that is held begins nothing, and its person is told so.
                     and (held_at is null or not $14::boolean)
                   returning id
               ), let_in as (
                   insert into throttles as t (tenant_id, realm, bucket, key_hash, full_at)
                   select $1, $2, $8, $9, $33::bigint + $10::bigint from held
                   on conflict (tenant_id, realm, bucket, key_hash) do update
                   set full_at = greatest(t.full_at, $33) + $10
                   where greatest(t.full_at, $33) + $10 <= $33 + $11::bigint
                   returning true
               ), forgiven as (
                   update known_browsers k
                   set failures = 0,
                       last_seen_at = case when k.token_hash = $6 and $12::boolean
                                                and exists (select from let_in)
                                           then $7 else k.last_seen_at end
                   from held h
                   where k.tenant_id = $1 and k.realm = $2 and k.login_id = h.id
                     and (k.failures > 0 or k.token_hash = $6)
               ), met as (
                   insert into known_browsers (tenant_id, realm, login_id, token_hash,
                                               first_seen_at, last_seen_at)
                   select $1, $2, $3, $6, $7, $7 from let_in where $12 and not $5
                   on conflict do nothing
                   returning true
               ), ended as (
                   update sessions set ended_at = $7 from let_in
                   where tenant_id = $1 and realm = $2 and id = $13 and ended_at is null
               ), begun as (
                   insert into sessions (tenant_id, realm, id, login_id, token_hash, token_at,
                                         created_at, last_seen_at, remember_until, remote_address,
                                         user_agent, browser_hash, reauthenticated_at)
                   select $1, $2, $15, $3, $16, $7, $7, $7, $17, $18, $19, $6,
                          case when $12 then $7 end
                   from let_in where $14::boolean returning true
               ), noted as (
                   insert into audit_events (tenant_id, id, at, actor_kind, actor_id, actor_label,
                                             actor_roles, session_id, remote_address, user_agent,
                                             request_id, action, subject_login, outcome, detail)
                   select $1, $20, $7, $21, $22, $23, $24, $25, $18, $19, $26, $27, $3, $28, $29
                   from let_in returning true
               ), address_back as (
                   update throttles t set full_at = t.full_at - $31::bigint from let_in
                   where t.tenant_id = $1 and t.realm = $2 and t.bucket = $30
                     and t.key_hash = $32::bytea
                   returning true
               -- The network comes after the address, as where tries are counted, so that no two wait in a circle.
               ), network_back as (
                   update throttles t set full_at = t.full_at - $35::bigint from address_back
                   where t.tenant_id = $1 and t.realm = $2 and t.bucket = $34
                     and t.key_hash = $36::bytea
               )
               select exists (select from held) as "held!", exists (select from let_in) as "let_in!",
                      exists (select from met) as "browser_is_new!""#,
            tx.tenant() as TenantId,
            R::NAME,
            login.0,
            found.password_hash,
            known,
            given.browser.hashed().to_vec(),
            clock.now(),
            SIGN_IN_PERSON.name(),
            SIGN_IN_PERSON.hash(&throttle::person(login, known)),
            SIGN_IN_PERSON.refill(),
            SIGN_IN_PERSON.capacity(),
            whole,
            earlier.map(|earlier| earlier.0),
            begins,
            session.0,
            token.hashed().to_vec(),
            remember_until,
            address,
            given.client.user_agent,
            EventId::new(clock).0,
            actor.kind.name(),
            actor.id,
            actor.label,
            &actor.roles,
            actor.session,
            actor.request.map(|request| request.0),
            action.name(),
            action.outcome().name(),
            detail,
            SIGN_IN_ADDRESS.name(),
            SIGN_IN_ADDRESS.refill(),
            self.paid_by.map(|place| SIGN_IN_ADDRESS.hash(&place.address)),
            clock.now().timestamp_micros(),
            SIGN_IN_NETWORK.name(),
            SIGN_IN_NETWORK.refill(),
            network.map(|network| SIGN_IN_NETWORK.hash(network))
        )
        .fetch_one(tx.conn())
        .await?;
        if !row.held {
            return Ok(Entered::Outdated);
        }
        if !row.let_in {
            return Ok(Entered::TooOften);
        }
        if let Some(first) = &found.first
            && !first.still_holds(tx).await?
        {
            return Ok(Entered::Outdated);
        }
        tx.goes_on_as(actor);
        let browser_is_new = row.browser_is_new;
        Ok(Entered::Begun(Begun { session, token, browser_is_new }))
    }
}
