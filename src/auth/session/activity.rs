//! A person's sessions and recent sign-ins, as they see them themselves (S9).

use chrono::{DateTime, TimeDelta, Utc};

use super::living::{NOTE_EVERY, Session};
use super::store;
use crate::audit::{self, Action};
use crate::auth::links;
use crate::auth::people::People;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;

/// Sign-ins are shown for this long.
const SHOWN_FOR: TimeDelta = TimeDelta::days(90);
const SHOWN: i64 = 30;
/// The actions that a failed try ends with.
const REFUSED: [Action; 5] = [
    Action::SignInRefused,
    Action::EmailCodeRefused,
    Action::TotpRefused,
    Action::PasskeyRefused,
    Action::RecoveryCodeRefused,
];

/// A session that lives.
#[derive(Debug)]
pub struct LivingSession<R> {
    pub id: SessionId<R>,
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

/// Returns the sessions that live, the newest first.
pub async fn living<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
    login: LoginId<R>,
) -> Result<Vec<LivingSession<R>>, sqlx::Error> {
    let (now, rules) = (clock.now(), R::session_rules(policy));
    sqlx::query_as!(
        LivingSession,
        r#"select id as "id: SessionId<R>", created_at, last_seen_at, remote_address, user_agent
           from sessions
           where tenant_id = $1 and realm = $2 and login_id = $3 and ended_at is null
             and case when remember_until is not null and (second_factor_at is not null or $7)
                      then remember_until > $4
                      else last_seen_at > $5 and created_at > $6 end
           order by last_seen_at desc, id desc"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        now,
        now - TimeDelta::minutes(rules.idle_minutes.into()) - NOTE_EVERY,
        now - TimeDelta::hours(rules.session_hours.into()),
        !rules.asks_second_factor
    )
    .fetch_all(tx.conn())
    .await
}

/// Returns recent tries to sign in as this person, the newest first.
pub async fn recent<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    policy: &TenantConfig,
    login: LoginId<R>,
) -> Result<Vec<SignInTry>, sqlx::Error> {
    // The password alone is no sign-in where the union asks for more.
    let complete = match R::session_rules(policy).asks_second_factor {
        true => Action::SignInComplete,
        false => Action::SignInPassword,
    };
    let refused = REFUSED.map(|action| action.name().to_owned());
    sqlx::query_as!(
        SignInTry,
        r#"select e.at, e.action = $4 as "accepted!",
                  coalesce(e.remote_address, s.remote_address) as remote_address,
                  coalesce(e.user_agent, s.user_agent) as user_agent
           from audit_events e
           left join sessions s
             on s.tenant_id = $1 and s.realm = $2 and s.id = e.session_id
           where e.tenant_id = $1 and e.subject_login = $3
             and (e.action = $4 or e.action = any($5)) and e.at > $6
           order by e.at desc, e.id desc limit $7"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        complete.name(),
        &refused,
        clock.now() - SHOWN_FOR,
        SHOWN
    )
    .fetch_all(tx.conn())
    .await
}

/// Ends one of the person's sessions; ending it again changes nothing. Returns false if it is not theirs.
pub async fn end<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    id: SessionId<R>,
) -> Result<bool, sqlx::Error> {
    let theirs = sqlx::query_scalar!(
        r#"select exists (select from sessions
                          where tenant_id = $1 and realm = $2 and login_id = $3 and id = $4
                         ) as "theirs!""#,
        tx.tenant() as TenantId,
        R::NAME,
        session.login.0,
        id.0
    )
    .fetch_one(tx.conn())
    .await?;
    // A stranger in that session may have asked for a change that still waits for its link.
    links::kill(tx, clock, session.login).await?;
    if theirs && store::end(tx, clock, id).await? {
        let detail = serde_json::json!({ "ended": 1, "session": id });
        audit::record_of(tx, clock, Action::SessionsEnded, Some(session.login), detail).await?;
    }
    Ok(theirs)
}

/// Ends all of the person's sessions but this one.
pub async fn end_others<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
) -> Result<(), sqlx::Error> {
    store::end_others(tx, clock, session.login, Some(session.id)).await.map(drop)
}
