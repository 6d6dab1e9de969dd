//! Reasons why a year can't be written for e-Tax: one of the six legal items is missing, or is longer than the form
//! allows. A blank institution is no reason, since the person writes it in from the receipt (seed 000 Q14).

use super::legible::legible;
use crate::base::money::Yen;
use crate::expenses::deduction::Deduction;

/// The most characters that a person's name may have (TEG700-001.xsd).
const LONGEST_NAME: usize = 100;
/// `gen:kingaku` has 15 digits.
const HIGHEST: Yen = Yen(999_999_999_999_999);

/// An item that is missing or can't be written. An item of a row has the row's number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    NoLines,
    NoInsured,
    LongInsured,
    NoInsurer,
    NoPatient(usize),
    LongPatient(usize),
    WrongAmount(usize),
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoLines => write!(f, "医療費の明細がありません"),
            Self::NoInsured => write!(f, "被保険者の氏名がありません"),
            Self::LongInsured => write!(f, "被保険者の氏名が{LONGEST_NAME}文字を超えています"),
            Self::NoInsurer => write!(f, "保険者の名称がありません"),
            Self::NoPatient(line) => write!(f, "{line}行目: 療養を受けた者の氏名がありません"),
            Self::LongPatient(line) => {
                write!(f, "{line}行目: 療養を受けた者の氏名が{LONGEST_NAME}文字を超えています")
            }
            Self::WrongAmount(line) => {
                write!(f, "{line}行目: 支払った医療費の額が正しくありません")
            }
        }
    }
}

/// Returns all reasons why a year can't be written, in the form's order. It is empty for a year that can.
#[must_use]
pub fn unfit(deduction: &Deduction) -> Vec<Unfit> {
    let mut found = Vec::new();
    found.extend(name(&deduction.insured, Unfit::NoInsured, Unfit::LongInsured));
    if legible(&deduction.insurer).is_empty() {
        found.push(Unfit::NoInsurer);
    }
    if deduction.lines.is_empty() {
        found.push(Unfit::NoLines);
    }
    for (line, number) in deduction.lines.iter().zip(1..) {
        found.extend(name(&line.patient, Unfit::NoPatient(number), Unfit::LongPatient(number)));
        if !(Yen(0)..=HIGHEST).contains(&line.paid) {
            found.push(Unfit::WrongAmount(number));
        }
    }
    found
}

fn name(text: &str, missing: Unfit, long: Unfit) -> Option<Unfit> {
    match legible(text).chars().count() {
        0 => Some(missing),
        1..=LONGEST_NAME => None,
        _ => Some(long),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::month::Month;
    use crate::expenses::deduction::DeductionLine;

    fn year() -> Deduction {
        let line = DeductionLine {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: "テスト タロウ".into(),
            institution: String::new(),
            paid: Yen(0),
            computed: false,
        };
        Deduction {
            year: 2025,
            insured: "テスト タロウ".into(),
            insurer: "川崎汽船健康保険組合".into(),
            lines: vec![line.clone(), line.clone(), line],
            hides_somebody: false,
        }
    }

    #[test]
    fn d1_each_item_that_is_missing_is_told_by_its_row() {
        assert!(unfit(&year()).is_empty(), "a blank institution is no such thing");
        let told = |change: fn(&mut Deduction)| {
            let mut deduction = year();
            change(&mut deduction);
            unfit(&deduction).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        type Spoil = fn(&mut Deduction);
        let cases: [(Spoil, &str); 8] = [
            (
                |year| year.lines[2].patient = " \u{3000}".into(),
                "3行目: 療養を受けた者の氏名がありません",
            ),
            (
                |year| year.lines[0].patient = "ア".repeat(101),
                "1行目: 療養を受けた者の氏名が100文字を超えています",
            ),
            (|year| year.lines[1].paid = Yen(-1), "2行目: 支払った医療費の額が正しくありません"),
            (
                |year| year.lines[1].paid = Yen(1_000_000_000_000_000),
                "2行目: 支払った医療費の額が正しくありません",
            ),
            (|year| year.insured.clear(), "被保険者の氏名がありません"),
            (|year| year.insured = "ｱ".repeat(101), "被保険者の氏名が100文字を超えています"),
            (|year| year.insurer.clear(), "保険者の名称がありません"),
            (|year| year.lines.clear(), "医療費の明細がありません"),
        ];
        for (change, words) in cases {
            assert_eq!(told(change), [words]);
        }
    }

    #[test]
    fn d1_a_name_of_a_hundred_characters_fits_once_it_is_folded() {
        let mut deduction = year();
        deduction.insured = "ﾊﾞ".repeat(100);
        assert!(unfit(&deduction).is_empty());
    }
}
