//! The second factor a person chose, before it is set up.

use super::email_code::{self, SendingError};
use super::session::{self, Session};
use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{AccountId, SessionId};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::mail::message::MailRoom;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::SecondFactor;

/// Notes another choice; a code by mail goes out where that was chosen.
///
/// # Errors
/// All of [`SendingError`].
pub async fn choose(
    tx: &mut TenantTx,
    clock: &Clock,
    mail: &MailRoom,
    tenant: &Tenant,
    session: &Session,
    token: &PlainToken,
    method: SecondFactor,
) -> Result<(), SendingError> {
    if !session::owes_second_factor(tx, session.id).await? {
        return Ok(());
    }
    sqlx::query!(
        "update accounts set second_factor = $2 where id = $1",
        session.account as AccountId,
        method as SecondFactor
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from totp_enrolments where session_id = $1", session.id as SessionId)
        .execute(tx.conn())
        .await?;
    sqlx::query!("delete from passkey_ceremonies where session_id = $1", session.id as SessionId)
        .execute(tx.conn())
        .await?;
    let detail = serde_json::json!({ "method": method });
    audit::record(tx, clock, Action::MethodChosen, Some(session.account), detail).await?;
    if method == SecondFactor::EmailCode {
        email_code::send(tx, clock, mail, tenant, session, token).await?;
    }
    Ok(())
}
