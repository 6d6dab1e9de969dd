//! Reads the rows of an expenses file in the documented layout.

use std::fmt::Display;
use std::str::FromStr;

use super::layout::{COMPUTED, ExpenseColumn};
use super::staged::{StagedExpense, StagedExpenses};
use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::care::Care;
use crate::import::mapping::Mapping;
use crate::import::rows::{Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::staging::RowReader;
use crate::import::{ImportError, RowErrors};

/// The most days or times that a row may have.
const MOST_DAYS: i16 = 999;

/// The effect of a row on an earlier row of the same claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Correction {
    New,
    Replace,
    Cancel,
}

impl Correction {
    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Replace => "replace",
            Self::Cancel => "cancel",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "新規" => Ok(Self::New),
            "訂正" => Ok(Self::Replace),
            "取消" => Ok(Self::Cancel),
            other => Err(format!("「{other}」は使えません（空欄、新規、訂正、取消）")),
        }
    }
}

/// Reads an expenses file, and notes its mistakes.
pub(super) struct ExpenseReader {
    rows: Rows<ExpenseColumn>,
    pub(super) errors: RowErrors,
}

impl ExpenseReader {
    pub(super) fn open(source: &Source, mapping: &Mapping) -> Result<Self, ImportError> {
        Ok(Self { rows: Rows::open(source, mapping)?, errors: RowErrors::default() })
    }

    /// Returns the headings that were read as the layout's columns.
    pub(super) fn reading(&self) -> String {
        self.rows.headings.reading()
    }
}

impl RowReader for ExpenseReader {
    type Batch = StagedExpenses;

    fn read(&mut self, batch: &mut StagedExpenses) -> Result<bool, ImportError> {
        let Some(row) = self.rows.next_row()? else { return Ok(false) };
        if let Some(expense) = parse(&row, &mut self.errors) {
            batch.push(expense);
        }
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }
}

/// Parses a row. If it cancels another, only its number is read.
fn parse(row: &Row<'_, ExpenseColumn>, errors: &mut RowErrors) -> Option<StagedExpense> {
    use ExpenseColumn as Column;
    if !row.is_whole(errors) {
        return None;
    }
    let correction = row.optional(Column::Correction, errors, Correction::parse)?;
    let claim_number = row.required(Column::ClaimNumber, errors, |text| code(text, 60));
    if correction == Some(Correction::Cancel) {
        let correction = correction.map(Correction::name);
        let (row, claim_number) = (row.line(), claim_number?);
        return Some(StagedExpense { row, claim_number, correction, ..StagedExpense::default() });
    }
    let care = row.required(Column::Care, errors, Care::parse);
    let person_code = row.required(Column::PersonCode, errors, |text| code(text, 40));
    let months = months(row, errors);
    let institution = row.optional(Column::Institution, errors, |text| line(text, 120));
    let days = row.required(Column::Days, errors, days);
    let total = row.required(Column::Total, errors, yen);
    let insurer_paid = row.required(Column::InsurerPaid, errors, yen);
    let public_paid = row.required(Column::PublicPaid, errors, yen);
    let out_of_pocket = row.required(Column::OutOfPocket, errors, yen);
    let remarks = row.optional(Column::Remarks, errors, |text| line(text, 200));
    let computed = row.optional(Column::Computed, errors, computed);
    let (notice_month, treatment_month) = months?;
    let expense = StagedExpense {
        row: row.line(),
        claim_number: claim_number?,
        person_code: Some(person_code?),
        notice_month: Some(notice_month),
        treatment_month: Some(treatment_month),
        institution: Some(institution?.unwrap_or_default()),
        care: Some(care?.name()),
        days: Some(days?),
        total: Some(total?),
        insurer_paid: Some(insurer_paid?),
        public_paid: Some(public_paid?),
        out_of_pocket: Some(out_of_pocket?),
        remarks: Some(remarks?.unwrap_or_default()),
        correction: correction.map(Correction::name),
        computed: computed?.is_some(),
    };
    let total = total?;
    for (column, share) in [
        (Column::InsurerPaid, insurer_paid?),
        (Column::PublicPaid, public_paid?),
        (Column::OutOfPocket, out_of_pocket?),
    ] {
        if share > total {
            let message = format!("医療費総額（{total}）より大きい金額です");
            errors.add(row.number, row.heading(column), message);
            return None;
        }
    }
    Some(expense)
}

