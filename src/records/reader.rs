//! Who reads whose rows.
//!
//! - A row belongs to the household that had it, for ever: a file that corrects it later leaves it there.
//! - **One's own rows** a person always reads, whatever household they were in then or are in now, and whether
//!   or not they keep them private. The households that they left are listed (`former_households`), so that their rows are
//!   found by the key of the household.
//! - **The household's rows** its members read, without those that somebody else keeps private (E7). Whoever leaves
//!   reads no more of those they left behind; and what they had before stays with the family they left: the new one
//!   never gets it.
//! - Only rows of **published** notices are to be read.
//! - **After losing eligibility** (T12) it ends with the last month of one's own time in the union (seed 000 A10). The
//!   insured person goes on reading the household's rows of that time, too: the notice of them was addressed to the
//!   insured, their costs go into one tax return in the following spring, and dependents lose eligibility with the
//!   insured. A dependent who leaves alone (by work, by divorce) reads their own and nobody else's: what those who
//!   stay had is not theirs to read for two more years. A law's interest decides that, not a union's taste, so there is no
//!   policy for it.

use crate::auth::session::Session;
use crate::base::month::Month;

/// A person who reads.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'r> {
    pub household: &'r str,
    pub member: &'r str,
    /// The last month of treatment that the person may see; `None`: whatever comes (T12).
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

/// One of sqlx's macros on the rows `e` of a table that a reader may see. It is the one way to a row for pages, sums
/// and files; a macro, because a statement that is put together at run time is checked by nobody.
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
                      and exists (select from record_notices n
                                  where n.tenant_id = e.tenant_id and n.kind = $5
                                    and n.month = e.notice_month)
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
