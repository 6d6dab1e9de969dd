//! Decides who reads whose rows.
//!
//! - A row belongs to the household that had it, even after the person has left that household.
//! - People always read **their own rows**, private or not, of every household they have been in. `former_households` lists
//!   the households that a person has left, so that rows are found by the key that begins with a household, and no index by
//!   person is needed.
//! - All members read **the household's rows**, except those that another person keeps private (E7). A person who
//!   leaves no longer reads the rows of the others. The family they left keeps what it had; the new family never
//!   gets rows of an earlier household.
//! - Rows are read only once their notice is **published**.
//! - **After losing eligibility** (T12) a person reads rows treated up to the last month of their own time in the union (seed
//!   000 A10). The insured person still reads the household's rows of that time: the notices were addressed to the
//!   insured, the costs go into one tax return in the following spring, and dependents lose eligibility together with
//!   the insured. A dependent who loses it alone (a job, a divorce) reads only their own rows: what the others had is
//!   no business of somebody who is gone. The reason is privacy and the same for every union, so no policy changes it.

use crate::auth::session::Session;
use crate::base::month::Month;

/// A person who reads rows.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'r> {
    pub household: &'r str,
    pub member: &'r str,
    /// The last month of treatment that the person may read; `None` if there is no limit (T12).
    pub until: Option<Month>,
}

impl<'r> Reader<'r> {
    #[must_use]
    pub fn of(session: &'r Session) -> Self {
        Self {
            household: &session.person.household_code,
            member: &session.person.member_code,
            until: session.last_month(),
        }
    }
}

/// Runs one of sqlx's query macros on the rows `e` of a table that a reader may see. Pages, sums and files have no other
/// way to a row. This is a macro and not a function because only literals are checked when the program is compiled.
///
/// The published months are an array and not a join, because the planner expects one row of a household in each
/// partition, and would compare every row with every month. `+ 0` keeps them out of the index condition, which would
/// search the index once for each month.
///
/// `$1` to `$5` are taken: the tenant, the reader's household, code and last month, and the kind of record. Further
/// arguments count from `$6`. `rest` begins with `and`, `group by` or `order by`.
macro_rules! readable {
    (
        $query:ident!($($row:ty)?),
        $columns:tt from $table:tt $joins:tt rest $rest:tt,
        $tx:ident, $reader:ident, $kind:expr $(, $argument:expr)* $(,)?
    ) => {
        sqlx::$query!(
            $($row,)?
            $columns + " from " + $table + " e " + $joins
                + " where e.tenant_id = $1
                      and e.household_code = any ($2::text || array(
                          select f.household_code from former_households f
                          where f.tenant_id = $1 and f.member_code = $3))
                      and ($4::date is null or e.treatment_month <= $4)
                      and (e.notice_month + 0) = any (array(
                          select n.month from record_notices n
                          where n.tenant_id = $1 and n.kind = $5))
                      and (e.member_code = $3 or (
                          e.household_code = $2
                          and ($4::date is null or exists (
                              select from members i
                              where i.tenant_id = $1 and i.code = $3 and i.relation = 'insured'))
                          and not exists (
                              select from record_privacy p
                              where p.tenant_id = $1 and p.kind = $5
                                and p.member_code = e.member_code))) "
                + $rest,
            $tx.tenant() as TenantId,
            $reader.household,
            $reader.member,
            $reader.until as Option<Month>,
            $kind.name()
            $(, $argument)*
        )
    };
}

pub(crate) use readable;
