//! Consent to the terms of use: the person, the version, the time and the place (F3).

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId, TermsId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::db::actor::Client;

/// Notes that a person has agreed. Agreeing again changes nothing.
pub async fn agree(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId,
    terms: TermsId,
    client: &Client,
) -> Result<(), sqlx::Error> {
    let agreed = sqlx::query!(
        "insert into terms_agreements (tenant_id, realm, login_id, terms_id, agreed_at,
                                       remote_address, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0,
        terms as TermsId,
        clock.now(),
        client.address.map(|address| address.to_string()),
        client.user_agent
    )
    .execute(tx.conn())
    .await?;
    if agreed.rows_affected() > 0 {
        let detail = serde_json::json!({ "terms": terms });
        audit::record(tx, clock, Action::TermsAgreed, Some(login), detail).await?;
    }
    Ok(())
}

/// Returns true if the person agreed to any version before.
pub async fn has_agreed_before(tx: &mut TenantTx, login: LoginId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from terms_agreements
                          where tenant_id = $1 and realm = $2 and login_id = $3) as "before!""#,
        tx.tenant() as TenantId,
        Subscribers::NAME,
        login.0
    )
    .fetch_one(tx.conn())
    .await
}
