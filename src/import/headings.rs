//! Finds the columns of a file by its first row.

use std::marker::PhantomData;

use csv::StringRecord;

use super::ImportError;
use super::layout::Layout;
use super::mapping::Mapping;
use crate::base::japanese::fold;

/// Knows where each column of a layout stands in a row.
#[derive(Debug)]
pub struct Headings<L> {
    mapping: Mapping,
    /// The place of each column, in the order of [`Layout::index`].
    places: Vec<Option<usize>>,
    /// The place of the last column that every row must have.
    last_required: Option<usize>,
    layout: PhantomData<L>,
}

impl<L: Layout> Headings<L> {
    /// Finds the columns among a file's headings, which may be in any order. Unknown headings are ignored.
    ///
    /// # Errors
    /// [`ImportError::Heading`] names all missing and repeated headings at once.
    pub fn find(mapping: Mapping, headings: &StringRecord) -> Result<Self, ImportError> {
        let folded: Vec<String> = headings.iter().map(fold).collect();
        let mut problems = Vec::new();
        let places: Vec<Option<usize>> = L::COLUMNS
            .iter()
            .map(|column| {
                let heading = mapping.heading(column);
                let wanted = fold(heading);
                let mut places = folded.iter().enumerate().filter(|(_, name)| **name == wanted);
                let place = places.next().map(|(index, _)| index);
                if place.is_none() && (!column.is_optional() || mapping.renames(column)) {
                    problems.push(format!("見出し「{heading}」がありません"));
                }
                if places.next().is_some() {
                    problems.push(format!("見出し「{heading}」が2度出てきます"));
                }
                place
            })
            .collect();
        for (index, (column, place)) in L::COLUMNS.iter().zip(&places).enumerate() {
            if place.is_some() && places[..index].contains(place) {
                let heading = mapping.heading(column);
                problems.push(format!("見出し「{heading}」が2つの項目に対応しています"));
            }
        }
        if !problems.is_empty() {
            return Err(ImportError::Heading(problems.join("、")));
        }
        let required = L::COLUMNS.iter().zip(&places).filter(|(column, _)| !column.is_optional());
        let last_required = required.filter_map(|(_, place)| *place).max();
        Ok(Self { mapping, places, last_required, layout: PhantomData })
    }

    /// Returns the place of each of the layout's columns in the file, as a text: `0,1,3,,2`.
    #[must_use]
    pub fn reading(&self) -> String {
        let place = |place: &Option<usize>| place.map(|place| place.to_string());
        let places = self.places.iter().map(place).map(Option::unwrap_or_default);
        places.collect::<Vec<_>>().join(",")
    }

    /// Returns the column's heading, as the file writes it.
    #[must_use]
    pub fn heading(&self, column: L) -> &str {
        self.mapping.heading(column.column())
    }

    /// Returns true if a row may end after `length` fields. Then the missing columns are optional, or not part of the
    /// layout.
    #[must_use]
    pub fn may_end_at(&self, length: usize) -> bool {
        self.last_required.is_none_or(|last| last < length)
    }

    /// Returns a row's value in a column. The value is empty if the file or the row does not have the column.
    #[must_use]
    pub fn value<'r>(&self, record: &'r StringRecord, column: L) -> &'r str {
        self.places[column.index()].and_then(|place| record.get(place)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::layout::layout;

    layout! {
        enum Note {
            Number = "number" "番号" Text Required,
            Remarks = "remarks" "備考" Text Optional,
        }
    }

    fn find(mapping: &str, headings: &[&str]) -> Result<Headings<Note>, String> {
        let mapping = Mapping::parse(mapping, Note::COLUMNS).map_err(|error| error.to_string())?;
        Headings::find(mapping, &StringRecord::from(headings.to_vec()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn o2_headings_stand_in_any_order_and_under_other_names() {
        let headings = find("columns = {}", &["備考", "番号"]).unwrap();
        assert_eq!(headings.value(&StringRecord::from(vec!["x", "1"]), Note::Number), "1");
        let headings = find("[columns]\nnumber = \"No.\"", &["Ｎｏ．"]).unwrap();
        let record = StringRecord::from(vec!["7"]);
        let values = [Note::Number, Note::Remarks].map(|column| headings.value(&record, column));
        assert_eq!(values, ["7", ""]);
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
