//! Reads the rows of a CSV file, and parses them field by field.

use csv::StringRecord;

use super::headings::Headings;
use super::layout::Layout;
use super::mapping::Mapping;
use super::source::{Fuse, Source};
use super::{ImportError, RowErrors, cell};

/// The rows of a file whose headings are known.
pub struct Rows<L> {
    reader: csv::Reader<Box<dyn std::io::Read + Send>>,
    record: StringRecord,
    fuse: Fuse,
    pub headings: Headings<L>,
    row: u64,
    /// The number of lines by which the reader's count is too low.
    behind: u64,
    /// True if the last row of the file ends with a line break, so that it was not cut off.
    ends_in_line: bool,
    rows: u64,
}

impl<L: Layout> Rows<L> {
    /// Opens a file, and finds its columns.
    ///
    /// # Errors
    /// Returns an error if the file can't be read, a heading is missing, or the columns are not separated by commas.
    pub fn open(source: &Source, mapping: &Mapping) -> Result<Self, ImportError> {
        let text = source.text();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.reader);
        let first = reader.headers().map_err(unreadable)?.clone();
        refuse_other_separators(&first)?;
        let headings = Headings::find(mapping.clone(), &first)?;
        text.fuse.reset();
        // The reader counts the \n of \r\n only when it comes to the next record, so its count can be one line too
        // low here.
        let breaks = first.iter().map(|heading| heading.matches('\n').count() as u64).sum::<u64>();
        let behind = (2 + breaks).saturating_sub(reader.position().line());
        let record = StringRecord::new();
        let ends_in_line = source.ends_in_line();
        Ok(Self {
            reader,
            record,
            fuse: text.fuse,
            headings,
            row: 1,
            behind,
            ends_in_line,
            rows: 0,
        })
    }

    /// Returns the next row that is not blank, and `None` at the end of the file.
    ///
    /// # Errors
    /// Returns an error if the file can't be read, a row has no end, or the file has no row or was cut off within
    /// one.
    pub fn next_row(&mut self) -> Result<Option<Row<'_, L>>, ImportError> {
        loop {
            let before = self.record.len();
            if !self.reader.read_record(&mut self.record).map_err(unreadable)? {
                return self.end(before).map(|()| None);
            }
            self.fuse.reset();
            let line = self.record.position().map(|position| position.line() + self.behind);
            // The reader counts no lines if they end in \r alone, so each row counts as at least one line.
            self.row = line.unwrap_or_default().max(self.row + 1);
            if self.record.iter().any(|field| !cell::exact(field).trim().is_empty()) {
                break;
            }
        }
        self.rows += 1;
        let expected = self.reader.headers().map_err(unreadable)?.len();
        Ok(Some(Row { record: &self.record, headings: &self.headings, number: self.row, expected }))
    }

    /// Checks the end of a file. `fields` is the number of fields in its last row.
    fn end(&mut self, fields: usize) -> Result<(), ImportError> {
        if self.rows == 0 {
            let message = "見出しだけで、データの行がありません";
            return Err(ImportError::Heading(message.to_owned()));
        }
        let expected = self.reader.headers().map_err(unreadable)?.len();
        if fields < expected && !self.ends_in_line {
            let message = format!("{}行目が途中で切れています", self.row);
            return Err(ImportError::Heading(message));
        }
        Ok(())
    }

    /// Returns the number of bytes of the file that were read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.fuse.total()
    }
}

/// Refuses a file with another separator. Such a file seems to have only one heading, which contains the separator.
fn refuse_other_separators(headings: &StringRecord) -> Result<(), ImportError> {
    let only = headings.get(0).filter(|_| headings.len() == 1).unwrap_or_default();
    let separators = [('\t', "タブ"), (';', "セミコロン"), ('|', "縦棒"), ('，', "全角のコンマ")];
    match separators.into_iter().find(|(separator, _)| only.contains(*separator)) {
        None => Ok(()),
        Some((_, name)) => Err(ImportError::Heading(format!(
            "項目の区切りが{name}です。コンマ区切り（CSV）で保存し直してください"
        ))),
    }
}

