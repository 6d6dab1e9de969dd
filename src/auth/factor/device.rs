//! A person's apps and passkeys: their names, and how they come and go (S3, S5).

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, TenantId};
use crate::base::japanese::{fold, minute, shows_nothing};
use crate::base::realm::Realm;
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
pub async fn list<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    kind: Kind,
) -> Result<Vec<Device>, sqlx::Error> {
    match kind {
        Kind::Totp => {
            sqlx::query_as!(
                Device,
                r#"select id as "id: DeviceId", name, created_at from totp_devices
                   where tenant_id = $1 and realm = $2 and login_id = $3 order by created_at, id"#,
                tx.tenant() as TenantId,
                R::NAME,
                login.0
            )
            .fetch_all(tx.conn())
            .await
        }
        Kind::Passkey => {
            sqlx::query_as!(
                Device,
                r#"select id as "id: DeviceId", name, created_at from passkeys
                   where tenant_id = $1 and realm = $2 and login_id = $3 order by created_at, id"#,
                tx.tenant() as TenantId,
                R::NAME,
                login.0
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
pub async fn reset<R: Realm>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<R>,
    by: &str,
) -> Result<TakenAway, SendingError> {
    let Context { clock, mail, tenant } = cx;
    store::lock_login(tx, login).await?;
    let apps = sqlx::query!(
        "delete from totp_devices
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    let passkeys = sqlx::query!(
        "delete from passkeys
         where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    let codes = sqlx::query!(
        "delete from recovery_codes
             where tenant_id = $1 and realm = $2 and login_id = $3",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .execute(tx.conn())
    .await?;
    let email = sqlx::query_scalar!(
        "update logins set second_factor_failures = 0, second_factor_locked_at = null
         where tenant_id = $1 and realm = $2 and id = $3 returning email",
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    let sessions = store::end_others(tx, clock, login, None).await?;
    let (apps, passkeys) = (apps.rows_affected(), passkeys.rows_affected());
    let detail = serde_json::json!({ "by": by, "apps": apps, "passkeys": passkeys });
    audit::record_of(tx, clock, Action::FactorsReset, Some(login), detail).await?;
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
pub async fn delete<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    kind: Kind,
    id: DeviceId,
) -> Result<bool, sqlx::Error> {
    let login = session.login;
    // Two deletions at once wait for each other, so that one of them finds it was the last.
    store::lock_login(tx, login).await?;
    let deleted = match kind {
        Kind::Totp => sqlx::query!(
            "delete from totp_devices
             where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4",
            tx.tenant() as TenantId,
            R::NAME,
            id as DeviceId,
            login.0
        ),
        Kind::Passkey => sqlx::query!(
            "delete from passkeys
             where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4",
            tx.tenant() as TenantId,
            R::NAME,
            id as DeviceId,
            login.0
        ),
    };
    // Where no code could be mailed in its place, the last one stays.
    let in_use = session.facts().method == Some(kind.method());
    let last = list(tx, login, kind).await?.len() == 1;
    if last && in_use && session.confirmed_email().is_none() {
        return Ok(false);
    }
    if deleted.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    links::kill(tx, clock, login).await?;
    if list(tx, login, kind).await?.is_empty() {
        sqlx::query!(
            "update logins set second_factor = 'email_code'
             where tenant_id = $1 and realm = $2 and id = $3 and second_factor = $4",
            tx.tenant() as TenantId,
            R::NAME,
            login.0,
            kind.method().name()
        )
        .execute(tx.conn())
        .await?;
    }
    let detail = serde_json::json!({ "device": id });
    audit::record_of(tx, clock, Action::DeviceDeleted, Some(login), detail).await?;
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
