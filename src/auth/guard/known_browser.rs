//! Browsers in which a person has signed in before. The person gets a mail when another one signs in (S9).

use chrono::TimeDelta;

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::people::People;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::japanese::minute;
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::base::user_agent;
use crate::db::TenantTx;
use crate::db::actor::Client;
use crate::mail::message::NewBrowserMail;
use crate::mail::outbox;

/// How long a browser is known after its last sign-in, and how long it keeps its cookie. The hourly sweep forgets it then.
pub const KNOWN_FOR: TimeDelta = TimeDelta::days(400);

/// Knows the browser in which a session began, from now on.
pub(in crate::auth) async fn remember<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
) -> Result<(), sqlx::Error> {
    insert(tx, clock, session).await.map(drop)
}

/// Knows the browser of a sign-in that is complete, and tells the person if it is a new one.
pub(in crate::auth) async fn meet<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId<R>,
) -> Result<(), SendingError> {
    let Some(login) = insert(tx, cx.clock, session).await? else { return Ok(()) };
    let row = sqlx::query!(
        "select l.email, s.remote_address, s.user_agent
         from sessions s
         join logins l on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
         where s.tenant_id = $1 and s.realm = $2 and s.id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.0
    )
    .fetch_one(tx.conn())
    .await?;
    let browser = NewBrowser { address: row.remote_address, user_agent: row.user_agent };
    tell(tx, cx, login, row.email.as_deref(), browser).await
}

/// The address of a browser, and the name that it gives itself.
pub(in crate::auth) struct NewBrowser {
    pub address: Option<String>,
    pub user_agent: Option<String>,
}

impl NewBrowser {
    pub(in crate::auth) fn of(client: &Client) -> Self {
        let address = client.address.map(|address| address.to_string());
        Self { address, user_agent: client.user_agent.clone() }
    }
}

/// Notes that a person has signed in in a new browser, and tells them.
pub(in crate::auth) async fn tell<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<R>,
    email: Option<&str>,
    browser: NewBrowser,
) -> Result<(), SendingError> {
    let Context { clock, mail, tenant } = cx;
    let detail = serde_json::json!({});
    audit::record_of(tx, clock, Action::BrowserMet, Some(login), detail).await?;
    let Some(email) = email else { return Ok(()) };
    let letter = NewBrowserMail {
        at: minute(clock.now()),
        device: user_agent::device(browser.user_agent.as_deref()),
        address: browser.address,
        origin: tenant.origin_of(R::DOOR).to_owned(),
    };
    outbox::enqueue(tx, clock, &mail.write(tenant, &letter)?, email, None).await?;
    Ok(())
}

/// Returns true if a session began in a browser in which the person had signed in before.
pub(in crate::auth) async fn is_of<R: Realm>(
    tx: &mut TenantTx,
    session: SessionId<R>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions s
                          join known_browsers k on k.tenant_id = s.tenant_id and k.realm = s.realm
                              and k.login_id = s.login_id and k.token_hash = s.browser_hash
                          where s.tenant_id = $1 and s.realm = $2 and s.id = $3) as "known!""#,
        tx.tenant() as TenantId,
        R::NAME,
        session.0
    )
    .fetch_one(tx.conn())
    .await
}

/// Takes back a try that could not be checked.
pub(in crate::auth) async fn take_try_back<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    browser: &PlainToken,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update known_browsers set failures = failures - 1
         where tenant_id = $1 and realm = $2 and login_id = $3 and token_hash = $4
           and failures > 0",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        browser.hashed().to_vec()
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Forgets the wrong tries in all of a person's browsers.
pub(in crate::auth) async fn forgive_all<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update known_browsers set failures = 0
         where tenant_id = $1 and realm = $2 and login_id = $3 and failures > 0",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Forgets all of a person's browsers, so that each is a new one.
pub(in crate::auth) async fn forget_all<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "delete from known_browsers where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    Ok(forgotten.rows_affected())
}

/// Knows a session's browser. Returns the login if the browser is new; none if it was known, or the session tells of none.
async fn insert<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: SessionId<R>,
) -> Result<Option<LoginId<R>>, sqlx::Error> {
    let row = sqlx::query!(
        r#"insert into known_browsers (tenant_id, realm, login_id, token_hash, first_seen_at,
                                       last_seen_at)
           select $1, $2, login_id, browser_hash, $4, $4 from sessions
           where tenant_id = $1 and realm = $2 and id = $3 and browser_hash is not null
           on conflict (tenant_id, realm, login_id, token_hash) do update
               set last_seen_at = excluded.last_seen_at
           returning login_id, xmax = 0 as "new!""#,
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        clock.now()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.filter(|row| row.new).map(|row| LoginId::from_uuid(row.login_id)))
}
