//! Agreeing to terms of use: who, to which version, when, and from where (F3).

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TermsId};
use crate::db::TenantTx;
use crate::db::actor::Client;

/// Notes that a person agreed; agreeing again changes nothing.
///
/// # Errors
/// The database's.
pub async fn agree(
    tx: &mut TenantTx,
    clock: &Clock,
    account: LoginId,
    terms: TermsId,
    client: &Client,
) -> Result<(), sqlx::Error> {
    let agreed = sqlx::query!(
        "insert into terms_agreements (account_id, terms_id, agreed_at, remote_address, user_agent)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        account as LoginId,
        terms as TermsId,
        clock.now(),
        client.address.map(|address| address.to_string()),
        client.user_agent
    )
    .execute(tx.conn())
    .await?;
    if agreed.rows_affected() > 0 {
        let detail = serde_json::json!({ "terms": terms });
        audit::record(tx, clock, Action::TermsAgreed, Some(account), detail).await?;
    }
    Ok(())
}

/// Whether the person agreed to any version before.
///
/// # Errors
/// The database's.
pub async fn has_agreed_before(tx: &mut TenantTx, account: LoginId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from terms_agreements where account_id = $1) as "before!""#,
        account as LoginId
    )
    .fetch_one(tx.conn())
    .await
}
