//! Signing in by a passkey alone (L6): the browser finds it without a user ID, and it counts as both factors.
//!
//! The challenge stands in the page, sealed: there is no session yet to keep it with, and a page that is only looked at
//! writes nothing. It is bound to the union and the visit, and good for one answer.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::{DiscoverableAuthentication, PublicKeyCredential};

use super::kept::{find, note_use};
use super::relying_party::{PROOF, PasskeyError, relying_party};
use super::verdict::Verdict;
use crate::audit::{self, Action};
use crate::auth::context::SignIn;
use crate::auth::guard::foreign::Foreign;
use crate::auth::guard::throttle::ClientPlace;
use crate::auth::people::People;
use crate::auth::session::living::Lookup;
use crate::auth::session::store::Beginning;
use crate::auth::session::{lookup, proof, store};
use crate::auth::sign_in::SignInOutcome;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::realm::Realm;
use crate::base::sealed::{SealedValue, Sealer};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::tenant::directory::Tenant;

/// A challenge on a sign-in page can be answered for this long.
const LASTS: TimeDelta = TimeDelta::hours(1);

/// A challenge to the browser on a sign-in page.
#[derive(Debug, Serialize)]
pub struct Offer {
    /// For the browser, as JSON.
    pub options: String,
    /// The sealed challenge, which comes back with the answer.
    pub ticket: String,
}

/// The browser's visit that a challenge is made for.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'v> {
    pub sealer: &'v Sealer,
    pub clock: &'v Clock,
    pub tenant: &'v Tenant,
    /// A secret that only this visit has.
    pub secret: &'v str,
}

/// The answer that a browser sends.
#[derive(Debug)]
pub struct PasskeyAnswer<'a> {
    pub ticket: &'a str,
    /// The device's answer, as JSON.
    pub answer: &'a str,
    /// ログイン状態の保存 (L11)
    pub remember: bool,
    pub client: &'a Client,
    pub browser: &'a PlainToken,
}

#[derive(Serialize, Deserialize)]
struct Asked {
    at: DateTime<Utc>,
    state: DiscoverableAuthentication,
}

impl Visit<'_> {
    fn purpose<R: Realm>(&self) -> String {
        format!("passkey alone {} {} {}", R::NAME, self.tenant.id, self.secret)
    }

    /// Makes a new challenge.
    pub fn offer<R: People>(&self) -> Result<Offer, PasskeyError> {
        let (challenge, state) =
            relying_party::<R>(self.tenant)?.start_discoverable_authentication()?;
        let asked = serde_json::to_vec(&Asked { at: self.clock.now(), state })?;
        Ok(Offer {
            options: serde_json::to_string(&challenge.public_key)?,
            ticket: self.sealer.seal(&self.purpose::<R>(), &asked).to_text(),
        })
    }

    /// Opens a ticket, however old it is, if it was made for this very visit.
    fn unseal<R: Realm>(&self, sealed: &SealedValue) -> Option<Asked> {
        let plain = self.sealer.open(&self.purpose::<R>(), sealed).ok()?;
        serde_json::from_slice(&plain).ok()
    }

    /// Returns the challenge of a ticket, if it was made for this very visit and may still be answered.
    fn open<R: Realm>(&self, sealed: &SealedValue) -> Option<DiscoverableAuthentication> {
        let asked = self.unseal::<R>(sealed)?;
        (self.clock.now() - asked.at < LASTS).then_some(asked.state)
    }
}

