//! 「メールアドレスの確認」 (F4–F7): an address counts once a person who reads its mail has confirmed it.
//!
//! Only the newest link works, and only for half an hour. Opening it changes nothing, since mail scanners open links, too.
//! The button on its page confirms the address. It signs nobody in.

use chrono::{DateTime, TimeDelta, Utc};

use crate::audit::{self, Action};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::{Context, SendingError};
use crate::auth::email_failures;
use crate::auth::links;
use crate::base::clock::Clock;
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::mail::message::EmailConfirmationMail;
use crate::mail::outbox::{self, Perishable};

/// A link works for this long.
pub const VALID_FOR: TimeDelta = TimeDelta::minutes(30);
/// 「再送信」 waits this long after the last mail to the same address.
const RESEND_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// The most mails in an hour, to all addresses together. Nobody needs more, and strangers get few.
const MAX_AN_HOUR: i16 = 10;
const AN_HOUR: TimeDelta = TimeDelta::hours(1);

/// The result of asking for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Sent,
    /// The last one went out a moment ago.
    TooSoon {
        seconds: i64,
    },
    /// The person has asked for so many that the next question has to wait.
    TooMany,
    /// Another person of the union has this address.
    Taken,
    /// The person has confirmed one meanwhile.
    NothingDue,
}

/// An address that is not confirmed yet.
#[derive(Debug)]
pub struct Pending {
    pub email: String,
    pub expired: bool,
}

/// The state of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// It confirms this address.
    Waiting {
        email: String,
    },
    Confirmed,
    Expired,
    /// A newer one was sent, or it was never ours.
    Unknown,
    /// Another person has confirmed the address meanwhile.
    Taken,
}

/// Sends a link to an address. An earlier link no longer works then.
pub async fn ask<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<R>,
    email: &EmailAddress,
) -> Result<Asking, SendingError> {
    let Context { clock, mail, tenant } = cx;
    if is_taken(tx, login, email.as_str()).await? {
        return Ok(Asking::Taken);
    }
    let now = clock.now();
    // Of two requests at once, the second waits here for the first, and then finds that its mail has just been sent.
    let owner = lock(tx, login).await?;
    if owner.confirmed && !owner.registered {
        return Ok(Asking::NothingDue);
    }
    let last = sqlx::query!(
        "select email, sent_at, hour_began_at, asked_in_hour from email_confirmations
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let (mut hour_began_at, mut asked) = (now, 0);
    if let Some(last) = last {
        if last.hour_began_at + AN_HOUR > now {
            (hour_began_at, asked) = (last.hour_began_at, last.asked_in_hour);
        }
        let paused = (last.email == email.as_str()).then(|| last.sent_at + RESEND_PAUSE);
        let used_up = (asked >= MAX_AN_HOUR).then(|| hour_began_at + AN_HOUR);
        let until = paused.max(used_up).filter(|until| *until > now);
        if let Some(until) = until {
            return Ok(Asking::TooSoon { seconds: (until - now).num_seconds().max(1) });
        }
    }
    let token = PlainToken::random();
    let expires_at = now + VALID_FOR;
    sqlx::query!(
        "insert into email_confirmations (tenant_id, realm, login_id, email, token_hash, sent_at,
                                          expires_at, hour_began_at, asked_in_hour)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (tenant_id, realm, login_id) do update
             set email = excluded.email, token_hash = excluded.token_hash,
                 sent_at = excluded.sent_at, expires_at = excluded.expires_at,
                 confirmed_at = null, hour_began_at = excluded.hour_began_at,
                 asked_in_hour = excluded.asked_in_hour",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        email.as_str(),
        token.hashed().to_vec(),
        now,
        expires_at,
        hour_began_at,
        asked + 1
    )
    .execute(tx.conn())
    .await?;
    let url = mail.email_confirmation(tenant, &token.expose());
    let (minutes, changes) = (VALID_FOR.num_minutes(), owner.registered);
    let perishable = Perishable { expires_at, series: login.0 };
    let letter = mail.write(tenant, &EmailConfirmationMail { url, minutes, changes })?;
    let mail = outbox::enqueue(tx, clock, &letter, email.as_str(), Some(perishable)).await?;
    let detail = serde_json::json!({ "mail": mail });
    audit::record_of(tx, clock, Action::AddressAsked, Some(login), detail).await?;
    Ok(Asking::Sent)
}

