//! The credentials that a password is checked against, as the database keeps them, and the count of tries at them.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::first::{First, InitialCredential, Secret};
use super::user_id::UserId;
use crate::auth::context::Context;
use crate::auth::guard::throttle::{ClientPlace, SIGN_IN_ADDRESS, SIGN_IN_NETWORK, SIGN_IN_NOBODY};
use crate::base::ids::{LoginId, TenantId, TermsId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::tenant::policy::FirstSignInRules;

/// The credentials of one login.
#[derive(Debug)]
pub struct Credentials<R> {
    pub(in crate::auth) login: LoginId<R>,
    pub(in crate::auth) email: Option<String>,
    pub(in crate::auth) password_hash: Option<String>,
    pub(in crate::auth) password_set_at: Option<DateTime<Utc>>,
    /// True if the person has agreed to the terms in force.
    pub(in crate::auth) terms: bool,
    /// The first credential of a subscriber who has no password of their own yet.
    pub(in crate::auth) first: Option<First>,
    pub(in crate::auth) lost_on: Option<NaiveDate>,
    /// True if nobody may sign in until staff release the account.
    pub(in crate::auth) held: bool,
    locked: bool,
    /// True if the lock came from tries of strangers, not of a browser in which the person had signed in. Such a lock
    /// leaves the person's known browsers open.
    lock_spares_known: bool,
}

impl<R> Credentials<R> {
    /// Returns true if the person may not come in from such a browser. A person who has signed in in a browser before
    /// is not locked out of it by others who guess elsewhere.
    pub(in crate::auth) const fn are_locked(&self, known: bool) -> bool {
        self.locked && !(known && self.lock_spares_known)
    }

    /// The person's own password, or else the first credential.
    pub(in crate::auth) fn secret(&self, policy: &FirstSignInRules) -> Secret {
        match (&self.password_hash, &self.first) {
            (Some(own), _) => Secret::Hash(own.clone()),
            (None, Some(first)) => first.secret(policy),
            (None, None) => Secret::Nothing,
        }
    }
}

/// The browser and the place that a try at a password comes from.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth) struct TrySource<'s> {
    pub browser: &'s PlainToken,
    pub place: &'s ClientPlace,
    /// True if the union has a try left for browsers that nobody knows.
    pub union_has_tries: bool,
}

/// The credentials of a user ID, and what has become of a try at them.
#[derive(Debug)]
pub(in crate::auth) struct CountedTry<R> {
    /// `None` if nobody has the user ID.
    pub credentials: Option<Credentials<R>>,
    /// True if the person has signed in in this browser before.
    pub known: bool,
    /// False if the place or the union has no try left; then nothing was counted.
    pub admitted: bool,
    /// The number of tries in a row, this one included, from strangers or from this known browser. `None` if the
    /// person has none left or is locked, or if there is no such person.
    pub failures: Option<i16>,
}

/// Reads the credentials of a user ID without a try at them.
pub(super) async fn read<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    user_id: &UserId,
) -> Result<Option<Credentials<R>>, sqlx::Error> {
    Ok(read_and_count(tx, cx, Some(user_id), None).await?.credentials)
}

