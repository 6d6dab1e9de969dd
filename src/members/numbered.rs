//! The numbers on people's cards, by which staff know whom a line of the trail is about. No name is read.

use std::collections::HashMap;

use uuid::Uuid;

use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// People by login and by code, each as 記号-番号-枝番.
#[derive(Debug, Default)]
pub struct Numbered {
    logins: HashMap<Uuid, String>,
    members: HashMap<String, String>,
}

impl Numbered {
    /// Returns the number of a person whom a login or a code names.
    #[must_use]
    pub fn of(&self, login: Option<Uuid>, member: Option<&str>) -> Option<&str> {
        let by_login = login.and_then(|login| self.logins.get(&login));
        by_login.or_else(|| member.and_then(|code| self.members.get(code))).map(String::as_str)
    }
}

/// Reads the numbers of people of whom logins or codes are known.
pub async fn numbered(
    tx: &mut TenantTx,
    logins: &[Uuid],
    members: &[String],
) -> Result<Numbered, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with wanted as (
               select b.login_id as login, b.member_code as code from subscribers b
               where b.tenant_id = $1 and b.login_id = any($2)
               union all
               select null::uuid, code from unnest($3::text[]) as given (code)
           )
           select wanted.login, m.code, m.branch, n.symbol, n.number
           from wanted
           join members m on m.tenant_id = $1 and m.code = wanted.code
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n"#,
        tx.tenant() as TenantId,
        logins,
        members
    )
    .fetch_all(tx.conn())
    .await?;
    let mut known = Numbered::default();
    for row in rows {
        let number = format!("{}-{}-{}", row.symbol, row.number, row.branch);
        match row.login {
            Some(login) => known.logins.insert(login, number),
            None => known.members.insert(row.code, number),
        };
    }
    Ok(known)
}

/// Returns the login of a member, if they have one.
pub async fn login_of(tx: &mut TenantTx, member: &str) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select login_id from subscribers where tenant_id = $1 and member_code = $2",
        tx.tenant() as TenantId,
        member
    )
    .fetch_optional(tx.conn())
    .await
}
