//! Takes in a file of expenses: all of it or nothing.
//!
//! Rows go into a staging table as they are read; then people are looked up, and the ledger is
//! brought in line, a set at a time in the same transaction. A row is known by the union's own
//! number of it, so the same file twice changes nothing.

use crate::audit::{self, Action};
use crate::base::clock::Clock;
use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::columns::{Column, Mapping};
use crate::import::rows::{Copy, Progress, Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::{Counts, ImportError, ImportRun, RowErrors, batches};

use super::care::Care;

const fn column(key: &'static str, heading: &'static str, optional: bool) -> Column {
    Column { key, heading, optional }
}

/// The layout of an expenses file. Headings in any order; others are passed over.
pub const COLUMNS: [Column; 12] = [
    column("claim_number", "明細番号", false),
    column("person_code", "個人コード", false),
    column("notice_month", "通知年月", false),
    column("treatment_month", "診療年月", false),
    column("institution", "医療機関", false),
    column("care", "診療区分", false),
    column("days", "日数", false),
    column("total", "医療費総額", false),
    column("insurer_paid", "保険者負担額", false),
    column("public_paid", "公費負担額", false),
    column("out_of_pocket", "自己負担額", false),
    column("remarks", "備考", true),
];

/// What a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub counts: Counts,
    pub total: Yen,
    pub out_of_pocket: Yen,
}

/// What the import needs to know besides the file.
pub struct ExpensesImport<'i> {
    pub run: &'i ImportRun,
    pub clock: &'i Clock,
    pub mapping: &'i Mapping,
}

impl ExpensesImport<'_> {
    /// Takes the file in. The caller commits, or drops the transaction after a dry run.
    ///
    /// # Errors
    /// All mistakes of the file by row and column; nothing was taken in then.
    pub async fn import(
        &self,
        tx: &mut TenantTx,
        source: &mut Source,
        progress: &mut Progress<'_>,
    ) -> Result<Imported, ImportError> {
        prepare(tx).await?;
        let mut rows = Rows::open(source, &COLUMNS, self.mapping)?;
        let mut errors = RowErrors::default();
        let sums = stage(tx, &mut rows, &mut errors, progress).await?;
        check(tx, &rows, &mut errors).await?;
        errors.into_result()?;
        batches::open(tx, self.clock, self.run, "expenses", source).await?;
        let counts = merge(tx, self.run).await?;
        batches::close(tx, self.run, counts).await?;
        let detail = serde_json::json!({
            "batch": self.run.batch, "by": self.run.by,
            "added": counts.added, "changed": counts.changed, "unchanged": counts.unchanged,
        });
        audit::record(tx, self.clock, Action::ExpensesImported, None, detail).await?;
        Ok(Imported { counts, total: sums.0, out_of_pocket: sums.1 })
    }
}

async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    batches::lock(tx, "expenses").await?;
    sqlx::query(
        "create temporary table staged_expenses (
             row bigint not null, claim_number text not null, member_code text not null,
             notice_month date not null, treatment_month date not null, institution text not null,
             care text not null, days smallint not null, total_yen bigint not null,
             insurer_yen bigint not null, public_yen bigint not null,
             out_of_pocket_yen bigint not null, remarks text not null
         ) on commit drop",
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Sends the rows into the staging table; the sums of 医療費総額 and 自己負担額.
async fn stage(
    tx: &mut TenantTx,
    rows: &mut Rows,
    errors: &mut RowErrors,
    progress: &mut Progress<'_>,
) -> Result<(Yen, Yen), ImportError> {
    let mut sums = (Yen(0), Yen(0));
    let mut copy = Copy::into(tx.conn(), "staged_expenses").await?;
    let outcome = loop {
        let row = match rows.next_row() {
            Ok(Some(row)) => row,
            Ok(None) => break Ok(sums),
            Err(error) => break Err(error),
        };
        let Some((total, out_of_pocket)) = write(&row, errors, &mut copy) else { continue };
        sums.0 += total;
        sums.1 += out_of_pocket;
        if copy.end_row().await? {
            progress(rows.bytes_read());
        }
    };
    match outcome {
        Ok(sums) => {
            copy.finish().await?;
            Ok(sums)
        }
        Err(error) => {
            let _ = copy.abort().await;
            Err(error)
        }
    }
}

/// Parses a row and writes it; nothing is written of a row with a mistake.
fn write(row: &Row<'_>, errors: &mut RowErrors, copy: &mut Copy<'_>) -> Option<(Yen, Yen)> {
    if !row.is_whole(errors) {
        return None;
    }
    let month = |text: &str| {
        Month::parse(&fold(text))
            .ok_or_else(|| format!("「{text}」は年月ではありません（例: 2026-03）"))
    };
    let claim_number = row.required(0, errors, |text| code(text, 60));
    let person_code = row.required(1, errors, |text| code(text, 40));
    let notice_month = row.required(2, errors, month);
    let treatment_month = row.required(3, errors, month);
    let institution = row.optional(4, errors, |text| line(text, 120));
    let care = row.required(5, errors, Care::parse);
    let days = row.required(6, errors, |text| number(text, 999));
    let total = row.required(7, errors, yen);
    let insurer = row.required(8, errors, yen);
    let public = row.required(9, errors, yen);
    let out_of_pocket = row.required(10, errors, yen);
    let remarks = row.optional(11, errors, |text| line(text, 200));
    if let (Some(notice), Some(treatment)) = (notice_month, treatment_month)
        && treatment > notice
    {
        errors.add(row.number, row.heading(3), "通知年月より後です");
        return None;
    }
    let (claim_number, person_code, care, days) = (claim_number?, person_code?, care?, days?);
    let (institution, remarks) = (institution?, remarks?);
    let (notice_month, treatment_month) = (notice_month?, treatment_month?);
    let (total, insurer, public, out_of_pocket) = (total?, insurer?, public?, out_of_pocket?);
    copy.display(row.number);
    copy.field(&claim_number);
    copy.field(&person_code);
    copy.display(notice_month.first_day());
    copy.display(treatment_month.first_day());
    copy.field(institution.as_deref().unwrap_or_default());
    copy.field(care.name());
    copy.display(days);
    copy.display(total.0);
    copy.display(insurer.0);
    copy.display(public.0);
    copy.display(out_of_pocket.0);
    copy.field(remarks.as_deref().unwrap_or_default());
    Some((total, out_of_pocket))
}