/// Reads the credentials of a user ID and counts a try at them before it is checked, so that fifty at once are fifty: one
/// statement and the same work for everybody, so that the time it takes does not tell who has a login (L1).
///
/// A browser in which the person has signed in before takes no try of its place, and has a count of its own, so that
/// strangers' wrong tries don't use it up. From any other browser, the place pays first (L2). The login is held from the
/// beginning, as in every transaction that changes it, so that no two of them wait for each other in a circle.
///
/// A formula takes symbol and number as they stood on the policy's day.
pub(in crate::auth) async fn read_and_count<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    user_id: Option<&UserId>,
    source: Option<TrySource<'_>>,
) -> Result<CountedTry<R>, sqlx::Error> {
    let policy = &cx.tenant.config;
    let formula = policy.first_sign_in.formula.as_ref();
    let numbers_as_of = formula.and_then(|rule| rule.numbers_as_of).unwrap_or(cx.clock.today());
    let user_id = user_id.map(UserId::as_str);
    let place = source.map(|source| source.place);
    let network = place.and_then(|place| place.network.as_deref());
    let row = sqlx::query_as!(
        CredentialsRow,
        r#"with held as (
               select id, email, password_hash, password_set_at, closed_at,
                      coalesce(locked_at, second_factor_locked_at) is not null as locked,
                      lock_spares_known_browsers and second_factor_locked_at is null
                          as lock_spares_known, held_at is not null as is_held
               from logins
               where tenant_id = $1 and realm = $2 and user_id = $3
               for no key update
           ), asked as (
               select h.*, s.initial_credential, s.initial_password_hash, s.initial_issued_at,
                      n.symbol, n.number, m.branch, m.birthdate, m.lost_on,
                      s.login_id is null or exists (select from terms_agreements g
                              where g.tenant_id = $1 and g.realm = $2 and g.login_id = h.id
                                and g.terms_id = $5) as terms,
                      exists (select from known_browsers k
                              where k.tenant_id = $1 and k.realm = $2 and k.login_id = h.id
                                and k.token_hash = $6) as known
               from held h
               left join subscribers s
                   on s.tenant_id = $1 and s.realm = $2 and s.login_id = h.id
               left join members m on m.tenant_id = $1 and m.code = s.member_code
               left join lateral (
                   select symbol, number from household_numbers n
                   where n.tenant_id = $1 and n.household_code = m.household_code
                   -- The newest on the day; before the first, the first.
                   order by n.valid_from > $4, abs(n.valid_from - $4) limit 1
               ) n on true
               -- A subscriber's time ends by the loss of eligibility, which the sign-in tells of.
               where s.login_id is not null or h.closed_at is null
           ), address as (
               insert into throttles as t (tenant_id, realm, bucket, key_hash, full_at)
               select $1, $2, $8, $9, $10::bigint + $11::bigint
               where $7 and not exists (select from asked where known)
               on conflict (tenant_id, realm, bucket, key_hash) do update
               set full_at = greatest(t.full_at, $10) + $11
               where greatest(t.full_at, $10) + $11 <= $10 + $12::bigint
               returning true
           ), network as (
               insert into throttles as t (tenant_id, realm, bucket, key_hash, full_at)
               select $1, $2, $13, $14, $10 + $15::bigint from address where $14::bytea is not null
               on conflict (tenant_id, realm, bucket, key_hash) do update
               set full_at = greatest(t.full_at, $10) + $15
               where greatest(t.full_at, $10) + $15 <= $10 + $16::bigint
               returning true
           ), admitted as (
               select true as yes where exists (select from asked where known)
                   or exists (select from address)
                      and ($14 is null or exists (select from network))
           ), counted as (
               update logins l
               set password_failures = l.password_failures + 1, password_tried_at = $21
               from asked a, admitted
               where l.tenant_id = $1 and l.realm = $2 and l.id = a.id and not a.known
                 and l.locked_at is null and l.second_factor_locked_at is null
                 and l.password_failures < $17::int
               returning l.password_failures as failures
           ), counted_for_browser as (
               update known_browsers k set failures = k.failures + 1, tried_at = $21
               from asked a, admitted
               where k.tenant_id = $1 and k.realm = $2 and k.login_id = a.id and k.token_hash = $6
                 and a.known and (not a.locked or a.lock_spares_known)
                 and k.failures < $17::int
               returning k.failures
           ), tried as (
               select failures from counted union all select failures from counted_for_browser
           -- A try that counts for nobody writes a row as well.
           ), nobody as (
               insert into throttles as t (tenant_id, realm, bucket, key_hash, full_at)
               select $1, $2, $18, $19, $10 + $20::bigint from admitted
               where not exists (select from tried)
               on conflict (tenant_id, realm, bucket, key_hash) do update
               set full_at = greatest(t.full_at, $10) + $20
           )
           select exists (select from admitted) as "admitted!",
                  (select failures from tried) as failures,
                  a.id as "id?", a.email as "email?", a.password_hash as "password_hash?",
                  a.password_set_at as "password_set_at?",
                  a.initial_credential as "initial_credential?: InitialCredential",
                  a.initial_password_hash as "initial_password_hash?",
                  a.initial_issued_at as "initial_issued_at?",
                  coalesce(a.locked, false) as "locked!",
                  coalesce(a.lock_spares_known, false) as "lock_spares_known!",
                  coalesce(a.is_held, false) as "held!",
                  a.symbol as "symbol?", a.number as "number?", a.branch as "branch?",
                  a.birthdate as "birthdate?", a.lost_on as "lost_on?",
                  coalesce(a.terms, false) as "terms!", coalesce(a.known, false) as "known!"
           from (select true) as one left join asked a on true"#,
        tx.tenant() as TenantId,
        R::NAME,
        user_id,
        numbers_as_of,
        cx.tenant.terms.in_force(cx.clock.now()).id as TermsId,
        source.map(|source| source.browser.hashed().to_vec()),
        source.is_some_and(|source| source.union_has_tries),
        SIGN_IN_ADDRESS.name(),
        place.map(|place| SIGN_IN_ADDRESS.hash(&place.address)),
        cx.clock.now().timestamp_micros(),
        SIGN_IN_ADDRESS.refill(),
        SIGN_IN_ADDRESS.capacity(),
        SIGN_IN_NETWORK.name(),
        network.map(|network| SIGN_IN_NETWORK.hash(network)),
        SIGN_IN_NETWORK.refill(),
        SIGN_IN_NETWORK.capacity(),
        i32::from(policy.sign_in.lock_after),
        SIGN_IN_NOBODY.name(),
        SIGN_IN_NOBODY.hash(user_id.unwrap_or_default()),
        SIGN_IN_NOBODY.refill(),
        cx.clock.now()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(row.counted())
}

