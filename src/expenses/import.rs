//! Takes in a file of expenses: all of it or nothing.
//!
//! Rows go into a staging table as they are read; then people are looked up, and the ledger is
//! brought in line, a set at a time in the same transaction. A row is known by the union's own
//! number of it, so the same file twice changes nothing.

use crate::base::clock::Clock;
use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::batches::{self, Kind};
use crate::import::columns::{Column, Layout, Mapping};
use crate::import::rows::{Copy, Progress, Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::{Counts, ImportError, ImportRun, RowErrors};

use super::care::Care;

/// The layout of an expenses file. Headings in any order; others are passed over.
pub const COLUMNS: [Column; 12] = [
    Column::required("claim_number", "明細番号"),
    Column::required("person_code", "個人コード"),
    Column::required("notice_month", "通知年月"),
    Column::required("treatment_month", "診療年月"),
    Column::required("institution", "医療機関"),
    Column::required("care", "診療区分"),
    Column::required("days", "日数"),
    Column::required("total", "医療費総額"),
    Column::required("insurer_paid", "保険者負担額"),
    Column::required("public_paid", "公費負担額"),
    Column::required("out_of_pocket", "自己負担額"),
    Column::optional("remarks", "備考"),
];

/// What a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    pub counts: Counts,
    pub sums: Sums,
}

/// The sums over a file's rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
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
        let mut sums = Sums::default();
        let copy = Copy::into(tx.conn(), "staged_expenses").await?;
        let staged = copy
            .rows(&mut rows, progress, |row, copy| match write(row, &mut errors, copy) {
                Some((total, out_of_pocket)) => {
                    sums.total += total;
                    sums.out_of_pocket += out_of_pocket;
                    true
                }
                None => false,
            })
            .await?;
        check(tx, &rows.layout, &mut errors).await?;
        errors.into_result()?;
        let counts = merge(tx, self.run, i64::try_from(staged).unwrap_or(i64::MAX)).await?;
        batches::record(tx, self.clock, self.run, Kind::Expenses, source, counts).await?;
        Ok(Imported { counts, sums })
    }
}

async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    batches::lock(tx, Kind::Expenses).await?;
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
    let digits = if plain { Some(text.to_owned()) } else { ungrouped(&fold(text)) };
    let digits = digits.ok_or_else(|| format!("「{text}」は数字ではありません"))?;
    match digits.parse::<i64>() {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("大きすぎます: {text}（{most}まで）")),
    }
}

/// `¥12,960` without its sign and separators, which must stand where they belong.
fn ungrouped(text: &str) -> Option<String> {
    let text = text.strip_prefix('¥').unwrap_or(text);
    let mut groups = text.split(',');
    let first = groups.next()?;
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let grouped = text.contains(',');
    let right = digits(first)
        && (!grouped || first.len() <= 3)
        && groups.all(|group| group.len() == 3 && digits(group));
    right.then(|| text.replace(',', ""))
}

/// Notes rows that stand twice, and people the union doesn't know.
async fn check(
    tx: &mut TenantTx,
    layout: &Layout,
    errors: &mut RowErrors,
) -> Result<(), sqlx::Error> {
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
        errors.add(row.unsigned_abs(), layout.heading(0), message);
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
        errors.add(row.unsigned_abs(), layout.heading(1), message);
    }
    Ok(())
}

/// New rows first; the rest is compared only where some of the file's rows were known already.
async fn merge(tx: &mut TenantTx, run: &ImportRun, staged: i64) -> Result<Counts, sqlx::Error> {
    let added = sqlx::query(
        "insert into expenses (claim_number, member_code, household_code, notice_month,
                               treatment_month, institution, care, days, total_yen, insurer_yen,
                               public_yen, out_of_pocket_yen, remarks, batch_id)
         select s.claim_number, s.member_code, m.household_code, s.notice_month, s.treatment_month,
                s.institution, s.care, s.days, s.total_yen, s.insurer_yen, s.public_yen,
                s.out_of_pocket_yen, s.remarks, $1
         from staged_expenses s join members m on m.code = s.member_code
         where not exists (select from expenses e where e.claim_number = s.claim_number)",
    )
    .bind(run.batch)
    .execute(tx.conn())
    .await?;
    let added = i64::try_from(added.rows_affected()).unwrap_or(i64::MAX);
    if added == staged {
        return Ok(Counts { added, changed: 0, unchanged: 0 });
    }
    let changed = sqlx::query(
        "update expenses e set
             member_code = s.member_code,
             household_code = case when e.member_code = s.member_code then e.household_code
                                   else m.household_code end,
             notice_month = s.notice_month, treatment_month = s.treatment_month,
             institution = s.institution, care = s.care, days = s.days, total_yen = s.total_yen,
             insurer_yen = s.insurer_yen, public_yen = s.public_yen,
             out_of_pocket_yen = s.out_of_pocket_yen, remarks = s.remarks, batch_id = $1
         from staged_expenses s join members m on m.code = s.member_code
         where e.claim_number = s.claim_number and e.batch_id <> $1
           and (e.member_code, e.notice_month, e.treatment_month, e.institution, e.care, e.days,
                e.total_yen, e.insurer_yen, e.public_yen, e.out_of_pocket_yen, e.remarks)
             is distinct from
               (s.member_code, s.notice_month, s.treatment_month, s.institution, s.care, s.days,
                s.total_yen, s.insurer_yen, s.public_yen, s.out_of_pocket_yen, s.remarks)",
    )
    .bind(run.batch)
    .execute(tx.conn())
    .await?;
    let changed = i64::try_from(changed.rows_affected()).unwrap_or(i64::MAX);
    Ok(Counts { added, changed, unchanged: staged - added - changed })
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
        for bad in [
            "-1",
            "▲100",
            "1.5",
            "一万",
            "",
            "1,2,3",
            "¥¥70",
            "12960,",
            ",000",
            "1296,000",
            "99999999999999999999",
            "100000001",
        ] {
            assert!(yen(bad).is_err(), "{bad}");
        }
    }
}
