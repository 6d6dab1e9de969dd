//! A person's authenticator apps and passkeys: how they are kept, named and deleted (S3, S5).

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use webauthn_rs::prelude::Passkey;

use crate::audit::{self, Action};
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::store;
use crate::base::clock::Clock;
use crate::base::ids::{DeviceId, LoginId, TenantId};
use crate::base::japanese::{fold, shows_nothing};
use crate::base::realm::Realm;
use crate::base::sealed::SealedValue;
use crate::db::TenantTx;
use crate::tenant::policy::SecondFactor;

const LONGEST_NAME: usize = 50;
/// A person may have this many devices of one kind.
pub const MOST: usize = 10;

/// The kind of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeviceKind {
    /// An authenticator app.
    Totp,
    Passkey,
}

impl DeviceKind {
    /// Returns the method that such a device serves.
    #[must_use]
    pub const fn method(self) -> SecondFactor {
        match self {
            Self::Totp => SecondFactor::Totp,
            Self::Passkey => SecondFactor::Passkey,
        }
    }

    /// Returns the kind of device that a method needs, if it needs any.
    #[must_use]
    pub const fn of(method: SecondFactor) -> Option<Self> {
        match method {
            SecondFactor::Totp => Some(Self::Totp),
            SecondFactor::Passkey => Some(Self::Passkey),
            SecondFactor::EmailCode => None,
        }
    }
}

/// A device as its owner knows it.
#[derive(Debug)]
pub struct Device {
    pub id: DeviceId,
    pub kind: DeviceKind,
    pub name: String,
    pub created_at: DateTime<Utc>,
}

/// Returns a person's devices of every kind, the oldest first.
pub async fn list<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
) -> Result<Vec<Device>, sqlx::Error> {
    sqlx::query_as!(
        Device,
        r#"select id as "id: DeviceId", kind as "kind: DeviceKind", name, created_at from devices
           where tenant_id = $1 and realm = $2 and login_id = $3 order by created_at, id"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_all(tx.conn())
    .await
}

/// Returns a person's devices of one kind, the oldest first.
pub async fn list_of<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    kind: DeviceKind,
) -> Result<Vec<Device>, sqlx::Error> {
    let mut devices = list(tx, login).await?;
    devices.retain(|device| device.kind == kind);
    Ok(devices)
}

/// A device that a set-up has ended with.
pub(super) struct NewDevice<'d> {
    pub(super) id: DeviceId,
    pub(super) name: &'d str,
    pub(super) credential: Credential<'d>,
}

/// The secret or key by which a person proves that they have the device.
pub(super) enum Credential<'d> {
    /// An app's sealed secret, and the step whose code ended the set-up.
    Totp {
        secret: SealedValue,
        last_step: i64,
    },
    Passkey(&'d Passkey),
}

impl NewDevice<'_> {
    pub(super) const fn kind(&self) -> DeviceKind {
        match self.credential {
            Credential::Totp { .. } => DeviceKind::Totp,
            Credential::Passkey(_) => DeviceKind::Passkey,
        }
    }
}

/// Adds a device. Returns false if the person has one of its kind and name, or anybody has the same passkey.
pub(super) async fn add<R: Realm>(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<R>,
    new: NewDevice<'_>,
) -> Result<bool, sqlx::Error> {
    let kind = new.kind();
    let (app, passkey) = match new.credential {
        Credential::Totp { secret, last_step } => (Some((secret, last_step)), None),
        Credential::Passkey(passkey) => (None, Some(passkey)),
    };
    let (secret, last_step) = app.unzip();
    let (key_id, secret) = secret.map(|SealedValue { key_id, bytes }| (key_id, bytes)).unzip();
    let added = sqlx::query!(
        "insert into devices (tenant_id, realm, id, login_id, kind, name, created_at, last_used_at,
                              secret, key_id, last_step, credential_id, credential)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12) on conflict do nothing",
        tx.tenant() as TenantId,
        R::NAME,
        new.id as DeviceId,
        login.0,
        kind as DeviceKind,
        new.name,
        clock.now(),
        secret,
        key_id,
        last_step,
        passkey.map(|passkey| passkey.cred_id().to_vec()),
        passkey.map(Json) as _
    )
    .execute(tx.conn())
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Deletes a device. If it was the last one of a subscriber's method, a mailed code takes its place. Returns false if the
/// person has no such device, or it has to stay because nothing could take its place.
pub async fn delete<R: People>(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session<R>,
    id: DeviceId,
) -> Result<bool, sqlx::Error> {
    let login = session.login;
    // Two deletions at once wait for each other, so that one of them finds it was the last.
    store::lock_login(tx, login).await?;
    let devices = list(tx, login).await?;
    let Some(kind) = devices.iter().find(|device| device.id == id).map(|device| device.kind) else {
        return Ok(false);
    };
    let is_last = devices.iter().filter(|device| device.kind == kind).count() == 1;
    // Another tab may have changed the method since the session was read.
    let method = sqlx::query_scalar!(
        r#"select second_factor as "method: SecondFactor" from logins
           where tenant_id = $1 and realm = $2 and id = $3"#,
        tx.tenant() as TenantId,
        R::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await?;
    let in_use = method == Some(kind.method());
    let falls_back = R::FALLS_BACK_ON_MAIL && session.confirmed_email().is_some();
    if is_last && in_use && !falls_back {
        return Ok(false);
    }
    sqlx::query!(
        "delete from devices where tenant_id = $1 and realm = $2 and id = $3 and login_id = $4",
        tx.tenant() as TenantId,
        R::NAME,
        id as DeviceId,
        login.0
    )
    .execute(tx.conn())
    .await?;
    links::kill(tx, clock, login).await?;
    if is_last {
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

/// Reads the name of a device; `what` is the label of its field.
///
/// # Errors
/// The mistake in the name, in Japanese.
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
