//! Challenges that browsers answer: each is bound to a session and a purpose, and good for one answer within ten
//! minutes.

use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::relying_party::PasskeyError;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// A challenge waits this long for its answer: the browser's five minutes, and time to find a name.
const CEREMONY_LASTS: TimeDelta = TimeDelta::minutes(10);

/// A challenge as the database keeps it: the options that the browser got, and the state that its answer is held
/// against.
#[derive(Serialize, Deserialize)]
struct Ceremony<S> {
    options: Value,
    state: S,
}

/// The purpose of a challenge.
#[derive(Clone, Copy)]
pub(super) enum ChallengePurpose {
    SetUp,
    /// Proving a passkey, at the end of a sign-in or in a re-authentication.
    SignIn,
}

impl ChallengePurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::SignIn => "sign_in",
        }
    }

    /// Returns the age up to which a page shows a challenge again. It is higher in a set-up: while a name is wrong, the
    /// passkey that was made waits with its challenge.
    const fn shown_again_within(self) -> TimeDelta {
        match self {
            Self::SetUp => TimeDelta::minutes(5),
            Self::SignIn => TimeDelta::minutes(1),
        }
    }
}

/// Returns the options of a challenge that still waits, so that a second tab asks the same.
pub(super) async fn running<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    purpose: ChallengePurpose,
) -> Result<Option<Value>, sqlx::Error> {
    let options = sqlx::query_scalar!(
        "select state -> 'options' from passkey_ceremonies
         where tenant_id = $1 and realm = $2 and session_id = $3 and purpose = $4 and begun_at > $5",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        purpose.name(),
        clock.now() - purpose.shown_again_within()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(options.flatten())
}

/// Keeps a challenge in place of the session's earlier one, and returns its options as JSON for the browser.
pub(super) async fn keep<R: People, S: Serialize>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    purpose: ChallengePurpose,
    challenge: &impl Serialize,
    state: S,
) -> Result<String, PasskeyError> {
    let options = serde_json::to_value(challenge)?;
    let text = options.to_string();
    sqlx::query!(
        "insert into passkey_ceremonies (tenant_id, realm, session_id, purpose, state, begun_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, realm, session_id) do update
             set purpose = excluded.purpose, state = excluded.state, begun_at = excluded.begun_at",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        purpose.name(),
        serde_json::to_value(Ceremony { options, state })?,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    Ok(text)
}

/// Takes the session's challenge away, so that it has one answer. Returns `None` if none waits.
pub(super) async fn take_challenge<R: People, S: DeserializeOwned>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    purpose: ChallengePurpose,
) -> Result<Option<S>, PasskeyError> {
    let taken = sqlx::query!(
        "delete from passkey_ceremonies
         where tenant_id = $1 and realm = $2 and session_id = $3 and purpose = $4
         returning state, begun_at",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        purpose.name()
    )
    .fetch_optional(tx.conn())
    .await?;
    let living = taken.filter(|row| clock.now() - row.begun_at < CEREMONY_LASTS);
    let ceremony: Option<Ceremony<S>> =
        living.map(|row| serde_json::from_value(row.state)).transpose()?;
    Ok(ceremony.map(|ceremony| ceremony.state))
}