/// Returns the address that is not confirmed yet, if there is one.
pub async fn pending<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
) -> Result<Option<Pending>, sqlx::Error> {
    let row = sqlx::query!(
        "select email, expires_at from email_confirmations
         where tenant_id = $1 and realm = $2 and login_id = $3 and confirmed_at is null",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let now = clock.now();
    Ok(row.map(|row| Pending { email: row.email, expired: row.expires_at <= now }))
}

/// Returns the state of a link without using it.
pub async fn look_at<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    token: &PlainToken,
) -> Result<Link, sqlx::Error> {
    let row = sqlx::query!(
        "select email, expires_at, confirmed_at from email_confirmations
         where tenant_id = $1 and realm = $2 and token_hash = $3",
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map_or(Link::Unknown, |row| worth(row.email, row.expires_at, row.confirmed_at, clock)))
}

/// Uses a link. Using it again changes nothing.
pub async fn confirm<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    token: &PlainToken,
) -> Result<Link, SendingError> {
    let clock = cx.clock;
    let login = sqlx::query_scalar!(
        r#"select login_id as "login: LoginId<R>" from email_confirmations
           where tenant_id = $1 and realm = $2 and token_hash = $3"#,
        tx.tenant() as TenantId,
        R::NAME,
        token.hashed().to_vec()
    );
    let Some(login) = login.fetch_optional(tx.conn()).await? else {
        return Ok(Link::Unknown);
    };
    lock(tx, login).await?;
    // Another mail may have gone out meanwhile.
    let email = match look_at::<R>(tx, clock, token).await? {
        Link::Waiting { email } => email,
        link => return Ok(link),
    };
    if is_taken(tx, login, &email).await? {
        return Ok(Link::Taken);
    }
    let now = clock.now();
    let kept = sqlx::query!(
        "update logins l
         set former_email = case when l.registered_at is null and l.email <> $4 then l.email
                                 else l.former_email end,
             email = $4, email_confirmed_at = $5
         from logins before
         where l.tenant_id = $1 and l.realm = $2 and l.id = $3
           and before.tenant_id = $1 and before.realm = $2 and before.id = l.id
         returning case when before.registered_at is not null and before.email <> $4
                        then before.email end as old",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        email,
        now
    )
    .fetch_one(tx.conn())
    .await;
    match kept {
        // If two people confirm the address at once, the index lets only one of them have it.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(Link::Taken),
        kept => {
            if let Some(old) = kept?.old {
                email_failures::forget_unused(tx, &old).await?;
                AccountChange::Email.tell_address(tx, cx, &old).await?;
            }
        }
    }
    // The link was opened, so mail to this address arrives.
    email_failures::forget(tx, &email).await?;
    sqlx::query!(
        "update email_confirmations set confirmed_at = $4
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        now
    )
    .execute(tx.conn())
    .await?;
    // Links in the older mailbox must not work any more.
    links::kill(tx, clock, login).await?;
    let nothing = serde_json::json!({});
    audit::record_of(tx, clock, Action::AddressConfirmed, Some(login), nothing).await?;
    Ok(Link::Confirmed)
}

/// The person an address is asked for; only the registered may change one that is confirmed (S6).
struct AddressOwner {
    confirmed: bool,
    registered: bool,
}

/// Makes asking and confirming wait for each other.
async fn lock<R: Realm>(tx: &mut TenantTx, login: LoginId<R>) -> Result<AddressOwner, sqlx::Error> {
    sqlx::query_as!(
        AddressOwner,
        r#"select email_confirmed_at is not null as "confirmed!",
                  registered_at is not null as "registered!"
           from logins where tenant_id = $1 and realm = $2 and id = $3 for update"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await
}

fn worth(
    email: String,
    expires_at: DateTime<Utc>,
    confirmed_at: Option<DateTime<Utc>>,
    clock: &Clock,
) -> Link {
    if confirmed_at.is_some() {
        Link::Confirmed
    } else if expires_at <= clock.now() {
        Link::Expired
    } else {
        Link::Waiting { email }
    }
}

/// Returns true if an address is another person's of the realm already.
pub async fn is_taken<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    email: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from logins
                          where tenant_id = $1 and realm = $2 and email = $4 and id <> $3
                            and (email_confirmed_at is not null or registered_at is not null)
                         ) as "taken!""#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0,
        email
    )
    .fetch_one(tx.conn())
    .await
}
