//! One-time codes by mail (L3): six digits, ten minutes, five tries, for the sign-in that asked.
//!
//! The database keeps a hash keyed with the session's token, which it doesn't know, so that a copy
//! of the database gives no code away.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::failures;
use crate::auth::guard::known_browser;
use crate::auth::guard::throttle::{self, EMAIL_CODE_PERSON};
use crate::auth::session::{self, Proof, Session};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, SessionId};
use crate::base::japanese::fold_code;
use crate::base::secret::{Hashed, PlainToken, six_digits};
use crate::db::{Passing, TenantTx};
use crate::mail::message::{EmailCodeMail, Mail as _};
use crate::mail::outbox::{self, Perishable};
use crate::tenant::policy::SecondFactor;

/// How long a code is good for.
pub const VALID_FOR: TimeDelta = TimeDelta::minutes(10);
/// How long 「再送信」 waits after the last mail.
pub const RESEND_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// Wrong codes after which the sign-in has to begin again, over all that were sent for it.
const MAX_FAILURES: i16 = 5;
/// A double click's second request comes within this.
const REPEAT_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// What came of asking for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// The last one went out a moment ago.
    TooSoon {
        seconds: i64,
    },
    /// The person was sent so many, over all sign-ins, that the next one has to wait.
    TooMany,
    /// The union knows no address of the person's; it has to help.
    NoAddress,
}

/// What a code is to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    /// The password of which was right a moment ago.
    Reauthentication,
}

/// What came of a code that was typed.
#[derive(Debug)]
pub enum Confirmation {
    /// The second factor is proved; the session goes on under a new token.
    Done(PlainToken),
    Wrong,
    Expired,
    /// Too many were wrong; the session has ended.
    TooMany,
    /// Too many over all sign-ins; the account is locked.
    Locked,
    /// There is no sign-in that waits for a code.
    NothingDue,
}

#[derive(Debug, thiserror::Error)]
pub enum SendingError {
    #[error("mail: {0}")]
    Mail(#[from] tera::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Passing for SendingError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Database(error) if error.is_passing())
    }
}

