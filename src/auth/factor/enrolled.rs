//! The end of a set-up, which is the same for every kind of device.

use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::auth::factor::device::{self, DeviceKind, NewDevice};
use crate::auth::factor::method;
use crate::auth::links;
use crate::auth::people::People;
use crate::auth::session::living::Session;
use crate::auth::session::proof::{self, ProofKind};
use crate::base::ids::LoginId;
use crate::base::realm::Realm;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;

/// The result of a set-up.
#[derive(Debug)]
pub enum Enrolled {
    /// The person has it, and has proved it by that; the session goes on under this token.
    Done(PlainToken),
    /// The app's code is wrong, or the browser's answer doesn't fit its challenge.
    Wrong,
    /// Another of the person's devices of this kind has the name.
    NameTaken,
    /// The person has [`device::MOST`] of this kind.
    TooMany,
    /// No set-up waits for its end: it was ended before, as by the first of two clicks, or the session has ended.
    NothingDue,
}

/// Returns what keeps a person from having another device of a kind under a name, if anything does.
pub(super) async fn obstacle<R: Realm>(
    tx: &mut TenantTx,
    login: LoginId<R>,
    kind: DeviceKind,
    name: &str,
) -> Result<Option<Enrolled>, sqlx::Error> {
    let known = device::list_of(tx, login, kind).await?;
    Ok(if known.len() >= device::MOST {
        Some(Enrolled::TooMany)
    } else {
        known.iter().any(|device| device.name == name).then_some(Enrolled::NameTaken)
    })
}

/// Adds the device that a set-up has ended with. Returns `None` if the person has one of the same name, or the passkey
/// is known already.
pub(super) async fn enrol<R: People>(
    tx: &mut TenantTx,
    cx: Context<'_>,
    session: &Session<R>,
    token: &PlainToken,
    new: NewDevice<'_>,
) -> Result<Option<PlainToken>, SendingError> {
    let (login, kind) = (session.login, new.kind());
    let detail = serde_json::json!({ "device": new.id });
    if !device::add(tx, cx.clock, login, new).await? {
        return Ok(None);
    }
    let added = match kind {
        DeviceKind::Totp => Action::TotpAdded,
        DeviceKind::Passkey => Action::PasskeyAdded,
    };
    audit::record_of(tx, cx.clock, added, Some(login), detail).await?;
    method::take_wanted(tx, session, kind.method()).await?;
    links::kill(tx, cx.clock, login).await?;
    let proof = ProofKind::Factor(kind.method());
    proof::prove(tx, cx, session.id, token, proof).await.map(Some)
}
