//! Expenses on paper: 「医療費明細 (PDF)」 (E6) and 「医療費控除通知」 (D4).
//!
//! This module collects the words and figures; the templates in `templates/pdf/` lay them out.

use serde::Serialize;

use crate::pdf::{PrintError, Printer};

use super::deduction::{Deduction, DeductionLine};
use super::statement::Statement;

/// The contents of a statement.
#[derive(Debug, Serialize)]
pub struct StatementSheet<'s> {
    /// The union's name.
    pub union: &'s str,
    /// 「2025年3月の医療費明細」
    pub title: &'s str,
    /// The insured's name.
    pub insured: &'s str,
    #[serde(flatten)]
    pub statement: Statement,
}

/// Prints 「医療費明細 (PDF)」 (E6).
pub async fn statement(
    printer: &Printer,
    sheet: &StatementSheet<'_>,
) -> Result<Vec<u8>, PrintError> {
    printer.print("statement", sheet).await
}

/// Prints 「医療費控除通知」 (D4).
pub async fn deduction(printer: &Printer, deduction: &Deduction) -> Result<Vec<u8>, PrintError> {
    printer.print("deduction", &DeductionSheet::of(deduction)).await
}

/// The contents of `deduction.typ`.
#[derive(Serialize)]
struct DeductionSheet<'d> {
    union: &'d str,
    title: &'static str,
    /// 「2025年分」
    year: String,
    insured: &'d str,
    insurer: &'d str,
    paid: String,
    lines: Vec<SheetLine<'d>>,
    total: String,
    /// True if a line has no institution, so that the notes ask the reader to fill it in from a receipt (seed 000 Q14).
    blanks: bool,
    /// True if the notes have to explain a computed amount.
    computed: bool,
    hides_somebody: bool,
}

#[derive(Serialize)]
struct SheetLine<'d> {
    treatment_month: String,
    patient: &'d str,
    institution: &'d str,
    paid: String,
}

impl<'d> DeductionSheet<'d> {
    fn of(deduction: &'d Deduction) -> Self {
        let total = deduction.total();
        Self {
            union: &deduction.insurer,
            title: "医療費控除通知",
            year: format!("{}年分", deduction.year),
            insured: &deduction.insured,
            insurer: &deduction.insurer,
            paid: total.grouped(),
            lines: deduction.lines.iter().map(SheetLine::of).collect(),
            total: total.to_string(),
            blanks: deduction.lines.iter().any(|line| line.institution.is_empty()),
            computed: deduction.is_computed(),
            hides_somebody: deduction.hides_somebody,
        }
    }
}

