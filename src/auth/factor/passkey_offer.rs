//! A passkey is offered after a sign-in, once: to a person who has none, where the union allows them.

use crate::audit::{self, Action};
use crate::auth::session::Session;
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::db::TenantTx;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// Returns false where policy and session say already that none is due. Nobody is held up in the first
/// sign-in.
#[must_use]
pub fn is_thinkable(policy: &TenantConfig, session: &Session) -> bool {
    let allowed = policy.sign_in.second_factors.contains(&SecondFactor::Passkey);
    let has_one = session.method(policy) == Some(SecondFactor::Passkey);
    allowed && !has_one && !session.passkey_offer_answered && !session.facts().first_session
}

/// Returns true if the person has no passkey and did not answer before.
///
/// # Errors
/// The database's.
pub async fn is_due(tx: &mut TenantTx, account: LoginId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select a.passkey_offer_answered_at is null
                  and not exists (select from passkeys p
                                  where p.tenant_id = a.tenant_id and p.account_id = a.id) as "due!"
           from accounts a where a.id = $1"#,
        account as LoginId
    )
    .fetch_one(tx.conn())
    .await
}

/// Notes that the person wants none. Saying so again changes nothing.
///
/// # Errors
/// The database's.
pub async fn decline(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
) -> Result<(), sqlx::Error> {
    let declined = sqlx::query!(
        "update accounts set passkey_offer_answered_at = $2
         where id = $1 and passkey_offer_answered_at is null",
        session.account as LoginId,
        clock.now()
    )
    .execute(tx.conn())
    .await?;
    if declined.rows_affected() > 0 {
        let detail = serde_json::json!({});
        let account = Some(session.account);
        audit::record(tx, clock, Action::PasskeyOfferDeclined, account, detail).await?;
    }
    Ok(())
}
