//! Rows of a CSV file, parsed one field at a time.

use csv::StringRecord;

use super::headings::Headings;
use super::layout::Layout;
use super::mapping::Mapping;
use super::source::{Fuse, Source};
use super::{ImportError, RowErrors, cell};

/// The rows of a file under known headings.
pub struct Rows<L> {
    reader: csv::Reader<Box<dyn std::io::Read + Send>>,
    record: StringRecord,
    fuse: Fuse,
    pub headings: Headings<L>,
    row: u64,
    /// By how many lines the reader counts too few.
    behind: u64,
    /// Whether the last row of the file is a whole line.
    ends_in_line: bool,
    rows: u64,
}

impl<L: Layout> Rows<L> {
    /// # Errors
    /// The file's, and headings that are missing.
    pub fn open(source: &Source, mapping: &Mapping) -> Result<Self, ImportError> {
        let text = source.text();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.reader);
        let first = reader.headers().map_err(unreadable)?.clone();
        refuse_other_separators(&first)?;
        let headings = Headings::find(mapping.clone(), &first)?;
        text.fuse.reset();
        // Of \r\n, the reader counts \n when it comes to the next record: then it is a line behind.
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

    /// The next row that is not blank.
    ///
    /// # Errors
    /// The file's, a row without end, and a file that has no row or was cut off in the middle of one.
    pub fn next_row(&mut self) -> Result<Option<Row<'_, L>>, ImportError> {
        loop {
            let before = self.record.len();
            if !self.reader.read_record(&mut self.record).map_err(unreadable)? {
                return self.end(before).map(|()| None);
            }
            self.fuse.reset();
            let line = self.record.position().map(|position| position.line() + self.behind);
            // A file whose lines end in \r alone has no lines to count.
            self.row = line.unwrap_or_default().max(self.row + 1);
            if self.record.iter().any(|field| !cell::exact(field).trim().is_empty()) {
                break;
            }
        }
        self.rows += 1;
        let expected = self.reader.headers().map_err(unreadable)?.len();
        Ok(Some(Row { record: &self.record, headings: &self.headings, number: self.row, expected }))
    }

    /// Looks at the end of a file, whose last row has `fields` fields.
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

    /// Bytes of the file read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.fuse.total()
    }
}

/// A file of tabs or semicolons has one heading, which says so.
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

/// One row.
pub struct Row<'r, L> {
    record: &'r StringRecord,
    headings: &'r Headings<L>,
    /// The line it begins on.
    pub number: u64,
    expected: usize,
}

impl<L: Layout> Row<'_, L> {
    /// Notes a row that has too few or too many fields, which would put values under wrong
    /// headings. Returns true for a whole row. Spreadsheets leave out empty cells at a row's end, or add
    /// some: that takes nothing away where only optional columns are concerned.
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

    /// [`Row::number`] as the database has it.
    #[must_use]
    pub fn line(&self) -> i64 {
        i64::try_from(self.number).unwrap_or(i64::MAX)
    }

    /// The column's heading, as the file writes it.
    #[must_use]
    pub fn heading(&self, column: L) -> &str {
        self.headings.heading(column)
    }

    /// The field's text, without what a spreadsheet marks text by.
    #[must_use]
    pub fn text(&self, column: L) -> &str {
        cell::text(self.headings.value(self.record, column))
    }

    /// The field as it stands, for a password.
    #[must_use]
    pub fn exact(&self, column: L) -> &str {
        cell::exact(self.headings.value(self.record, column))
    }

    /// Parses a field that must not be empty; a mistake is noted, and gives `None`.
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

    /// Parses a field that may be empty; the outer `None` is a mistake, the inner one an empty field.
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

/// Text of one line, `most` characters at most, with nothing that can't be shown.
///
/// # Errors
/// What is wrong, in Japanese.
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

/// [`line`], with widths folded: codes and numbers.
///
/// # Errors
/// What is wrong, in Japanese.
pub fn code(text: &str, most: usize) -> Result<String, String> {
    let code = line(&crate::base::japanese::fold(text), most)?;
    if cell::is_rounded(&code) {
        return Err(format!(
            "「{code}」は表計算ソフトが丸めた数字です（セルを文字列にして保存し直してください）"
        ));
    }
    Ok(code)
}
