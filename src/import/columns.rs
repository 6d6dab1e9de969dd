//! Headings: the documented ones, or others that an operator maps to them.

use std::collections::BTreeMap;

use csv::StringRecord;
use serde::Deserialize;

use super::ImportError;
use crate::base::japanese::fold;

/// A column that an importer knows.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The name in a mapping: `treatment_month`.
    pub key: &'static str,
    /// The documented heading: 診療年月.
    pub heading: &'static str,
    /// Whether a file may do without it.
    pub optional: bool,
}

impl Column {
    #[must_use]
    pub const fn required(key: &'static str, heading: &'static str) -> Self {
        Self { key, heading, optional: false }
    }

    #[must_use]
    pub const fn optional(key: &'static str, heading: &'static str) -> Self {
        Self { key, heading, optional: true }
    }
}

/// Other headings, by key; a small TOML file.
///
/// ```toml
/// [columns]
/// treatment_month = "受診月"
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    columns: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping for `columns`.
    ///
    /// # Errors
    /// What can't be read, and keys that the importer doesn't know.
    pub fn parse(text: &str, columns: &[Column]) -> Result<Self, ImportError> {
        let mapping: Self = toml::from_str(text).map_err(|error| {
            ImportError::Heading(format!(
                "列の対応表を読めません: {}",
                crate::base::toml::mistake(error.message())
            ))
        })?;
        let unknown =
            mapping.columns.keys().find(|key| !columns.iter().any(|column| column.key == **key));
        match unknown {
            None => Ok(mapping),
            Some(key) => {
                let known: Vec<_> = columns.iter().map(|column| column.key).collect();
                Err(ImportError::Heading(format!(
                    "列の対応表の「{key}」は知らない項目です（使えるもの: {}）",
                    known.join(", ")
                )))
            }
        }
    }
}

/// Where in a row each column stands.
#[derive(Debug)]
pub struct Layout {
    fields: Vec<(String, Option<usize>)>,
    /// Where the last column stands that a row can't do without.
    last_required: Option<usize>,
}

impl Layout {
    /// Finds the columns among a file's headings, in any order; others are passed over.
    ///
    /// # Errors
    /// Missing and repeated headings, all of them at once.
    pub fn find(
        columns: &[Column],
        mapping: &Mapping,
        headings: &StringRecord,
    ) -> Result<Self, ImportError> {
        let folded: Vec<String> = headings.iter().map(fold).collect();
        let mut problems = Vec::new();
        let fields = columns
            .iter()
            .map(|column| {
                let mapped = mapping.columns.get(column.key);
                let heading = mapped.map_or(column.heading, String::as_str);
                let wanted = fold(heading);
                let mut places = folded.iter().enumerate().filter(|(_, name)| **name == wanted);
                let place = places.next().map(|(index, _)| index);
                if place.is_none() && (!column.optional || mapped.is_some()) {
                    problems.push(format!("見出し「{heading}」がありません"));
                }
                if places.next().is_some() {
                    problems.push(format!("見出し「{heading}」が2度出てきます"));
                }
                (heading.to_owned(), place)
            })
            .collect();
        let fields: Vec<(String, Option<usize>)> = fields;
        for (index, (heading, place)) in fields.iter().enumerate() {
            if place.is_some() && fields[..index].iter().any(|(_, earlier)| earlier == place) {
                problems.push(format!("見出し「{heading}」が2つの項目に対応しています"));
            }
        }
        if problems.is_empty() {
            let required = columns.iter().zip(&fields).filter(|(column, _)| !column.optional);
            let last_required = required.filter_map(|(_, (_, place))| *place).max();
            Ok(Self { fields, last_required })
        } else {
            Err(ImportError::Heading(problems.join("、")))
        }
    }

    /// Which of the file's columns is which of the importer's: `0,1,3,,2`.
    #[must_use]
    pub fn places(&self) -> String {
        let place = |(_, place): &(String, Option<usize>)| place.map(|place| place.to_string());
        let places = self.fields.iter().map(place).map(Option::unwrap_or_default);
        places.collect::<Vec<_>>().join(",")
    }

    /// The heading of the importer's `index`th column, as the file writes it.
    #[must_use]
    pub fn heading(&self, index: usize) -> &str {
        &self.fields[index].0
    }

    /// The heading of the column that the importer calls `key`.
    #[must_use]
    pub fn heading_of(&self, columns: &[Column], key: &str) -> &str {
        let index = columns.iter().position(|column| column.key == key);
        index.map_or("", |index| self.heading(index))
    }

    /// Returns true if a row may leave out all of the file's columns from the `length`th on: what it
    /// does without is optional, or no column of the importer's.
    #[must_use]
    pub fn may_end_at(&self, length: usize) -> bool {
        self.last_required.is_none_or(|last| last < length)
    }

    /// The value of the importer's `index`th column; empty where the file lacks it.
    #[must_use]
    pub fn value<'r>(&self, record: &'r StringRecord, index: usize) -> &'r str {
        self.fields[index].1.and_then(|place| record.get(place)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] =
        [Column::required("number", "番号"), Column::optional("remarks", "備考")];

    fn find(mapping: &str, headings: &[&str]) -> Result<Layout, String> {
        let mapping = Mapping::parse(mapping, &COLUMNS).map_err(|error| error.to_string())?;
        Layout::find(&COLUMNS, &mapping, &StringRecord::from(headings.to_vec()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn o2_headings_stand_in_any_order_and_under_other_names() {
        let layout = find("columns = {}", &["備考", "番号"]).unwrap();
        assert_eq!(layout.value(&StringRecord::from(vec!["x", "1"]), 0), "1");
        let layout = find("[columns]\nnumber = \"No.\"", &["Ｎｏ．"]).unwrap();
        let record = StringRecord::from(vec!["7"]);
        assert_eq!((layout.value(&record, 0), layout.value(&record, 1)), ("7", ""));
    }

    #[test]
    fn o2_missing_repeated_and_unknown_headings_are_told() {
        assert!(find("columns = {}", &["備考"]).unwrap_err().contains("「番号」がありません"));
        assert!(find("columns = {}", &["番号", "番号"]).unwrap_err().contains("2度"));
        assert!(find("[columns]\nnumbr = \"x\"", &["番号"]).unwrap_err().contains("numbr"));
        let twice = find("[columns]\nremarks = \"番号\"", &["番号", "備考"]).unwrap_err();
        assert!(twice.contains("2つの項目"), "{twice}");
        assert!(find("[columns]\nremarks = \"メモ\"", &["番号"]).unwrap_err().contains("メモ"));
    }
}