fn unreadable(error: csv::Error) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => ImportError::File(error),
        csv::ErrorKind::Utf8 { pos, .. } => {
            let line = pos.map_or(1, |position| position.line());
            ImportError::Heading(format!("{line}行目の文字が途中で切れています"))
        }
        _ => ImportError::Heading("CSVとして読めません".to_owned()),
    }
}

/// One row of a file.
pub struct Row<'r, L> {
    record: &'r StringRecord,
    headings: &'r Headings<L>,
    /// The line of the file on which the row begins.
    pub number: u64,
    expected: usize,
}

impl<L: Layout> Row<'_, L> {
    /// Returns true if the row has the right number of fields. If not, its values may stand under wrong headings, so
    /// the mistake is added to `errors`. Spreadsheets leave out empty cells at the end of a row, or add some. This
    /// does no harm if only optional columns are missing and all additional fields are empty.
    pub fn is_whole(&self, errors: &mut RowErrors) -> bool {
        let length = self.record.len();
        let beyond = self.record.iter().skip(self.expected);
        let whole = length == self.expected
            || (length < self.expected && self.headings.may_end_at(length))
            || (length > self.expected
                && beyond.map(cell::exact).all(|field| field.trim().is_empty()));
        if !whole {
            let message =
                format!("{}列あるはずの行に{}列あります", self.expected, self.record.len());
            errors.add(self.number, "", message);
        }
        whole
    }

    /// Returns [`Row::number`] in the database's type.
    #[must_use]
    pub fn line(&self) -> i64 {
        i64::try_from(self.number).unwrap_or(i64::MAX)
    }

    /// Returns the column's heading, as the file writes it.
    #[must_use]
    pub fn heading(&self, column: L) -> &str {
        self.headings.heading(column)
    }

    /// Returns the field's text, without the marks that a spreadsheet adds to text.
    #[must_use]
    pub fn text(&self, column: L) -> &str {
        cell::text(self.headings.value(self.record, column))
    }

    /// Returns the field of a password, which may begin with an apostrophe of its own.
    #[must_use]
    pub fn exact(&self, column: L) -> &str {
        cell::exact(self.headings.value(self.record, column))
    }

    /// Parses a field that must not be empty. A mistake is added to `errors`, and the result is `None`.
    pub fn required<T>(
        &self,
        column: L,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.text(column).trim().is_empty() {
            errors.add(self.number, self.headings.heading(column), "空です");
            return None;
        }
        self.parsed(column, errors, parse)
    }

    /// Parses a field that may be empty. The outer `None` is a mistake, and the inner one is an empty field.
    pub fn optional<T>(
        &self,
        column: L,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        if self.text(column).trim().is_empty() {
            return Some(None);
        }
        self.parsed(column, errors, parse).map(Some)
    }

    fn parsed<T>(
        &self,
        column: L,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(column);
        cell::showable(text)
            .and_then(|()| parse(text))
            .map_err(|message| errors.add(self.number, self.headings.heading(column), message))
            .ok()
    }
}

/// Returns a text of one line without spaces around it. It has at most `most` characters.
///
/// # Errors
/// Returns the mistake as a Japanese sentence.
pub fn line(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim_matches(|c: char| c.is_whitespace());
    if text.chars().any(char::is_control) {
        return Err("制御文字や改行が入っています".to_owned());
    }
    let length = text.chars().count();
    if length > most {
        return Err(format!("{most}文字以内にしてください（{length}文字あります）"));
    }
    Ok(text.to_owned())
}

/// Does what [`line`] does for codes and numbers. It also turns full-width characters into half-width ones, and
/// refuses numbers that a spreadsheet has rounded.
///
/// # Errors
/// Returns the mistake as a Japanese sentence.
pub fn code(text: &str, most: usize) -> Result<String, String> {
    let code = line(&crate::base::japanese::fold(text), most)?;
    if cell::is_rounded(&code) {
        return Err(format!(
            "「{code}」は表計算ソフトが丸めた数字です（セルを文字列にして保存し直してください）"
        ));
    }
    Ok(code)
}
