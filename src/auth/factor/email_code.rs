//! One-time codes by mail (L3): six digits, ten minutes, five tries, for the session that asked.
//!
//! The database keeps a hash keyed with the session's token, which it doesn't know, so that a copy
//! of the database gives no code away.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::factor::proved::{FactorAttempt, Proved};
use crate::auth::guard::known_browser;
use crate::auth::guard::throttle::{self, EMAIL_CODE_PERSON};
use crate::auth::people::People;
use crate::auth::session::living::{CODE_LASTS, FRESH_FOR, Session};
use crate::auth::session::proof::{self, ProofKind};
use crate::auth::session::{store, token};
use crate::base::ids::{LoginId, SessionId, TenantId};
use crate::base::japanese::fold_code;
use crate::base::realm::Realm;
use crate::base::secret::{Hashed, PlainToken, six_digits};
use crate::db::TenantTx;
use crate::mail::message::EmailCodeMail;
use crate::mail::outbox::{self, Perishable};
use crate::tenant::policy::SecondFactor;

/// A code is valid for this long.
pub const VALID_FOR: TimeDelta = CODE_LASTS;
/// 「再送信」 sends no mail within this time after the last one.
pub const RESEND_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// Wrong codes after which a session ends, counted over all codes that were sent for it.
const MAX_FAILURES: i16 = 5;
/// The second request of a double click comes within this time.
const REPEAT_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// The result of asking for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// The last code went out a moment ago.
    TooSoon {
        seconds: i64,
    },
    /// The person was sent so many, over all sessions, that the next one has to wait.
    TooMany,
    /// No address of the person is known; the union has to help.
    NoAddress,
}

/// The purpose that a code was mailed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePurpose {
    SignIn,
    /// The second half of a re-authentication, whose password was right a moment ago.
    Reauthentication,
}

/// Sends a code to the owner of a session. It takes the place of the one before, which is dead then. A code that was used is
/// dead already, so that nobody has to wait after it.
pub async fn send<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
) -> Result<Sending, SendingError> {
    let Context { clock, mail, tenant } = cx;
    let now = clock.now();
    let last_sent: Option<DateTime<Utc>> = sqlx::query_scalar!(
        "select case when used_at is null then sent_at end from email_codes
         where tenant_id = $1 and realm = $2 and session_id = $3 for update",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0
    )
    .fetch_optional(tx.conn())
    .await?
    .flatten();
    if let Some(last) = last_sent
        && now - last < RESEND_PAUSE
    {
        let seconds = (last + RESEND_PAUSE - now).num_seconds().max(1);
        return Ok(Sending::TooSoon { seconds });
    }
    let Some(email) = session.email.as_deref() else { return Ok(Sending::NoAddress) };
    let known = known_browser::is_of(tx, session.id).await?;
    let key = throttle::person(session.login, known);
    if !EMAIL_CODE_PERSON.take_one::<R>(tx, clock, &key).await? {
        return Ok(Sending::TooMany);
    }
    let code = six_digits();
    let expires_at = now + VALID_FOR;
    // If two requests come at once, the second waits here for the first, and replaces its code.
    sqlx::query!(
        "insert into email_codes (tenant_id, realm, session_id, code_hash, sent_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, realm, session_id) do update
             set code_hash = excluded.code_hash, sent_at = excluded.sent_at,
                 expires_at = excluded.expires_at, used_at = null",
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        keyed(token, session.id, &code).to_vec(),
        now,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    let perishable = Perishable { expires_at, series: session.id.0 };
    let message = mail.write(tenant, &EmailCodeMail { code, minutes: VALID_FOR.num_minutes() })?;
    let id = outbox::enqueue(tx, clock, &message, email, Some(perishable)).await?;
    let detail = serde_json::json!({ "mail": id });
    audit::record_of(tx, clock, Action::EmailCodeSent, Some(session.login), detail).await?;
    Ok(Sending::Sent)
}

/// Sends a code if none has gone out yet for this sign-in, or for this return after a rest (L11). Returns `None` if one
/// has.
pub async fn send_first<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
) -> Result<Option<Sending>, SendingError> {
    let sent = sqlx::query_scalar!(
        r#"select exists (select from email_codes
                          where tenant_id = $1 and realm = $2 and session_id = $3
                            and ($4::timestamptz is null or sent_at >= $4)
                         ) as "sent!""#,
        tx.tenant() as TenantId,
        R::NAME,
        session.id.0,
        session.lapsed_at()
    );
    match sent.fetch_one(tx.conn()).await? {
        true => Ok(None),
        false => send(tx, cx, session, token).await.map(Some),
    }
}

