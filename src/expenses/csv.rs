//! The rows of a tax return as CSV, for a spreadsheet or another program (D2). It is UTF-8 with a BOM, since Excel takes it for
//! CP932 otherwise, and its lines end as on Windows.

use super::deduction::Deduction;
use super::statement::COMPUTED;
use crate::base::spreadsheet::{BOM, harmless};

/// The columns. Every row repeats the insured person and the insurer, so that it can be read by itself.
const HEADINGS: [&str; 7] =
    ["被保険者氏名", "保険者名称", "診療年月", "氏名", "医療機関名", "自己負担額", "備考"];

/// Writes the file of a year.
///
/// # Panics
/// Never, since writing to memory doesn't fail.
#[must_use]
pub fn deduction(deduction: &Deduction) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(BOM.as_bytes().to_vec());
    writer.write_record(HEADINGS).expect("writing to memory does not fail");
    let (insured, insurer) = (harmless(&deduction.insured), harmless(&deduction.insurer));
    for line in &deduction.lines {
        writer
            .write_record([
                insured.as_str(),
                insurer.as_str(),
                &line.treatment_month.slashed(),
                &harmless(&line.patient),
                &harmless(&line.institution),
                &line.paid.0.to_string(),
                if line.computed { COMPUTED } else { "" },
            ])
            .expect("writing to memory does not fail");
    }
    writer.into_inner().expect("writing to memory does not fail")
}

/// `iryohi-klinekenpo-2025.csv`
#[must_use]
pub fn file_name(slug: &str, year: i32) -> String {
    format!("iryohi-{slug}-{year}.csv")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Yen;
    use crate::base::month::Month;
    use crate::expenses::deduction::DeductionLine;

    fn written(patient: &str, institution: &str, paid: i64) -> String {
        let line = DeductionLine {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: patient.into(),
            institution: institution.into(),
            paid: Yen(paid),
            computed: paid > 0,
        };
        let year = Deduction {
            year: 2025,
            insured: "テスト　タロウ".into(),
            insurer: "川崎汽船健康保険組合".into(),
            lines: vec![line],
            hides_somebody: false,
        };
        String::from_utf8(deduction(&year)).unwrap()
    }

    #[test]
    fn d2_a_spreadsheet_knows_the_encoding_and_the_columns() {
        let expected = "\u{feff}被保険者氏名,保険者名称,診療年月,氏名,医療機関名,自己負担額,備考\r\n\
                        テスト　タロウ,川崎汽船健康保険組合,2025/01,テスト　ハナコ,,1914,自己負担額は計算額\r\n";
        assert_eq!(written("テスト　ハナコ", "", 1_914), expected);
        assert_eq!(file_name("klinekenpo", 2025), "iryohi-klinekenpo-2025.csv");
    }

    #[test]
    fn d2_no_cell_runs_as_a_formula_or_leaves_its_cell() {
        for (text, cell) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@sum", "'@sum"),
            ("+81", "'+81"),
            ("-1", "'-1"),
            ("\tx", "'\tx"),
            ("a,b", "\"a,b\""),
            ("\"甲\"", "\"\"\"甲\"\"\""),
            ("一行\r\n二行", "\"一行\r\n二行\""),
            ("\r=1", "\"'\r=1\""),
        ] {
            let file = written(text, text, 0);
            assert!(file.ends_with(&format!(",2025/01,{cell},{cell},0,\r\n")), "{file:?}");
        }
    }
}
