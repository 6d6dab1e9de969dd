//! Months of notice: published, withdrawn, looked over.
//!
//! A month may come in several files and be corrected before anybody sees it. Publishing shows it to
//! people and tells those who want to know by mail (M1), once.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::types::PgInterval;

use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::session::Session;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::import::batches::{self, Kind};
use crate::mail::message::{ExpensesUpdatedMail, Letter, Mail as _};
use crate::mail::preferences;
use crate::tenant::policy::UpdateMail;

/// Update mails leave one by one, so that neither the mail provider nor the portal meets everybody at once.
const MAIL_EVERY: TimeDelta = TimeDelta::milliseconds(100);

/// A month of notice, as an operator looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub month: Month,
    pub rows: i64,
    pub total: Yen,
    pub out_of_pocket: Yen,
    pub published_at: Option<DateTime<Utc>>,
}

/// What publishing a month came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// It is to be seen from now on.
    Now,
    Before,
    /// There is nothing in it.
    Empty,
}

/// Why nobody was told.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Mail(#[from] tera::Error),
}

/// The months of which there are rows, newest first.
///
/// # Errors
/// The database's.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Notice>, sqlx::Error> {
    sqlx::query_as!(
        Notice,
        r#"select e.notice_month as "month: Month", count(*) as "rows!",
                  sum(e.total_yen)::bigint as "total!: Yen",
                  sum(e.out_of_pocket_yen)::bigint as "out_of_pocket!: Yen",
                  min(n.published_at) as published_at
           from expenses e
           left join expense_notices n on n.tenant_id = e.tenant_id and n.month = e.notice_month
           group by e.notice_month order by e.notice_month desc"#
    )
    .fetch_all(tx.conn())
    .await
}

/// Shows a month to people.
///
/// # Errors
/// The database's.
pub async fn publish(
    tx: &mut TenantTx,
    clock: &Clock,
    month: Month,
    by: &str,
) -> Result<Published, sqlx::Error> {
    // Not while a file is on its way in.
    batches::lock(tx, Kind::Expenses).await?;
    let published = sqlx::query!(
        "insert into expense_notices (month, published_at, published_by)
         select $1, $2, $3 where exists (select from expenses where notice_month = $1)
         on conflict do nothing",
        month as Month,
        clock.now(),
        by
    )
    .execute(tx.conn())
    .await?;
    if published.rows_affected() == 0 {
        let known = sqlx::query_scalar!(
            r#"select exists (select from expense_notices where month = $1) as "known!""#,
            month as Month
        )
        .fetch_one(tx.conn())
        .await?;
        return Ok(if known { Published::Before } else { Published::Empty });
    }
    let detail = serde_json::json!({ "month": month.to_string(), "by": by });
    audit::record(tx, clock, Action::ExpensesPublished, None, detail).await?;
    Ok(Published::Now)
}

/// A mail to everybody who has something to read in a month just published, a confirmed address that
/// mail reaches, and did not refuse. How many; none where the union sends no such mail.
///
/// # Errors
/// The database's; a template that asks for what the mail doesn't have.
pub async fn tell(tx: &mut TenantTx, cx: Context<'_>, month: Month) -> Result<u64, TellError> {
    if !cx.tenant.config.update_mails.contains(&UpdateMail::Expenses) {
        return Ok(0);
    }
    let mail = ExpensesUpdatedMail::of(cx.tenant);
    let Letter { kind, sender_name, sender, reply_to, subject, text, html } =
        cx.mail.write(cx.tenant, &mail)?;
    let told = sqlx::query!(
        "insert into outbox (tenant_id, id, kind, sender_name, sender, reply_to, recipient, subject,
                             text_body, html_body, created_at, queued_at, due_at)
         select $13, gen_random_uuid(), $2, $3, $4, $5, who.email, $6, $7, $8, n.published_at,
                who.due_at, who.due_at
         from expense_notices n, (
             select a.email,
                    coalesce($9, now())
                        + (row_number() over (order by a.id) - 1) * $10::interval as due_at
             from logins a
             join subscribers b on b.tenant_id = a.tenant_id and b.login_id = a.id
             join members m on m.tenant_id = b.tenant_id and m.code = b.member_code
             where a.tenant_id = $13 and a.realm = $14 and a.registered_at is not null and a.email_confirmed_at is not null
               and a.closed_at is null
               and (m.lost_on is null
                    or (m.lost_on + make_interval(years => $11))::date > $12)
               and not exists (select from email_failures f
                               where f.tenant_id = a.tenant_id and f.email = a.email)
               and not exists (select from mail_preferences p
                               where p.tenant_id = a.tenant_id and p.login_id = b.login_id
                                 and p.kind = 'expenses' and not p.wanted)
               and exists (
                   select from readable_expenses(m.household_code, m.code, m.lost_on - 1) e
                   where e.notice_month = $1)
         ) who where n.tenant_id = $13 and n.month = $1",
        month as Month,
        kind,
        sender_name,
        sender,
        reply_to,
        subject,
        text,
        html,
        cx.clock.held(),
        PgInterval::try_from(MAIL_EVERY).map_err(sqlx::Error::Encode)?,
        i32::from(cx.tenant.config.after_loss.years),
        cx.clock.today(),
        tx.tenant() as TenantId,
        Subscribers::NAME
    )
    .execute(tx.conn())
    .await?;
    Ok(told.rows_affected())
}

