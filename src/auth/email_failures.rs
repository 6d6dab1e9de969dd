//! Marks on addresses where mail does not arrive, so that their owners read of it after they sign in.
//!
//! A mark takes no right away: mail goes out as before, and a person who can read it signs in as before. It ends when a
//! person confirms the address, or when no login has the address any more.

use crate::base::clock::Clock;
use crate::base::email::EmailAddress;
use crate::base::ids::TenantId;
use crate::db::TenantTx;
use crate::mail::feedback::FeedbackKind;

/// Marks an address if a login of the union has it. Returns true if one does. `detail` is the provider's own word for the
/// failure.
pub async fn mark(
    tx: &mut TenantTx,
    clock: &Clock,
    email: &EmailAddress,
    kind: FeedbackKind,
    detail: &str,
) -> Result<bool, sqlx::Error> {
    let marked = sqlx::query!(
        "insert into email_failures (tenant_id, email, kind, at, detail)
         select $1::uuid, $2::text, $3::text, $4::timestamptz, $5::text
         where exists (select from logins where tenant_id = $1 and email = $2)
         on conflict (tenant_id, email) do update
             set kind = excluded.kind, at = excluded.at, detail = excluded.detail",
        tx.tenant() as TenantId,
        email.as_str(),
        kind.name(),
        clock.now(),
        detail
    )
    .execute(tx.conn())
    .await?;
    Ok(marked.rows_affected() > 0)
}

/// Takes the mark off an address.
pub(in crate::auth) async fn forget(tx: &mut TenantTx, email: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from email_failures where tenant_id = $1 and email = $2",
        tx.tenant() as TenantId,
        email
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes the mark off an address that no login of the union has any more.
pub(in crate::auth) async fn forget_unused(
    tx: &mut TenantTx,
    email: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from email_failures
         where tenant_id = $1 and email = $2
           and not exists (select from logins where tenant_id = $1 and email = $2)",
        tx.tenant() as TenantId,
        email
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
