//! A person's apps and passkeys: their names, and how they come and go (S3, S5).

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::factor::email_code::SendingError;
use crate::auth::links;
use crate::auth::session::{self, Session};
use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId};
use crate::base::japanese::{fold, minute, shows_nothing};
use crate::db::TenantTx;
use crate::mail::message::FactorsResetMail;
use crate::mail::outbox;
use crate::tenant::policy::SecondFactor;

const LONGEST_NAME: usize = 50;
/// How many of a kind a person may have.
pub const MOST: usize = 10;

/// What a person has set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Totp,
    Passkey,
}

impl Kind {
    /// The method that such a device serves.
    #[must_use]
    pub const fn method(self) -> SecondFactor {
        match self {
            Self::Totp => SecondFactor::Totp,
            Self::Passkey => SecondFactor::Passkey,
        }
    }
}

#[derive(Debug)]
pub struct Device {
    pub id: DeviceId,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

/// The devices of a kind, the oldest first.
///
/// # Errors
/// The database's.
pub async fn list(
    tx: &mut TenantTx,
    account: LoginId,
    kind: Kind,
) -> Result<Vec<Device>, sqlx::Error> {
    match kind {
        Kind::Totp => {
            sqlx::query_as!(
                Device,
                r#"select id as "id: DeviceId", name, created_at from totp_devices
                   where account_id = $1 order by created_at, id"#,
                account as LoginId
            )
            .fetch_all(tx.conn())
            .await
        }
        Kind::Passkey => {
            sqlx::query_as!(
                Device,
                r#"select id as "id: DeviceId", name, created_at from passkeys
                   where account_id = $1 order by created_at, id"#,
                account as LoginId
            )
            .fetch_all(tx.conn())
            .await
        }
    }
}

/// What a reset took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TakenAway {
    pub apps: u64,
    pub passkeys: u64,
    pub recovery_codes: u64,
    pub sessions: u64,
}

/// Takes all of a person's apps, passkeys and recovery codes away, since they are lost (R4): each is
/// dead at once, every session ends, and the person is told. What the method asks for is set up anew
/// at the next sign-in.
///
/// # Errors
/// All of [`SendingError`].
pub async fn reset(
    tx: &mut TenantTx,
    cx: Context<'_>,
    account: LoginId,
    by: &str,
) -> Result<TakenAway, SendingError> {
    let Context { clock, mail, tenant } = cx;
    session::lock_account_by_id(tx, account).await?;
    let apps = sqlx::query!("delete from totp_devices where account_id = $1", account as LoginId)
        .execute(tx.conn())
        .await?;
    let passkeys = sqlx::query!("delete from passkeys where account_id = $1", account as LoginId)
        .execute(tx.conn())
        .await?;
    let codes =
        sqlx::query!("delete from recovery_codes where account_id = $1", account as LoginId)
            .execute(tx.conn())
            .await?;
    let email = sqlx::query_scalar!(
        "update accounts set second_factor_failures = 0, second_factor_locked_at = null
         where id = $1 returning email",
        account as LoginId
    )
    .fetch_one(tx.conn())
    .await?;
    let sessions = session::end_others(tx, clock, account, None).await?;
    let (apps, passkeys) = (apps.rows_affected(), passkeys.rows_affected());
    let detail = serde_json::json!({ "by": by, "apps": apps, "passkeys": passkeys });
    audit::record(tx, clock, Action::FactorsReset, Some(account), detail).await?;
    if let Some(email) = email {
        let (at, origin) = (minute(clock.now()), tenant.origin.clone());
        let letter = mail.write(tenant, &FactorsResetMail { at, origin })?;
        outbox::enqueue(tx, clock, &letter, &email, None).await?;
    }
    Ok(TakenAway { apps, passkeys, recovery_codes: codes.rows_affected(), sessions })
}

/// Deletes a device. Where it was the last of the person's method, a mailed code takes its place.
/// `false` where there was none.
///
/// # Errors
/// The database's.
pub async fn delete(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    kind: Kind,
    id: DeviceId,
) -> Result<bool, sqlx::Error> {
    let account = session.account;
    // Two deletions at once wait for each other, so that one of them finds it was the last.
    session::lock_account_by_id(tx, account).await?;
    let deleted = match kind {
        Kind::Totp => sqlx::query!(
            "delete from totp_devices where id = $1 and account_id = $2",
            id as DeviceId,
            account as LoginId
        ),
        Kind::Passkey => sqlx::query!(
            "delete from passkeys where id = $1 and account_id = $2",
            id as DeviceId,
            account as LoginId
        ),
    };
    // Where no code could be mailed in its place, the last one stays.
    let in_use = session.facts().method == Some(kind.method());
    let last = list(tx, account, kind).await?.len() == 1;
    if last && in_use && session.confirmed_email().is_none() {
        return Ok(false);
    }
    if deleted.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    links::kill(tx, clock, account).await?;
    if list(tx, account, kind).await?.is_empty() {
        sqlx::query!(
            "update accounts set second_factor = 'email_code' where id = $1 and second_factor = $2",
            account as LoginId,
            kind.method().name()
        )
        .execute(tx.conn())
        .await?;
    }
    let detail = serde_json::json!({ "device": id });
    audit::record(tx, clock, Action::DeviceDeleted, Some(account), detail).await?;
    Ok(true)
}

/// Reads a name; `what` is how the field calls it.
///
/// # Errors
/// What is wrong with it, in Japanese.
pub fn read_name(text: &str, what: &str) -> Result<String, String> {
    // Folding can lengthen a text eighteenfold.
    if text.chars().count() > LONGEST_NAME {
        return Err(format!("{what}は{LONGEST_NAME}文字以内で入力してください。"));
    }
    let name = fold(text);
    if shows_nothing(&name) {
        return Err(format!("{what}を入力してください。"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("{what}は{LONGEST_NAME}文字以内で入力してください。"));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("{what}に制御文字は使えません。"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l5_l6_a_name_is_anything_a_person_would_write() {
        for (typed, kept) in
            [("iphone17", "iphone17"), (" 仕事スマホ ", "仕事スマホ"), ("<b>x</b>", "<b>x</b>")]
        {
            assert_eq!(read_name(typed, "デバイス名").unwrap(), kept);
        }
        for bad in ["", "　", "a\nb", "a\u{0}", &"長".repeat(51), &"㍿".repeat(50)] {
            assert!(read_name(bad, "デバイス名").is_err(), "{bad:.20}");
        }
        for unseen in ["", " ", "　", "\u{200b}\u{feff}", "\u{3164}", "\u{2800}\u{fe0f}"] {
            let told = read_name(unseen, "デバイス名").unwrap_err();
            assert_eq!(told, "デバイス名を入力してください。", "{unseen:?}");
        }
    }
}