/// Whole yen from nothing to a hundred million, `12,960` and `¥12960` too.
fn yen(text: &str) -> Result<Yen, String> {
    if text.trim_start().starts_with(['-', '－', '−', '▲', '△']) {
        return Err(format!("負の金額は使えません: {text}"));
    }
    number(text, 100_000_000).map(Yen)
}

fn number(text: &str, most: i64) -> Result<i64, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let folded = if plain { text.to_owned() } else { fold(text).replace(',', "") };
    let digits = folded.trim_start_matches('¥');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("「{text}」は数字ではありません"));
    }
    match digits.parse::<i64>() {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("大きすぎます: {text}（{most}まで）")),
    }
}

/// Notes rows that stand twice, and people the union doesn't know.
async fn check(tx: &mut TenantTx, rows: &Rows, errors: &mut RowErrors) -> Result<(), sqlx::Error> {
    sqlx::query("analyze staged_expenses").execute(tx.conn()).await?;
    let repeated: Vec<(i64, i64)> = sqlx::query_as(
        "select s.row, same.first from staged_expenses s join (
             select claim_number, min(row) as first from staged_expenses
             group by claim_number having count(*) > 1
         ) same using (claim_number) where s.row > same.first order by s.row limit 1001",
    )
    .fetch_all(tx.conn())
    .await?;
    for (row, first) in repeated {
        let message = format!("同じ明細番号が{first}行目にもあります");
        errors.add(row.unsigned_abs(), rows.layout.heading(0), message);
    }
    let strangers: Vec<(i64, String)> = sqlx::query_as(
        "select row, member_code from staged_expenses s
         where not exists (select from members m where m.code = s.member_code)
         order by row limit 1001",
    )
    .fetch_all(tx.conn())
    .await?;
    for (row, code) in strangers {
        let message = format!("個人コード「{code}」の加入者が登録されていません");
        errors.add(row.unsigned_abs(), rows.layout.heading(1), message);
    }
    Ok(())
}

async fn merge(tx: &mut TenantTx, run: &ImportRun) -> Result<Counts, sqlx::Error> {
    let (all, known): (i64, i64) = sqlx::query_as(
        "select count(*), count(e.claim_number)
         from staged_expenses s left join expenses e using (claim_number)",
    )
    .fetch_one(tx.conn())
    .await?;
    let written = sqlx::query(
        "insert into expenses (claim_number, member_code, household_code, notice_month,
                               treatment_month, institution, care, days, total_yen, insurer_yen,
                               public_yen, out_of_pocket_yen, remarks, batch_id)
         select s.claim_number, s.member_code, m.household_code, s.notice_month, s.treatment_month,
                s.institution, s.care, s.days, s.total_yen, s.insurer_yen, s.public_yen,
                s.out_of_pocket_yen, s.remarks, $1
         from staged_expenses s join members m on m.code = s.member_code
         on conflict (tenant_id, claim_number) do update set
             member_code = excluded.member_code, household_code = excluded.household_code,
             notice_month = excluded.notice_month, treatment_month = excluded.treatment_month,
             institution = excluded.institution, care = excluded.care, days = excluded.days,
             total_yen = excluded.total_yen, insurer_yen = excluded.insurer_yen,
             public_yen = excluded.public_yen, out_of_pocket_yen = excluded.out_of_pocket_yen,
             remarks = excluded.remarks, batch_id = excluded.batch_id
         where (expenses.member_code, expenses.notice_month, expenses.treatment_month,
                expenses.institution, expenses.care, expenses.days, expenses.total_yen,
                expenses.insurer_yen, expenses.public_yen, expenses.out_of_pocket_yen,
                expenses.remarks)
             is distinct from
               (excluded.member_code, excluded.notice_month, excluded.treatment_month,
                excluded.institution, excluded.care, excluded.days, excluded.total_yen,
                excluded.insurer_yen, excluded.public_yen, excluded.out_of_pocket_yen,
                excluded.remarks)",
    )
    .bind(run.batch)
    .execute(tx.conn())
    .await?
    .rows_affected();
    let added = all - known;
    let changed = i64::try_from(written).unwrap_or(i64::MAX) - added;
    Ok(Counts { added, changed, unchanged: all - added - changed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o2_amounts_are_whole_yen_and_never_negative() {
        for (text, expected) in
            [("0", 0), ("12960", 12_960), ("12,960", 12_960), ("¥１２９６０", 12_960)]
        {
            assert_eq!(yen(text), Ok(Yen(expected)), "{text}");
        }
        for bad in ["-1", "▲100", "1.5", "一万", "", "99999999999999999999", "100000001"] {
            assert!(yen(bad).is_err(), "{bad}");
        }
    }
}