impl SignIn<'_> {
    /// Signs in the owner of the passkey that answers. The browser's earlier session ends if a new one begins. The caller
    /// must run this to its end: the place pays for the answer before it is checked, and is paid back if it can't be.
    ///
    /// # Errors
    /// All of [`PasskeyError`]; then no session has begun.
    pub async fn with_passkey<R: People>(
        &self,
        visit: Visit<'_>,
        earlier: Option<SessionId<R>>,
        given: PasskeyAnswer<'_>,
    ) -> Result<SignInOutcome, PasskeyError> {
        let mut tx = self.db.tenant_unflushed(visit.tenant.id, self.actor).await?;
        let place = ClientPlace::of(given.client);
        if !place.take::<R>(&mut tx, self.clock).await? {
            // The address keeps its token if the network has none left.
            return Ok(SignInOutcome::TooMany);
        }
        tx.commit().await?;
        let outcome = self.check_paid(visit, earlier, &given, &place).await;
        if outcome.is_err() {
            self.pay_back::<R>(visit.tenant, &place).await;
        }
        outcome
    }

    /// Checks an answer for which its place has paid.
    async fn check_paid<R: People>(
        &self,
        visit: Visit<'_>,
        earlier: Option<SessionId<R>>,
        given: &PasskeyAnswer<'_>,
        place: &ClientPlace,
    ) -> Result<SignInOutcome, PasskeyError> {
        let mut tx = self.db.tenant(visit.tenant.id, self.actor).await?;
        let ticket = SealedValue::parse(given.ticket);
        let is_ours = ticket.as_ref().is_some_and(|ticket| visit.unseal::<R>(ticket).is_some());
        let asked = ticket.and_then(|ticket| Some((visit.open::<R>(&ticket)?, ticket)));
        let answer = serde_json::from_str::<PublicKeyCredential>(given.answer).ok();
        let Some(((asked, ticket), answer)) = asked.zip(answer) else {
            tx.commit().await?;
            if !is_ours {
                self.note_foreign::<R>(visit.tenant, given.client, Foreign::Passkey).await?;
            }
            return Ok(SignInOutcome::Refused);
        };
        let (verdict, login) = match is_first::<R>(&mut tx, self.clock, &ticket).await? {
            true => self.check::<R>(&mut tx, visit.tenant, asked, &answer).await?,
            false => (Verdict::Wrong, None),
        };
        let reason = if let Verdict::Signed(reason) = verdict { Some(reason) } else { None };
        let right = matches!(verdict, Verdict::Right(_));
        // Only a right answer gives its try back: one that was signed once could be sent again and again.
        if right {
            place.give_back::<R>(&mut tx).await?;
        }
        let Some(login) = login.filter(|_| right) else {
            let detail = serde_json::json!({ "alone": true, "reason": reason });
            audit::record_of(&mut tx, self.clock, Action::PasskeyRefused, login, detail).await?;
            tx.commit().await?;
            return Ok(SignInOutcome::Refused);
        };
        if let Some(earlier) = earlier {
            store::end(&mut tx, self.clock, earlier).await?;
        }
        let remember_until = self.remember_until::<R>(visit.tenant, given.remember);
        let PasskeyAnswer { client, browser, .. } = *given;
        let beginning = Beginning { login, remember_until, client, browser };
        let cx = self.context(visit.tenant);
        let (id, token) = store::begin(&mut tx, self.clock, beginning).await?;
        tx.goes_on_as(self.actor.clone().signed_in(login, id));
        let token = proof::prove(&mut tx, cx, id, &token, PROOF).await?;
        let Lookup::Living(session) = lookup::read::<R>(&mut tx, cx, &token).await? else {
            return Ok(SignInOutcome::Refused);
        };
        tx.commit().await?;
        let step = session.next_step(&visit.tenant.config);
        Ok(SignInOutcome::Accepted { token, step, remember_until })
    }

    /// Returns what the answer proves, and the owner of the passkey that it names.
    async fn check<R: People>(
        &self,
        tx: &mut TenantTx,
        tenant: &Tenant,
        asked: DiscoverableAuthentication,
        answer: &PublicKeyCredential,
    ) -> Result<(Verdict, Option<LoginId<R>>), PasskeyError> {
        let relying_party = relying_party::<R>(tenant)?;
        let Ok((person, credential)) = relying_party.identify_discoverable_authentication(answer)
        else {
            return Ok((Verdict::Wrong, None));
        };
        let Some(login) = open_login(tx, LoginId::from_uuid(person)).await? else {
            return Ok((Verdict::Wrong, None));
        };
        let Some((id, passkey)) = find(tx, login, credential).await? else {
            return Ok((Verdict::Wrong, Some(login)));
        };
        let verdict = Verdict::on(&relying_party, Some(asked), answer, &passkey);
        if let Verdict::Right(proof) = &verdict {
            note_use(tx, self.clock, login, id, passkey, proof).await?;
        }
        Ok((verdict, Some(login)))
    }
}

/// Uses a ticket up. Returns true if it was not used before.
async fn is_first<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    ticket: &SealedValue,
) -> Result<bool, sqlx::Error> {
    let now = clock.now();
    sqlx::query!(
        "delete from passkey_answers where tenant_id = $1 and realm = $2 and answered_at < $3",
        tx.tenant() as TenantId,
        R::NAME,
        now - LASTS
    )
    .execute(tx.conn())
    .await?;
    let kept = sqlx::query!(
        "insert into passkey_answers (tenant_id, realm, challenge_hash, answered_at)
         values ($1, $2, $3, $4)
         on conflict do nothing",
        tx.tenant() as TenantId,
        R::NAME,
        Sha256::digest(&ticket.bytes).to_vec(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(kept.rows_affected() > 0)
}

/// Returns a login if its owner is registered and not locked out. A lock that spares known browsers came of strangers'
/// passwords and doesn't keep out a passkey, which only the owner has. Another request for the login waits meanwhile.
async fn open_login<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<Option<LoginId<R>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select id as "id: LoginId<R>" from logins
           where tenant_id = $1 and realm = $2 and id = $3 and registered_at is not null
             and (locked_at is null or lock_spares_known_browsers)
             and second_factor_locked_at is null and closed_at is null and held_at is null
           for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_optional(tx.conn())
    .await
}
