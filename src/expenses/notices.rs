//! Notices of a month, as staff handle them: looked over, published, withdrawn.
//!
//! A month may come in several files and be corrected before people see it. Publishing shows the month to people, and mails
//! tell those who want to know (M1), once.

pub mod job;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::history::{forget_empty_months, into_history};
use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::batches;
use crate::import::kind::ImportKind;
use crate::mail::message::ExpensesUpdatedMail;
use crate::records::updates::{self, TellError};
use crate::records::{self, RecordKind};

const KIND: RecordKind = RecordKind::Expenses;
/// The number of months on a page of the list.
const PAGE: i64 = 60;

/// A month's notice, with what an operator compares before publishing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub month: Month,
    pub rows: i64,
    pub total: Yen,
    pub out_of_pocket: Yen,
    pub published_at: Option<DateTime<Utc>>,
}

/// The result of publishing a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Published {
    /// The month is published now.
    Now,
    /// The month was published before.
    Before,
    /// The month has no rows, so it is not published.
    Empty,
}

/// Returns a page of the months that have rows, newest first: the newest ones, or those before a month. The page after
/// the oldest month is empty.
pub async fn list(tx: &mut TenantTx, before: Option<Month>) -> Result<Vec<Notice>, sqlx::Error> {
    sqlx::query_as!(
        Notice,
        r#"select s.notice_month as "month: Month", s.rows, s.total_yen as "total: Yen",
                  s.out_of_pocket_yen as "out_of_pocket: Yen",
                  n.published_at as "published_at?"
           from expense_months s
           left join record_notices n
             on n.tenant_id = s.tenant_id and n.kind = $2 and n.month = s.notice_month
           where s.tenant_id = $1 and ($3::date is null or s.notice_month < $3)
           order by s.notice_month desc limit $4"#,
        tx.tenant() as TenantId,
        KIND.name(),
        before as Option<Month>,
        PAGE
    )
    .fetch_all(tx.conn())
    .await
}

/// Publishes a month: from now on people see its rows.
pub async fn publish(
    tx: &mut TenantTx,
    clock: &Clock,
    month: Month,
    by: &str,
) -> Result<Published, sqlx::Error> {
    // No import may change the month meanwhile.
    batches::lock(tx, ImportKind::Expenses).await?;
    let known = records::notices::find(tx, KIND, month).await?;
    if known.is_some() {
        return Ok(Published::Before);
    }
    let filled = sqlx::query_scalar!(
        r#"select exists (select from expense_months
                          where tenant_id = $1 and notice_month = $2) as "filled!""#,
        tx.tenant() as TenantId,
        month as Month
    )
    .fetch_one(tx.conn())
    .await?;
    if !filled {
        return Ok(Published::Empty);
    }
    records::notices::publish(tx, clock, KIND, month, by).await?;
    let detail = serde_json::json!({ "month": month.to_string() });
    audit::record(tx, clock, Action::ExpensesPublished, None, detail).await?;
    Ok(Published::Now)
}

/// Writes a mail to each person who has rows to read in a published month, unless the person has no confirmed address, mail
/// to it bounces, or the person refused such mails. Returns the number of mails: 0 if the union sends none.
pub async fn tell(tx: &mut TenantTx, cx: Context<'_>, month: Month) -> Result<u64, TellError> {
    if !KIND.is_told_by(&cx.tenant.config) {
        return Ok(0);
    }
    let Some(notice) = records::notices::find(tx, KIND, month).await? else { return Ok(0) };
    let addresses = concerned(tx, cx, month).await?;
    let mail = ExpensesUpdatedMail { url: cx.mail.expenses(cx.tenant) };
    updates::tell(tx, cx, notice, &mail, &addresses).await
}

/// Returns the addresses of the people who may read a row of a month. This is the rule of [`records::reader`] seen from the
/// rows: it looks for the readers of given rows.
async fn concerned(
    tx: &mut TenantTx,
    cx: Context<'_>,
    month: Month,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with told as (
               select e.household_code, e.member_code, min(e.treatment_month) as first_treated
               from expenses e
               where e.tenant_id = $1 and e.notice_month = $2
               group by e.household_code, e.member_code
           ), reads as (
               -- People read their own rows, whichever household had them.
               select t.member_code as reader, t.first_treated from told t
               union all
               select m.code, t.first_treated
               from told t
               join members m on m.tenant_id = $1 and m.household_code = t.household_code
               where m.code <> t.member_code
                 and (m.lost_on is null or m.lost_on > $4 or m.relation = 'insured')
                 and not exists (select from record_privacy p
                                 where p.tenant_id = $1 and p.kind = $3
                                   and p.member_code = t.member_code)
           )
           select a.email as "email!"
           from (select r.reader, min(r.first_treated) as first_treated
                 from reads r group by r.reader) concerned
           join members m on m.tenant_id = $1 and m.code = concerned.reader
           join subscribers b on b.tenant_id = m.tenant_id and b.member_code = m.code
           join logins a on a.tenant_id = b.tenant_id and a.realm = b.realm and a.id = b.login_id
           where a.registered_at is not null and a.email_confirmed_at is not null
             and a.closed_at is null and a.email is not null
             and (m.lost_on is null
                  or (concerned.first_treated < m.lost_on
                      and (m.lost_on + make_interval(years => $5))::date > $4))
             and not exists (select from email_failures f
                             where f.tenant_id = a.tenant_id and f.email = a.email)
             and not exists (select from mail_preferences p
                             where p.tenant_id = a.tenant_id and p.login_id = b.login_id
                               and p.kind = $6 and not p.wanted)
           order by a.id"#,
        tx.tenant() as TenantId,
        month as Month,
        KIND.name(),
        cx.clock.today(),
        i32::from(cx.tenant.config.after_loss.years),
        KIND.update_mail().name()
    )
    .fetch_all(tx.conn())
    .await
}

/// The result of a withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub rows: i64,
    /// True if people had seen the month.
    pub published: bool,
}

/// Withdraws a month: history keeps its rows, people don't see them any more, and mails about it that wait in the queue
/// are not sent.
pub async fn withdraw(
    tx: &mut TenantTx,
    clock: &Clock,
    month: Month,
    by: &str,
) -> Result<Withdrawn, sqlx::Error> {
    batches::lock(tx, ImportKind::Expenses).await?;
    let withdrawal = BatchId::new(clock);
    let rows = into_history!(
        "delete from expenses where tenant_id = $1 and notice_month = $4
         returning *, 'withdrawn' as reason",
        tx,
        withdrawal as BatchId,
        clock.now(),
        month as Month
    )
    .fetch_one(tx.conn())
    .await?;
    forget_empty_months(tx).await?;
    sqlx::query!(
        "insert into expense_withdrawals (tenant_id, id, month, rows, withdrawn_at, withdrawn_by)
         values ($1, $2, $3, $4, $5, $6)",
        tx.tenant() as TenantId,
        withdrawal as BatchId,
        month as Month,
        rows,
        clock.now(),
        by
    )
    .execute(tx.conn())
    .await?;
    let notice = records::notices::withdraw(tx, KIND, month).await?;
    if let Some(notice) = notice {
        updates::take_back(tx, clock, notice).await?;
    }
    let detail = serde_json::json!({
        "month": month.to_string(), "rows": rows, "id": withdrawal,
    });
    audit::record(tx, clock, Action::ExpensesWithdrawn, None, detail).await?;
    Ok(Withdrawn { rows, published: notice.is_some() })
}
