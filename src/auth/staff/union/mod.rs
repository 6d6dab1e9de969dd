//! The changes that staff make for their whole union: its terms of use, and the settings that the operator opened to it.

pub mod policy;
pub mod terms;

use std::collections::HashMap;

use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

/// The versions' own tables hold no person's name, so staff stand there by their login behind this word. An operator
/// stands there by the name that the command line gave.
const STAFF: &str = "staff:";

/// Returns how a staff member is called in the versions' tables.
fn by(login: LoginId<Staff>) -> String {
    format!("{STAFF}{login}")
}

/// The names of a union's staff, for the lists of versions.
pub struct Authors(HashMap<String, String>);

impl Authors {
    pub async fn load(tx: &mut TenantTx) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select login_id as "login: LoginId<Staff>", name from staff
               where tenant_id = $1 and realm = $2"#,
            tx.tenant() as TenantId,
            Staff::NAME
        )
        .fetch_all(tx.conn())
        .await?;
        Ok(Self(rows.into_iter().map(|row| (by(row.login), row.name)).collect()))
    }

    /// Returns the name of the staff member who made a version, or `None` if an operator did.
    #[must_use]
    pub fn name(&self, by: &str) -> Option<&str> {
        self.0.get(by).map(String::as_str)
    }
}