/// Parses the word for an amount that was computed.
fn computed(text: &str) -> Result<(), String> {
    match text.trim() {
        COMPUTED => Ok(()),
        other => Err(format!("「{other}」は使えません（空欄か{COMPUTED}）")),
    }
}

/// Parses the months of notice and treatment.
fn months(row: &Row<'_, ExpenseColumn>, errors: &mut RowErrors) -> Option<(Month, Month)> {
    let month = |text: &str| {
        Month::read(text).ok_or_else(|| format!("「{text}」は年月ではありません（例: 2026-03）"))
    };
    let notice = row.required(ExpenseColumn::NoticeMonth, errors, month);
    let treatment = row.required(ExpenseColumn::TreatmentMonth, errors, month);
    let (notice, treatment) = (notice?, treatment?);
    if treatment > notice {
        errors.add(row.number, row.heading(ExpenseColumn::TreatmentMonth), "通知年月より後です");
        return None;
    }
    Some((notice, treatment))
}

/// Parses whole yen from 0 to [`Yen::MOST`], also as `12,960`, `¥12960` or `12960円`. In a CP932 file ¥ is the byte 5C, which
/// reads as a backslash; spreadsheets write a lone dash for 0.
fn yen(text: &str) -> Result<Yen, String> {
    let plain = fold(text);
    let plain = plain.trim_start_matches(['¥', '\\']).trim();
    if plain == "-" {
        return Ok(Yen(0));
    }
    if plain.starts_with(['-', '−', '▲', '△', '(']) {
        return Err(format!("負の金額は使えません: {text}"));
    }
    let digits = plain.strip_suffix('円').unwrap_or(plain);
    let digits = ungrouped(digits).ok_or_else(|| format!("「{text}」は数字ではありません"))?;
    within(text, &digits, Yen::MOST.0).map(Yen)
}

fn days(text: &str) -> Result<i16, String> {
    let digits = ungrouped(&fold(text)).ok_or_else(|| format!("「{text}」は数字ではありません"))?;
    within(text, &digits, MOST_DAYS)
}

fn within<N: FromStr + PartialOrd + Display>(
    text: &str,
    digits: &str,
    most: N,
) -> Result<N, String> {
    match digits.parse::<N>() {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("大きすぎます: {text}（{most}まで）")),
    }
}

/// Takes the separators out of `12,960`. Returns `None` if they stand in the wrong places.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let digits = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let grouped = text.contains(',');
    let right = digits(first)
        && (!grouped || first.len() <= 3)
        && groups.all(|group| group.len() == 3 && digits(group));
    right.then(|| text.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o2_amounts_are_whole_yen_and_never_negative() {
        for (text, expected) in [
            ("0", 0),
            ("12960", 12_960),
            ("12,960", 12_960),
            ("¥１２９６０", 12_960),
            ("￥12,960", 12_960),
            ("\\12,960", 12_960),
            (" 12,960 ", 12_960),
            ("12,960円", 12_960),
            (" - ", 0),
            ("¥ -", 0),
            ("－", 0),
            ("167077770", 167_077_770),
            ("999,999,999", 999_999_999),
        ] {
            assert_eq!(yen(text), Ok(Yen(expected)), "{text}");
        }
        for bad in [
            "-1",
            "▲100",
            "1.5",
            "一万",
            "",
            "1,2,3",
            "12960,",
            ",000",
            "1296,000",
            "99999999999999999999",
            "1000000000",
            "(1,000)",
            "1.2E+05",
            "--",
        ] {
            assert!(yen(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn o2_a_row_says_what_it_does_to_an_earlier_one() {
        for (text, expected) in [
            ("新規", Correction::New),
            ("訂正", Correction::Replace),
            (" 取消 ", Correction::Cancel),
        ] {
            assert_eq!(Correction::parse(text), Ok(expected), "{text}");
        }
        assert!(Correction::parse("削除").unwrap_err().contains("取消"));
    }
}
