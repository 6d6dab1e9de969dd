//! The staff whom a change of the console's own rules touches.

use super::rule::Touch;
use crate::base::ids::TenantId;
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::console::ConsoleRules;

/// Counts the staff if the rules for their passwords and sessions differ.
pub(super) async fn count(
    tx: &mut TenantTx,
    before: &TenantConfig,
    after: &TenantConfig,
) -> Result<Option<Touch>, sqlx::Error> {
    let open_to_union = before.console.open_to_union.clone();
    if (ConsoleRules { open_to_union, ..after.console.clone() }) == before.console {
        return Ok(None);
    }
    let people = sqlx::query_scalar!(
        r#"select count(*) as "count!" from staff
           where tenant_id = $1 and realm = $2 and suspended_at is null"#,
        tx.tenant() as TenantId,
        Staff::NAME
    )
    .fetch_one(tx.conn())
    .await?;
    let whom = "管理画面のパスワードとログインの規則が変わる職員".to_owned();
    Ok(Some(Touch { setting: "console", whom, people, sessions: None }))
}
