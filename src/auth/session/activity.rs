//! A person's sessions and recent sign-ins, as they see them themselves (S9).

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{self, Action};
use crate::auth::links;
use crate::auth::session::{self, NOTE_EVERY, Session};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// How far back sign-ins are shown.
const SHOWN_FOR: TimeDelta = TimeDelta::days(90);
const SHOWN: i64 = 30;
/// What a try ends with that fails.
const REFUSED: [Action; 5] = [
    Action::SignInRefused,
    Action::EmailCodeRefused,
    Action::TotpRefused,
    Action::PasskeyRefused,
    Action::RecoveryCodeRefused,
];

/// A session that lives.
#[derive(Debug)]
pub struct Living {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub remote_address: Option<String>,
    pub user_agent: Option<String>,
}

/// A sign-in that was tried.
#[derive(Debug)]
pub struct SignInTry {
    pub at: DateTime<Utc>,
    pub accepted: bool,
    pub remote_address: Option<String>,
    pub user_agent: Option<String>,
}

/// The sessions in which somebody may still do something, the newest first.
///
/// # Errors
/// The database's.
pub async fn living(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
    account: LoginId,
) -> Result<Vec<Living>, sqlx::Error> {
    let now = clock.now();
    sqlx::query_as!(
        Living,
        r#"select id as "id: SessionId", created_at, last_seen_at, remote_address, user_agent
           from sessions
           where account_id = $1 and ended_at is null
             and case when remember_until is not null and (second_factor_at is not null or $5)
                      then remember_until > $2
                      else last_seen_at > $3 and created_at > $4 end
           order by last_seen_at desc, id desc"#,
        account as LoginId,
        now,
        now - TimeDelta::minutes(policy.sign_in.idle_minutes.into()) - NOTE_EVERY,
        now - TimeDelta::hours(policy.sign_in.session_hours.into()),
        policy.sign_in.second_factors.is_empty()
    )
    .fetch_all(tx.conn())
    .await
}

/// Recent tries to sign in as this person, the newest first.
///
/// # Errors
/// The database's.
pub async fn recent(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
    account: LoginId,
) -> Result<Vec<SignInTry>, sqlx::Error> {
    // The password alone is no sign-in where the union asks for more.
    let complete = match policy.sign_in.second_factors.is_empty() {
        true => Action::SignInPassword,
        false => Action::SignInComplete,
    };
    let refused = REFUSED.map(|action| action.name().to_owned());
    sqlx::query_as!(
        SignInTry,
        r#"select e.at, e.action = $2 as "accepted!",
                  coalesce(e.remote_address, s.remote_address) as remote_address,
                  coalesce(e.user_agent, s.user_agent) as user_agent
           from audit_events e
           left join sessions s on s.tenant_id = e.tenant_id and s.id = e.session_id
           where e.tenant_id = $6 and e.subject_login = $1 and (e.action = $2 or e.action = any($3)) and e.at > $4
           order by e.at desc, e.id desc limit $5"#,
        account as LoginId,
        complete.name(),
        &refused,
        clock.now() - SHOWN_FOR,
        SHOWN,
        tx.tenant() as TenantId
    )
    .fetch_all(tx.conn())
    .await
}

/// Ends one of the person's sessions; ending it again changes nothing. `false` where it is not theirs.
///
/// # Errors
/// The database's.
pub async fn end(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    id: SessionId,
) -> Result<bool, sqlx::Error> {
    let theirs = sqlx::query_scalar!(
        r#"select exists (select from sessions where id = $1 and account_id = $2) as "theirs!""#,
        id as SessionId,
        session.account as LoginId
    )
    .fetch_one(tx.conn())
    .await?;
    // Whoever is shown out may have asked for a change that still waits for its link.
    links::kill(tx, clock, session.account).await?;
    if theirs && session::end(tx, clock, id).await? {
        let detail = serde_json::json!({ "ended": 1, "session": id });
        audit::record(tx, clock, Action::SessionsEnded, Some(session.account), detail).await?;
    }
    Ok(theirs)
}

/// Ends all of the person's sessions but this one.
///
/// # Errors
/// The database's.
pub async fn end_others(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
) -> Result<(), sqlx::Error> {
    session::end_others(tx, clock, session.account, Some(session.id)).await.map(drop)
}
