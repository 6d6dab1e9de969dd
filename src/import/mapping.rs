//! A mapping tells which headings a file uses instead of the documented ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ImportError;
use super::layout::FileColumn;

/// The file's headings by column name. The operator writes them in a small TOML file.
///
/// ```toml
/// [columns]
/// treatment_month = "受診月"
/// ```
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    columns: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping for `columns`.
    ///
    /// # Errors
    /// [`ImportError::Heading`] if the text can't be read, or names a column that the importer doesn't know.
    pub fn parse(text: &str, columns: &[FileColumn]) -> Result<Self, ImportError> {
        let mapping: Self = toml::from_str(text).map_err(|error| {
            ImportError::Heading(format!(
                "列の対応表を読めません: {}",
                crate::base::toml::mistake(error.message())
            ))
        })?;
        let unknown =
            mapping.columns.keys().find(|name| !columns.iter().any(|column| column.name == **name));
        match unknown {
            None => Ok(mapping),
            Some(name) => {
                let known: Vec<_> = columns.iter().map(|column| column.name).collect();
                Err(ImportError::Heading(format!(
                    "列の対応表の「{name}」は知らない項目です（使えるもの: {}）",
                    known.join(", ")
                )))
            }
        }
    }

    /// Returns true if the operator mapped the column to another heading.
    #[must_use]
    pub fn renames(&self, column: &FileColumn) -> bool {
        self.columns.contains_key(column.name)
    }

    /// Returns the column's heading, as the file writes it.
    #[must_use]
    pub fn heading<'m>(&'m self, column: &'m FileColumn) -> &'m str {
        self.columns.get(column.name).map_or(column.heading, String::as_str)
    }
}