/// Sends a code for a sign-in, the first one or another; the earlier one is dead then.
///
/// # Errors
/// All of [`SendingError`].
pub async fn send(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
    token: &PlainToken,
) -> Result<Sending, SendingError> {
    let Context { clock, mail, tenant } = cx;
    let now = clock.now();
    let last_sent: Option<DateTime<Utc>> = sqlx::query_scalar!(
        "select sent_at from email_codes where session_id = $1 for update",
        session.id as SessionId
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(last) = last_sent
        && now - last < RESEND_PAUSE
    {
        let seconds = (last + RESEND_PAUSE - now).num_seconds().max(1);
        return Ok(Sending::TooSoon { seconds });
    }
    let Some(email) = session.email.as_deref() else { return Ok(Sending::NoAddress) };
    let known = known_browser::is_of(tx, session.id).await?;
    let key = throttle::person(session.account, known);
    if !EMAIL_CODE_PERSON.take_one(tx, clock, &key).await? {
        return Ok(Sending::TooMany);
    }
    let code = six_digits();
    let expires_at = now + VALID_FOR;
    // Two requests at once: the second waits here for the first, and replaces its code.
    sqlx::query!(
        "insert into email_codes (session_id, code_hash, sent_at, expires_at)
         values ($1, $2, $3, $4)
         on conflict (tenant_id, session_id) do update
             set code_hash = excluded.code_hash, sent_at = excluded.sent_at,
                 expires_at = excluded.expires_at, used_at = null",
        session.id as SessionId,
        keyed(token, session.id, &code).to_vec(),
        now,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    let perishable = Perishable { expires_at, series: session.id.0 };
    let letter = mail.write(tenant, &EmailCodeMail { code, minutes: VALID_FOR.num_minutes() })?;
    let mail = outbox::enqueue(tx, clock, &letter, email, Some(perishable)).await?;
    let detail = serde_json::json!({ "mail": mail });
    audit::record(tx, clock, Action::EmailCodeSent, Some(session.account), detail).await?;
    Ok(Sending::Sent)
}

/// Sends the code of a sign-in, or of a return (L11), for which none has gone out yet; `None` where one has.
///
/// # Errors
/// All of [`SendingError`].
pub async fn send_first(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session,
    token: &PlainToken,
) -> Result<Option<Sending>, SendingError> {
    let sent = sqlx::query_scalar!(
        r#"select exists (select from email_codes
                          where session_id = $1 and ($2::timestamptz is null or sent_at >= $2)
                         ) as "sent!""#,
        session.id as SessionId,
        session.lapsed_at()
    );
    match sent.fetch_one(tx.conn()).await? {
        true => Ok(None),
        false => send(tx, cx, session, token).await.map(Some),
    }
}

/// Checks a typed code. The right one counts once; a double click's second request gets the same
/// session again under a newer token.
///
/// # Errors
/// All of [`SendingError`].
pub async fn confirm(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
    purpose: Purpose,
    typed: &str,
) -> Result<Confirmation, SendingError> {
    let clock = cx.clock;
    let now = clock.now();
    session::lock_account_of(tx, token).await?;
    let Some(due) = sqlx::query!(
        r#"select s.id as "id: SessionId", s.account_id as "account: LoginId",
                  c.code_hash, c.expires_at, c.failures, c.used_at, s.reauth_password_at,
                  s.second_factor_at is null
                      or s.second_factor_lapsed_at is not null as "sign_in!"
           from sessions s join email_codes c on c.tenant_id = s.tenant_id and c.session_id = s.id
           where (s.token_hash = $1
                  or (s.previous_token_hash = $1 and (s.token_rotated or c.used_at > $2)))
             and s.ended_at is null
           for update"#,
        token.hashed().to_vec(),
        now - REPEAT_WITHIN
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(Confirmation::NothingDue);
    };
    let right = keyed(token, due.id, &fold_code(typed)).matches(&due.code_hash);
    if due.used_at.is_some() {
        return match right {
            true => Ok(Confirmation::Done(session::renew(tx, clock, due.id, token).await?)),
            false => Ok(Confirmation::NothingDue),
        };
    }
    let asked = match purpose {
        Purpose::SignIn => due.sign_in,
        Purpose::Reauthentication => {
            due.reauth_password_at.is_some_and(|at| now - at <= session::FRESH_FOR)
        }
    };
    if !asked {
        return Ok(Confirmation::NothingDue);
    }
    if due.expires_at <= now {
        return Ok(Confirmation::Expired);
    }
    if !right {
        return refuse(tx, cx, due.id, due.account, due.failures + 1).await;
    }
    sqlx::query!(
        "update email_codes set used_at = $2, failures = 0 where session_id = $1",
        due.id as SessionId,
        now
    )
    .execute(tx.conn())
    .await?;
    let by = Proof::Factor(SecondFactor::EmailCode);
    Ok(Confirmation::Done(session::prove(tx, cx, due.id, token, by).await?))
}

async fn refuse(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: SessionId,
    account: LoginId,
    failures: i16,
) -> Result<Confirmation, SendingError> {
    sqlx::query!(
        "update email_codes set failures = $2 where session_id = $1",
        session as SessionId,
        failures
    )
    .execute(tx.conn())
    .await?;
    let refused = Action::EmailCodeRefused;
    if failures::count_failure(tx, cx, account, refused).await? {
        return Ok(Confirmation::Locked);
    }
    if failures < MAX_FAILURES {
        return Ok(Confirmation::Wrong);
    }
    session::end(tx, cx.clock, session).await?;
    Ok(Confirmation::TooMany)
}

/// Lets codes die that have not gone out to some sign-ins, which are over.
pub(in crate::auth) async fn drop_unsent(
    tx: &mut TenantTx,
    clock: &Clock,
    sessions: &[SessionId],
) -> Result<(), sqlx::Error> {
    if sessions.is_empty() {
        return Ok(());
    }
    let series: Vec<_> = sessions.iter().map(|session| session.0).collect();
    outbox::drop_unsent(tx, clock, EmailCodeMail::NAME, &series).await
}

fn keyed(token: &PlainToken, session: SessionId, code: &str) -> Hashed {
    token.derive("email code", format!("{session} {code}").as_bytes())
}