struct CredentialsRow {
    admitted: bool,
    failures: Option<i16>,
    id: Option<Uuid>,
    email: Option<String>,
    password_hash: Option<String>,
    password_set_at: Option<DateTime<Utc>>,
    initial_credential: Option<InitialCredential>,
    initial_password_hash: Option<String>,
    initial_issued_at: Option<DateTime<Utc>>,
    locked: bool,
    lock_spares_known: bool,
    held: bool,
    symbol: Option<String>,
    number: Option<String>,
    branch: Option<String>,
    birthdate: Option<NaiveDate>,
    lost_on: Option<NaiveDate>,
    terms: bool,
    known: bool,
}

impl CredentialsRow {
    fn counted<R>(self) -> CountedTry<R> {
        let Self { known, admitted, failures, .. } = self;
        CountedTry { credentials: self.credentials(), known, admitted, failures }
    }

    fn credentials<R>(self) -> Option<Credentials<R>> {
        let id = self.id?;
        let person = self.symbol.zip(self.number).zip(self.branch).zip(self.birthdate);
        let first = self.initial_credential.zip(person).filter(|_| self.password_hash.is_none());
        Some(Credentials {
            login: LoginId::from_uuid(id),
            email: self.email,
            password_set_at: self.password_set_at,
            terms: self.terms,
            first: first.map(|(credential, (((symbol, number), branch), birthdate))| First {
                login: LoginId::from_uuid(id),
                credential,
                password_hash: self.initial_password_hash,
                issued_at: self.initial_issued_at,
                symbol,
                number,
                branch,
                birthdate,
            }),
            password_hash: self.password_hash,
            lost_on: self.lost_on,
            held: self.held,
            locked: self.locked,
            lock_spares_known: self.lock_spares_known,
        })
    }
}
