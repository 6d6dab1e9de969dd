//! 医療費通知 for e-Tax: form TEG700, signed with the union's key (D1).
//!
//! A year becomes one file, or a zip of several if it has more rows than the form holds. No file is made of a year that
//! lacks one of the items that the law asks for.

mod document;
mod legible;
mod signature;
mod unfit;

use std::io::{self, Cursor, Write as _};

use chrono::NaiveDate;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use self::document::FormPage;
pub use self::unfit::{Unfit, unfit};
use super::deduction::Deduction;
use crate::signing::SigningKey;

/// A file holds 100 groups of 20 rows (TEG700-001.xsd).
pub const ROWS_A_FILE: usize = document::ROWS_A_GROUP * 100;

/// A file that a person downloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtaxFile {
    /// The name in ASCII: `iryohi-klinekenpo-2025.xml`.
    pub name: String,
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum EtaxError {
    /// The person can't mend this, but has to know which rows the union has to mend.
    #[error("{} items are missing or can't be written", .0.len())]
    Unfit(Vec<Unfit>),
    #[error("can't be signed: {0}")]
    Sign(#[from] bergshamra::Error),
    #[error("can't be written: {0}")]
    Write(#[from] io::Error),
}

/// Makes the file of a year. The same data, key and day make the same file.
///
/// # Errors
/// [`EtaxError::Unfit`] if an item is missing.
pub fn file(
    deduction: &Deduction,
    key: &SigningKey,
    slug: &str,
    today: NaiveDate,
) -> Result<EtaxFile, EtaxError> {
    let unfit = unfit(deduction);
    if !unfit.is_empty() {
        return Err(EtaxError::Unfit(unfit));
    }
    let stem = stem(deduction.year, key, slug);
    let several = deduction.lines.len() > ROWS_A_FILE;
    let mut parts = Vec::new();
    for (lines, number) in deduction.lines.chunks(ROWS_A_FILE).zip(1..) {
        let page = FormPage { deduction, lines, number: several.then_some(number), made: today };
        let xml = document::write(&page, signature::TEMPLATE)?;
        parts.push((format!("{stem}-{number}.xml"), signature::sign(xml, key)?.into_bytes()));
    }
    if several {
        let bytes = pack(&parts)?;
        return Ok(EtaxFile {
            name: format!("{stem}.zip"),
            content_type: "application/zip",
            bytes,
        });
    }
    let bytes = parts.pop().map(|(_, bytes)| bytes).unwrap_or_default();
    Ok(EtaxFile { name: format!("{stem}.xml"), content_type: "application/xml", bytes })
}

/// Returns the file's name without its ending. A sample says that it is one, wherever it is saved.
fn stem(year: i32, key: &SigningKey, slug: &str) -> String {
    let sample = if key.self_signed { "-sample" } else { "" };
    format!("iryohi-{slug}-{year}{sample}")
}

/// Packs files into a zip. Its entries bear no time, so that the same files make the same zip.
fn pack(parts: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::base::money::Yen;
    use crate::base::month::Month;
    use crate::expenses::deduction::DeductionLine;
    use crate::signing::samples;

    fn year(rows: usize) -> Deduction {
        let line = DeductionLine {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: "テスト タロウ".into(),
            institution: "サンプルクリニック".into(),
            paid: Yen(300),
            computed: false,
        };
        Deduction {
            year: 2025,
            insured: "テスト タロウ".into(),
            insurer: "川崎汽船健康保険組合".into(),
            lines: vec![line; rows],
            hides_somebody: false,
        }
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 2, 16).unwrap()
    }

    #[test]
    fn d1_two_thousand_rows_fill_a_file_and_one_more_begins_another() {
        let key = samples::key();
        let one = file(&year(2_000), &key, "klinekenpo", today()).unwrap();
        assert_eq!(one.name, "iryohi-klinekenpo-2025-sample.xml");
        assert_eq!(one.content_type, "application/xml");
        let xml = String::from_utf8(one.bytes).unwrap();
        assert_eq!(xml.matches("<WBD00000>").count(), 100);
        assert_eq!(xml.matches("<WBD00010>").count(), 2_000);
        assert!(!xml.contains(" page="));

        let two = file(&year(2_001), &key, "klinekenpo", today()).unwrap();
        assert_eq!(two.name, "iryohi-klinekenpo-2025-sample.zip");
        assert_eq!(two.content_type, "application/zip");
        assert_eq!(file(&year(2_001), &key, "klinekenpo", today()).unwrap(), two, "no time in it");
        let mut zip = zip::ZipArchive::new(Cursor::new(two.bytes)).unwrap();
        for (place, rows) in [(0, 2_000), (1, 1)] {
            let number = place + 1;
            let mut entry = zip.by_index(place).unwrap();
            let name = format!("iryohi-klinekenpo-2025-sample-{number}.xml");
            assert_eq!(entry.name().unwrap(), name);
            let mut xml = String::new();
            entry.read_to_string(&mut xml).unwrap();
            assert_eq!(xml.matches("<WBD00010>").count(), rows);
            assert!(xml.contains(&format!(" page=\"{number}\"")));
            assert!(signature::is_valid(&xml, &key), "each is signed");
        }
        assert_eq!(zip.len(), 2);
    }

    #[test]
    fn d1_a_file_is_refused_where_an_item_is_missing() {
        let mut deduction = year(3);
        deduction.lines[2].patient = "　".into();
        deduction.lines[0].institution = String::new();
        let key = samples::key();
        let error = file(&deduction, &key, "klinekenpo", today()).unwrap_err();
        assert!(matches!(&error, EtaxError::Unfit(unfit) if *unfit == [Unfit::NoPatient(3)]));
        assert!(matches!(file(&year(0), &key, "klinekenpo", today()), Err(EtaxError::Unfit(_))));
    }
}
