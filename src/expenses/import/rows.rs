//! The documented layout of an expenses file, row by row into the staging table.

use super::{Staged, Sums};
use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::expenses::care::Care;
use crate::import::columns::{Column, Mapping};
use crate::import::rows::{Copy, Progress, Row, Rows, code, line};
use crate::import::source::Source;
use crate::import::{ImportError, RowErrors};

/// Headings in any order; others are passed over.
pub const COLUMNS: [Column; 14] = [
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
    Column::optional("correction", "訂正区分"),
    Column::optional("computed", "自己負担額の区分"),
];

/// What 「自己負担額の区分」 says of an amount that the claim did not tell.
pub(in crate::expenses) const COMPUTED: &str = "計算";

/// What a row does to one that came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Correction {
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

/// Reads the whole file; mistakes are noted.
pub(super) async fn stage(
    tx: &mut TenantTx,
    source: &mut Source,
    mapping: &Mapping,
    progress: &mut Progress<'_>,
    errors: &mut RowErrors,
) -> Result<Staged, ImportError> {
    let mut rows = Rows::open(source, &COLUMNS, mapping)?;
    let mut staged = Staged { reading: rows.layout.places(), ..Staged::default() };
    let copy = Copy::into(tx.conn(), "staged_expenses").await?;
    staged.rows = copy
        .rows(&mut rows, progress, |row, copy| write(row, errors, copy, &mut staged).is_some())
        .await?;
    Ok(staged)
}

/// Parses a row and writes it; nothing is written of a row with a mistake.
fn write(
    row: &Row<'_>,
    errors: &mut RowErrors,
    copy: &mut Copy<'_>,
    staged: &mut Staged,
) -> Option<()> {
    if !row.is_whole(errors) {
        return None;
    }
    let correction = row.optional(12, errors, Correction::parse)?;
    staged.corrects |= matches!(correction, Some(Correction::Replace | Correction::Cancel));
    let claim_number = row.required(0, errors, |text| code(text, 60));
    if correction == Some(Correction::Cancel) {
        cancel(row.number, &claim_number?, copy);
        return Some(());
    }
    let care = row.required(5, errors, Care::parse);
    let person_code = row.required(1, errors, |text| code(text, 40));
    let months = months(row, errors);
    let institution = row.optional(4, errors, |text| line(text, 120));
    let days = row.required(6, errors, |text| number(text, 999));
    let total = row.required(7, errors, yen);
    let insurer = row.required(8, errors, yen);
    let public = row.required(9, errors, yen);
    let out_of_pocket = row.required(10, errors, yen);
    let remarks = row.optional(11, errors, |text| line(text, 200));
    let computed = row.optional(13, errors, computed);
    let (claim_number, person_code, (notice_month, treatment_month)) =
        (claim_number?, person_code?, months?);
    let (institution, care, days, remarks) = (institution?, care?, days?, remarks?);
    let computed = computed?.is_some();
    let (total, insurer, public, out_of_pocket) = (total?, insurer?, public?, out_of_pocket?);
    for (column, share) in [(8, insurer), (9, public), (10, out_of_pocket)] {
        if share > total {
            errors.add(
                row.number,
                row.heading(column),
                format!("医療費総額（{total}）より大きい金額です"),
            );
            return None;
        }
    }
    copy.display(row.number);
    copy.field(&claim_number);
    copy.field(&person_code);
    copy.null();
    copy.display(notice_month.first_day());
    copy.display(treatment_month.first_day());
    copy.field(institution.as_deref().unwrap_or_default());
    copy.field(care.name());
    copy.display(days);
    copy.display(total.0);
    copy.display(insurer.0);
    copy.display(public.0);
    copy.display(out_of_pocket.0);
    copy.display(computed);
    copy.field(remarks.as_deref().unwrap_or_default());
    copy.optional(correction.map(Correction::name));
    let Sums { total: sum, out_of_pocket: own } = &mut staged.sums;
    *sum += total;
    *own += out_of_pocket;
    Some(())
}

/// Of a row that cancels another, nothing but its number is read.
fn cancel(row: u64, claim_number: &str, copy: &mut Copy<'_>) {
    copy.display(row);
    copy.field(claim_number);
    for _ in 0..11 {
        copy.null();
    }
    copy.display(false);
    copy.null();
    copy.field(Correction::Cancel.name());
}

/// The word for an amount that its claim did not tell.
fn computed(text: &str) -> Result<(), String> {
    match text.trim() {
        COMPUTED => Ok(()),
        other => Err(format!("「{other}」は使えません（空欄か{COMPUTED}）")),
    }
}

/// The months of notice and treatment.
fn months(row: &Row<'_>, errors: &mut RowErrors) -> Option<(Month, Month)> {
    let month = |text: &str| {
        Month::read(text).ok_or_else(|| format!("「{text}」は年月ではありません（例: 2026-03）"))
    };
    let notice = row.required(2, errors, month);
    let treatment = row.required(3, errors, month);
    let (notice, treatment) = (notice?, treatment?);
    if treatment > notice {
        errors.add(row.number, row.heading(3), "通知年月より後です");
        return None;
    }
    Some((notice, treatment))
}

/// Whole yen from nothing to [`Yen::MOST`], `12,960`, `¥12960` and `12960円` too. In a CP932 file ¥ is the byte
/// 5C, which reads as a backslash; a lone dash is a spreadsheet's nought.
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

fn number(text: &str, most: i64) -> Result<i64, String> {
    let digits = ungrouped(&fold(text)).ok_or_else(|| format!("「{text}」は数字ではありません"))?;
    within(text, &digits, most)
}

fn within(text: &str, digits: &str, most: i64) -> Result<i64, String> {
    match digits.parse::<i64>() {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("大きすぎます: {text}（{most}まで）")),
    }
}

/// `12,960` without its separators, which must stand where they belong.
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
