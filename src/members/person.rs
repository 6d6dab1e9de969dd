//! One person as the registry knows them, for the pages of staff about them.

use chrono::NaiveDate;

use super::relation::Relation;
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// No household has more people than are listed.
const MOST_RELATIVES: i64 = 50;

/// A person, as the registry names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryEntry {
    pub code: String,
    pub household_code: String,
    pub name: String,
    pub kana: String,
    /// 記号 and 番号 of the household, the newest ones.
    pub symbol: String,
    pub number: String,
    pub branch: String,
    pub birthdate: NaiveDate,
    pub relation: Relation,
    pub acquired_on: NaiveDate,
    /// 資格喪失日
    pub lost_on: Option<NaiveDate>,
}

/// Another person of a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdMember {
    pub code: String,
    pub name: String,
    pub kana: String,
    pub branch: String,
    pub birthdate: NaiveDate,
    pub relation: Relation,
    pub acquired_on: NaiveDate,
    pub lost_on: Option<NaiveDate>,
}

/// Returns who the person with a code is.
pub async fn find(tx: &mut TenantTx, code: &str) -> Result<Option<RegistryEntry>, sqlx::Error> {
    sqlx::query_as!(
        RegistryEntry,
        r#"select m.code, m.household_code, m.name, m.kana, n.symbol as "symbol!",
                  n.number as "number!", m.branch, m.birthdate, m.relation as "relation: Relation",
                  m.acquired_on, m.lost_on
           from members m
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n
           where m.tenant_id = $1 and m.code = $2"#,
        tx.tenant() as TenantId,
        code
    )
    .fetch_optional(tx.conn())
    .await
}

/// Returns the other people of a person's household, in its order.
pub async fn household(
    tx: &mut TenantTx,
    person: &RegistryEntry,
) -> Result<Vec<HouseholdMember>, sqlx::Error> {
    sqlx::query_as!(
        HouseholdMember,
        r#"select code, name, kana, branch, birthdate, relation as "relation: Relation",
                  acquired_on, lost_on
           from members
           where tenant_id = $1 and household_code = $2 and code <> $3
           order by branch, code limit $4"#,
        tx.tenant() as TenantId,
        person.household_code,
        person.code,
        MOST_RELATIVES
    )
    .fetch_all(tx.conn())
    .await
}
