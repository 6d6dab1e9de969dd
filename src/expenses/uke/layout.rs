//! The fields of the records, and how they are written.

use chrono::NaiveDate;

use super::amounts::ClaimForm;
use super::records::RecordField;
use crate::base::japanese::{fold, parse_date};
use crate::base::month::Month;
use crate::import::rows::code;

pub(super) const PREFECTURE: RecordField = RecordField::new(2, "都道府県");
pub(super) const CODE: RecordField = RecordField::new(4, "医療機関コード");
pub(super) const UK_NAME: RecordField = RecordField::new(6, "医療機関名称");
pub(super) const RE_NUMBER: RecordField = RecordField::new(1, "レセプト番号");
pub(super) const RE_KIND: RecordField = RecordField::new(2, "レセプト種別");
pub(super) const RE_MONTH: RecordField = RecordField::new(3, "診療年月");
pub(super) const RE_NAME: RecordField = RecordField::new(4, "氏名");
pub(super) const RE_BIRTHDATE: RecordField = RecordField::new(6, "生年月日");
pub(super) const HO_INSURER: RecordField = RecordField::new(1, "保険者番号");
pub(super) const HO_SYMBOL: RecordField = RecordField::new(2, "記号");
pub(super) const HO_NUMBER: RecordField = RecordField::new(3, "番号");
/// The same field of HO and KO.
pub(super) const DAYS: RecordField = RecordField::new(4, "日数");
/// The same field of HO and KO.
pub(super) const POINTS: RecordField = RecordField::new(5, "合計点数");
pub(super) const SN_BRANCH: RecordField = RecordField::new(6, "枝番");
pub(super) const GO_COUNT: RecordField = RecordField::new(1, "総件数");
pub(super) const GO_POINTS: RecordField = RecordField::new(2, "総合計点数");
pub(super) const GO_VOLUME: RecordField = RecordField::new(3, "マルチボリューム識別情報");

/// These fields hold eight digits.
pub(super) const MOST_POINTS: i64 = 99_999_999;
pub(super) const MOST_SHARE: i64 = 99_999_999;
/// The fields of a file's sums hold twelve.
pub(super) const MOST_SUM: i64 = 999_999_999_999;

/// The fields in which the records of a form differ from other forms'.
pub(super) struct ClaimLayout {
    /// The name of the institution's record.
    pub place: &'static str,
    pub month: RecordField,
    /// The institution's name; `None` for dentists, whose name stands in the UK record.
    pub name: Option<RecordField>,
    pub kana: RecordField,
    pub share: RecordField,
    pub public_share: RecordField,
    pub has_branch: bool,
}

const MEDICAL: ClaimLayout = ClaimLayout {
    place: "IR",
    month: RecordField::new(7, "請求年月"),
    name: Some(RecordField::new(6, "医療機関名称")),
    kana: RecordField::new(36, "カタカナ氏名"),
    share: RecordField::new(11, "負担金額"),
    public_share: RecordField::new(6, "負担金額"),
    has_branch: true,
};

const DENTAL: ClaimLayout = ClaimLayout {
    place: "IR",
    month: RecordField::new(6, "請求年月"),
    name: None,
    kana: RecordField::new(25, "カタカナ氏名"),
    share: RecordField::new(10, "負担金額"),
    public_share: RecordField::new(6, "負担金額"),
    has_branch: true,
};

const PHARMACY: ClaimLayout = ClaimLayout {
    place: "YK",
    month: RecordField::new(6, "請求年月"),
    name: Some(RecordField::new(5, "薬局名称")),
    kana: RecordField::new(41, "カタカナ氏名"),
    share: RecordField::new(9, "負担金額"),
    public_share: RecordField::new(7, "負担金額"),
    has_branch: false,
};

impl ClaimLayout {
    pub const fn of(form: ClaimForm) -> &'static Self {
        match form {
            ClaimForm::Medical => &MEDICAL,
            ClaimForm::Dental => &DENTAL,
            ClaimForm::Pharmacy => &PHARMACY,
        }
    }
}

pub(super) fn month(text: &str) -> Result<Month, String> {
    Month::parse(&fold(text)).ok_or_else(|| format!("「{text}」は年月ではありません（例: 202603）"))
}

pub(super) fn day(text: &str) -> Result<NaiveDate, String> {
    parse_date(text).ok_or_else(|| format!("「{text}」は日付ではありません（例: 19790822）"))
}

pub(super) fn branch(text: &str) -> Result<String, String> {
    let branch = code(text, 2)?;
    if branch.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(format!("{branch:0>2}"))
    } else {
        Err(format!("「{branch}」は2桁の数字ではありません"))
    }
}

pub(super) fn whole(text: &str, most: i64) -> Result<i64, String> {
    let digits = fold(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("「{text}」は数字ではありません"));
    }
    match digits.parse::<i64>() {
        Ok(number) if number <= most => Ok(number),
        _ => Err(format!("大きすぎます: {text}（{most}まで）")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o2_fields_are_read_as_they_are_written() {
        assert_eq!(month("202609"), Ok(Month::new(2026, 9).unwrap()));
        assert_eq!(day("19790822"), Ok(NaiveDate::from_ymd_opt(1979, 8, 22).unwrap()));
        for (text, expected) in [("1", "01"), ("01", "01"), ("１２", "12")] {
            assert_eq!(branch(text).as_deref(), Ok(expected), "{text}");
        }
        for (text, expected) in [("0", 0), ("001296", 1_296), ("１２", 12), ("9999", 9_999)] {
            assert_eq!(whole(text, 9_999), Ok(expected), "{text}");
        }
    }

    #[test]
    fn o2_what_is_no_month_day_branch_or_number_is_refused() {
        for bad in ["50809", "202613", "2026", "x"] {
            assert!(month(bad).is_err(), "{bad}");
        }
        for bad in ["3540822", "20260230", "x"] {
            assert!(day(bad).is_err(), "{bad}");
        }
        for bad in ["a", "1a", "001"] {
            assert!(branch(bad).is_err(), "{bad}");
        }
        for bad in ["-1", "1.5", "10000", "99999999999999999999", "1 2"] {
            assert!(whole(bad, 9_999).is_err(), "{bad}");
        }
    }
}