impl<'d> SheetLine<'d> {
    fn of(line: &'d DeductionLine) -> Self {
        Self {
            treatment_month: line.treatment_month.slashed(),
            patient: &line.patient,
            institution: &line.institution,
            paid: line.shown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::base::money::Yen;
    use crate::base::month::Month;
    use crate::config::PdfSettings;
    use crate::expenses::care::Care;
    use crate::expenses::ledger::ExpenseRow;

    static PRINTER: LazyLock<Printer> =
        LazyLock::new(|| Printer::new(&PdfSettings::default()).unwrap());

    fn row(number: i64) -> ExpenseRow {
        let total = 12_960 + number * 10;
        ExpenseRow {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: "テスト タロウ".into(),
            institution: "サンプルクリニック".into(),
            care: Care::Outpatient,
            days: 1,
            total: Yen(total),
            insurer: Yen(total - 3_888),
            public: Yen(3_588),
            out_of_pocket: Yen(300),
            computed: false,
            remarks: String::new(),
        }
    }

    fn sheet(rows: &[ExpenseRow]) -> StatementSheet<'_> {
        StatementSheet {
            union: "見本健康保険組合",
            title: "2025年の医療費明細",
            insured: "健保　太郎",
            statement: Statement::of(rows.to_vec(), false),
        }
    }

    fn notice(institutions: &[&str]) -> Deduction {
        let line = |institution: &&str| DeductionLine {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: "テスト タロウ".into(),
            institution: (*institution).into(),
            paid: Yen(1_914),
            computed: false,
        };
        Deduction {
            year: 2025,
            insured: "健保　太郎".into(),
            insurer: "見本健康保険組合".into(),
            lines: institutions.iter().map(line).collect(),
            hides_somebody: true,
        }
    }

    /// Counts the page objects, which are not compressed; their contents are.
    fn pages(pdf: &[u8]) -> usize {
        let page = b"/Type/Page";
        pdf.windows(page.len() + 1).filter(|w| w.starts_with(page) && !w.ends_with(b"s")).count()
    }

    fn says(pdf: &[u8], words: &str) -> bool {
        pdf.windows(words.len()).any(|window| window == words.as_bytes())
    }

    #[tokio::test]
    async fn e6_three_hundred_rows_fill_pages_with_a_head_each() {
        let rows: Vec<ExpenseRow> = (0..300).map(row).collect();
        let pdf = statement(&PRINTER, &sheet(&rows)).await.unwrap();
        assert!((18..=24).contains(&pages(&pdf)), "{} pages", pages(&pdf));
        assert!(says(&pdf, "2025年の医療費明細</rdf:li>") && says(&pdf, "見本健康保険組合"));
        assert!(says(&pdf, "/S/TH/") && says(&pdf, "/Scope/Column"));
        let few = statement(&PRINTER, &sheet(&rows[..3])).await.unwrap();
        assert_eq!(pages(&few), 1);
        assert_eq!(few, statement(&PRINTER, &sheet(&rows[..3])).await.unwrap());
        assert_eq!(pages(&statement(&PRINTER, &sheet(&[])).await.unwrap()), 1);
    }

    #[tokio::test]
    async fn e6_what_people_are_called_is_never_markup() {
        let mut rows = [row(0), row(1), row(2)];
        rows[0].institution = "#panic() *太字* $x$ ]]> \\ _y_ `z` <a> @b // /* = -".into();
        rows[0].patient = "= テスト".into();
        rows[1].institution = "W".repeat(120);
        rows[1].remarks = "長い備考".repeat(50);
        rows[2].patient = "\u{E000}\u{0}\u{202E}葛\u{E0100}𠮷\u{E0100}".into();
        let sheet = StatementSheet {
            union: "見本\u{E000}健康保険組合",
            insured: "]]>\u{FEFF}&amp;",
            statement: Statement::of(rows.to_vec(), true),
            ..sheet(&[])
        };
        let pdf = statement(&PRINTER, &sheet).await.unwrap();
        assert!(says(&pdf, "見本〓健康保険組合"));
    }

    #[tokio::test]
    async fn d4_a_blank_institution_stays_blank_and_is_explained() {
        let deduction_of = notice(&["サンプルクリニック", ""]);
        let data = DeductionSheet::of(&deduction_of);
        assert!(data.blanks && data.lines[1].institution.is_empty());
        assert_eq!([&data.year, &data.paid, &data.total], ["2025年分", "3,828", "¥3,828"]);
        assert!(!DeductionSheet::of(&notice(&["中央薬局"])).blanks);
        let pdf = deduction(&PRINTER, &deduction_of).await.unwrap();
        assert!(says(&pdf, "医療費控除通知（2025年分）</rdf:li>"));
        assert_eq!(pages(&pdf), 1);
    }

    #[tokio::test]
    async fn d4_a_long_year_and_an_empty_one() {
        let long = notice(&["独立行政法人国立病院機構　見本総合医療センター附属病院"; 300]);
        let pdf = deduction(&PRINTER, &long).await.unwrap();
        assert!((12..=16).contains(&pages(&pdf)), "{} pages", pages(&pdf));
        assert_eq!(pdf, deduction(&PRINTER, &long).await.unwrap());
        assert_eq!(pages(&deduction(&PRINTER, &notice(&[])).await.unwrap()), 1);
    }
}