/// Checks a typed code. The right one counts once. The second request of a double click still bears the session's
/// earlier token; it gets the same session again under a newer one.
pub async fn prove<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
    purpose: CodePurpose,
    typed: &str,
) -> Result<Proved, SendingError> {
    let clock = cx.clock;
    let now = clock.now();
    store::lock_login_of_token::<R>(tx, token).await?;
    let Some(due) = sqlx::query!(
        r#"select s.id, s.login_id, c.code_hash, c.expires_at, c.failures, c.used_at, s.reauth_password_at,
                  s.second_factor_at is null
                      or s.second_factor_lapsed_at is not null as "sign_in!",
                  l.factors_reset_at is not null and s.address_proved_at is null as "owes_address!",
                  l.second_factor as "method: SecondFactor"
           from sessions s
           join logins l on l.tenant_id = s.tenant_id and l.realm = s.realm and l.id = s.login_id
           join email_codes c
             on c.tenant_id = s.tenant_id and c.realm = s.realm and c.session_id = s.id
           where s.tenant_id = $1 and s.realm = $2 and c.tenant_id = $1 and c.realm = $2
             and (s.token_hash = $3
                  or (s.previous_token_hash = $3 and (s.token_rotated or c.used_at > $4)))
             and s.ended_at is null
           for update of s, c"#,
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec(),
        now - REPEAT_WITHIN
    )
    .fetch_optional(tx.conn())
    .await?
    else {
        return Ok(Proved::NothingDue);
    };
    let session = SessionId::<R>::from_uuid(due.id);
    let right = keyed(token, session, &fold_code(typed)).matches(&due.code_hash);
    if due.used_at.is_some() {
        return match right {
            true => Ok(Proved::Done(token::renew(tx, clock, session, token).await?)),
            false => Ok(Proved::NothingDue),
        };
    }
    let asked = match purpose {
        CodePurpose::SignIn => due.sign_in,
        CodePurpose::Reauthentication => {
            due.reauth_password_at.is_some_and(|at| now - at <= FRESH_FOR)
        }
    };
    if !asked {
        return Ok(Proved::NothingDue);
    }
    if due.expires_at <= now {
        return Ok(Proved::Expired);
    }
    let login = LoginId::from_uuid(due.login_id);
    let proof = ProofKind::Factor(SecondFactor::EmailCode);
    let attempt = FactorAttempt { session, login, token, proof };
    if !right {
        return refuse(tx, cx, &attempt, due.failures + 1).await;
    }
    sqlx::query!(
        "update email_codes set used_at = $4, failures = 0
         where tenant_id = $1 and realm = $2 and session_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        session.0,
        now
    )
    .execute(tx.conn())
    .await?;
    // After a reset, the code only shows that the person reads the address; a device is set up next.
    let allowed = &cx.tenant.config.sign_in.second_factors;
    let sets_up = due
        .method
        .is_some_and(|method| method != SecondFactor::EmailCode && allowed.contains(&method));
    match due.owes_address && due.sign_in && sets_up {
        true => Ok(Proved::Done(proof::prove_address(tx, clock, session, token).await?)),
        false => attempt.succeed(tx, cx).await,
    }
}

/// Counts a wrong code, for its session and for its login. `failures` are those of the session with this one.
async fn refuse<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    attempt: &FactorAttempt<'_, R>,
    failures: i16,
) -> Result<Proved, SendingError> {
    sqlx::query!(
        "update email_codes set failures = $4
         where tenant_id = $1 and realm = $2 and session_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        attempt.session.0,
        failures
    )
    .execute(tx.conn())
    .await?;
    match attempt.fail(tx, cx).await? {
        Proved::Wrong if failures >= MAX_FAILURES => {
            store::end(tx, cx.clock, attempt.session).await?;
            Ok(Proved::SessionEnded)
        }
        proved => Ok(proved),
    }
}

fn keyed<R: Realm>(token: &PlainToken, session: SessionId<R>, code: &str) -> Hashed {
    token.derive("email code", format!("{} {session} {code}", R::NAME).as_bytes())
}
