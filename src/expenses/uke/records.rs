//! The records of a UKE file. Each line is a record; commas part its fields, and nothing is quoted.

use std::io::{BufRead as _, BufReader, Read};

use crate::import::cell::{self, END_OF_FILE};
use crate::import::source::{Fuse, Source, Text};
use crate::import::{ImportError, RowErrors};

const BUFFER: usize = 64 * 1024;

/// Reads a file's records, of which one is in memory at a time.
pub(super) struct Records {
    reader: BufReader<Box<dyn Read + Send>>,
    fuse: Fuse,
    text: String,
    line: u64,
}

impl Records {
    pub fn open(source: &Source) -> Self {
        let Text { reader, fuse } = source.text();
        let reader = BufReader::with_capacity(BUFFER, reader);
        Self { reader, fuse, text: String::new(), line: 0 }
    }

    /// Returns the next record; a blank line is one without a name. A last line without an end is refused: it was cut off,
    /// so its last number may be smaller than the one that was written.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ImportError> {
        self.text.clear();
        if self.reader.read_line(&mut self.text)? == 0 {
            return Ok(None);
        }
        self.fuse.reset();
        self.line += 1;
        if !self.text.ends_with(['\n', END_OF_FILE]) {
            let line = self.line;
            let message = format!("{line}行目が途中で切れています（行末の改行がありません）");
            return Err(ImportError::Heading(message));
        }
        Ok(Some(Record::new(self.line, &self.text)))
    }

    /// Bytes of the file read so far.
    pub fn bytes_read(&self) -> u64 {
        self.fuse.total()
    }
}

/// A field of a record, by its index. Index 0 is the record's own name.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordField {
    index: usize,
    name: &'static str,
}

impl RecordField {
    pub const fn new(index: usize, name: &'static str) -> Self {
        Self { index, name }
    }
}

/// One record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'r> {
    pub line: u64,
    text: &'r str,
}

impl<'r> Record<'r> {
    pub fn new(line: u64, text: &'r str) -> Self {
        Self { line, text: text.trim_matches(['\r', '\n', END_OF_FILE]) }
    }

    pub fn name(self) -> &'r str {
        self.field(0)
    }

    pub fn text(self) -> &'r str {
        self.text
    }

    fn field(self, index: usize) -> &'r str {
        self.text.split(',').nth(index).unwrap_or_default().trim()
    }

    /// Parses a field that must not be empty. Returns `None` after noting a mistake.
    pub fn required<T>(
        self,
        field: RecordField,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let found = self.optional(field, errors, parse)?;
        if found.is_none() {
            self.wrong(field, "空です", errors);
        }
        found
    }

    /// Parses a field that may be empty. Returns `None` after noting a mistake, and `Some(None)` for an empty field.
    pub fn optional<T>(
        self,
        field: RecordField,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let text = self.field(field.index);
        if text.is_empty() {
            return Some(None);
        }
        let parsed = cell::showable(text).and_then(|()| parse(text));
        parsed.map(Some).map_err(|message| self.wrong(field, message, errors)).ok()
    }

    /// Notes a mistake of a field.
    pub fn wrong(self, field: RecordField, message: impl Into<String>, errors: &mut RowErrors) {
        errors.add(self.line, &format!("{} {}", self.name(), field.name), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Result<Vec<String>, String> {
        let source = Source::new("claims.uke", std::io::Cursor::new(bytes.to_vec())).unwrap();
        let mut records = Records::open(&source);
        let mut names = Vec::new();
        while let Some(record) = records.next_record().map_err(|error| error.to_string())? {
            names.push(format!("{} {}", record.line, record.name()));
        }
        Ok(names)
    }

    #[test]
    fn o2_a_line_is_a_record_and_a_quotation_mark_is_data() {
        assert_eq!(names(b"IR,\"1\r\n\r\nRE,\"x\r\n").unwrap(), ["1 IR", "2 ", "3 RE"]);
        assert_eq!(names(b"IR,1\r\n\x1a").unwrap(), ["1 IR", "2 "]);
        assert_eq!(names(b"IR,1\r\nGO,1\x1a").unwrap(), ["1 IR", "2 GO"]);
        assert!(names(b"").unwrap().is_empty());
    }

    #[test]
    fn o2_a_last_line_that_was_cut_off_is_refused() {
        let error = names(b"IR,1\r\nHO,06139927,101,11,2,12").unwrap_err();
        assert_eq!(error, "2行目が途中で切れています（行末の改行がありません）");
    }

    #[test]
    fn o2_a_line_without_end_blows_the_fuse() {
        let error = names(&[b'x'; 1_000_000]).unwrap_err();
        assert!(error.contains("256KB"), "{error}");
    }
}
