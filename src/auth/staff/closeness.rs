//! How close a staff member is to the person whom an act concerns.
//!
//! Staff are often insured at the union that they work for, so that the console would open their family's records and
//! those of the people at the next desk.

use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::db::TenantTx;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closeness {
    /// The staff member, or somebody of their present household.
    Household,
    /// Another staff member of the union.
    Colleague,
    /// Somebody of a colleague's household, whose data shows the colleague's too.
    ColleaguesHousehold,
    None,
}

/// Compares a staff member's own member code with a person's: with `member`, or with the member of the login.
pub(super) async fn of(
    tx: &mut TenantTx,
    staff: LoginId<Staff>,
    person: Option<LoginId>,
    member: Option<&str>,
) -> Result<Closeness, sqlx::Error> {
    let member = match (member, person) {
        (Some(member), _) => Some(member.to_owned()),
        (None, Some(person)) => member_of(tx, person).await?,
        (None, None) => None,
    };
    let Some(member) = member else { return Ok(Closeness::None) };
    let found = sqlx::query!(
        r#"select exists (select from staff s
                          join members own on own.tenant_id = $1 and own.code = s.member_code
                          join members other on other.tenant_id = $1
                              and other.household_code = own.household_code
                          where s.tenant_id = $1 and s.realm = $2 and s.login_id = $3
                            and other.code = $4) as "household!",
                  exists (select from staff s
                          where s.tenant_id = $1 and s.realm = $2 and s.login_id <> $3
                            and s.member_code = $4) as "colleague!",
                  exists (select from staff s
                          join members own on own.tenant_id = $1 and own.code = s.member_code
                          join members other on other.tenant_id = $1
                              and other.household_code = own.household_code
                          where s.tenant_id = $1 and s.realm = $2 and s.login_id <> $3
                            and other.code = $4) as "colleagues_household!""#,
        tx.tenant() as TenantId,
        Staff::NAME,
        staff.0,
        member
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match (found.household, found.colleague, found.colleagues_household) {
        (true, ..) => Closeness::Household,
        (false, true, _) => Closeness::Colleague,
        (false, false, true) => Closeness::ColleaguesHousehold,
        (false, false, false) => Closeness::None,
    })
}

/// Finds the member of a subscriber's login.
pub(super) async fn member_of(
    tx: &mut TenantTx,
    person: LoginId,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select member_code from subscribers where tenant_id = $1 and login_id = $2",
        tx.tenant() as TenantId,
        person.0
    )
    .fetch_optional(tx.conn())
    .await
}