/// Whether a person wants such mails, where that is not so already.
///
/// # Errors
/// The database's.
pub async fn choose_mail(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    wanted: bool,
) -> Result<(), sqlx::Error> {
    preferences::set(tx, session.login, UpdateMail::Expenses, wanted).await?;
    let detail = serde_json::json!({ "kind": UpdateMail::Expenses.name(), "wanted": wanted });
    audit::record(tx, clock, Action::UpdateMailChosen, Some(session.login), detail).await
}

/// What a withdrawal took back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawn {
    pub rows: u64,
    /// Whether people had seen the month.
    pub published: bool,
}

/// Takes a month back: its rows go into history, nobody sees them any more, and mails about it that have not
/// left yet stay.
///
/// # Errors
/// The database's.
pub async fn withdraw(
    tx: &mut TenantTx,
    clock: &Clock,
    month: Month,
    by: &str,
) -> Result<Withdrawn, sqlx::Error> {
    batches::lock(tx, Kind::Expenses).await?;
    let withdrawal = BatchId::new(clock);
    let rows = sqlx::query!(
        "with gone as (
             delete from expenses where notice_month = $1 returning *
         ), freed as (
             delete from expense_claims c using gone
             where c.tenant_id = gone.tenant_id and c.claim_number = gone.claim_number
         )
         insert into expense_history
             (claim_number, ended_by, ended_at, reason, household_code, notice_month, member_code,
              treatment_month, institution, care, days, total_yen, insurer_yen, public_yen,
              out_of_pocket_yen, computed, remarks, batch_id)
         select claim_number, $2, $3, 'withdrawn', household_code, notice_month, member_code,
                treatment_month, institution, care, days, total_yen, insurer_yen, public_yen,
                out_of_pocket_yen, computed, remarks, batch_id
         from gone",
        month as Month,
        withdrawal as BatchId,
        clock.now()
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    sqlx::query!(
        "insert into expense_withdrawals (id, month, rows, withdrawn_at, withdrawn_by)
         values ($1, $2, $3, $4, $5)",
        withdrawal as BatchId,
        month as Month,
        i64::try_from(rows).unwrap_or(i64::MAX),
        clock.now(),
        by
    )
    .execute(tx.conn())
    .await?;
    let published_at = sqlx::query_scalar!(
        "delete from expense_notices where month = $1 returning published_at",
        month as Month
    )
    .fetch_optional(tx.conn())
    .await?;
    sqlx::query!(
        "update outbox set state = 'expired', finished_at = $2
         where tenant_id = current_tenant() and kind = $3 and created_at = $1 
           and state in ('queued', 'dead')",
        published_at,
        clock.now(),
        ExpensesUpdatedMail::NAME
    )
    .execute(tx.conn())
    .await?;
    let detail = serde_json::json!({
        "month": month.to_string(), "by": by, "rows": rows, "id": withdrawal,
    });
    audit::record(tx, clock, Action::ExpensesWithdrawn, None, detail).await?;
    Ok(Withdrawn { rows, published: published_at.is_some() })
}
