//! Rows of a CSV file, parsed one field at a time, and sent to a staging table by COPY.

use csv::StringRecord;
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

use super::columns::{Column, Layout, Mapping};
use super::source::{Fuse, Source};
use super::{ImportError, RowErrors, cell};

/// COPY is fed in pieces of about this size.
const PIECE: usize = 256 * 1024;

/// Called with the bytes read so far, now and then.
pub type Progress<'p> = dyn FnMut(u64) + Send + 'p;

/// The rows of a file under known headings.
pub struct Rows {
    reader: csv::Reader<Box<dyn std::io::Read + Send>>,
    record: StringRecord,
    fuse: Fuse,
    pub layout: Layout,
    row: u64,
    /// By how many lines the reader counts too few.
    behind: u64,
    /// Whether the last row of the file is a whole line.
    ends_in_line: bool,
    rows: u64,
}

impl Rows {
    /// # Errors
    /// The file's, and headings that are missing.
    pub fn open(
        source: &mut Source,
        columns: &[Column],
        mapping: &Mapping,
    ) -> Result<Self, ImportError> {
        let text = source.text()?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.reader);
        let headings = reader.headers().map_err(unreadable)?.clone();
        refuse_other_separators(&headings)?;
        let layout = Layout::find(columns, mapping, &headings)?;
        text.fuse.reset();
        // Of \r\n, the reader counts \n when it comes to the next record: then it is a line behind.
        let breaks =
            headings.iter().map(|heading| heading.matches('\n').count() as u64).sum::<u64>();
        let behind = (2 + breaks).saturating_sub(reader.position().line());
        let record = StringRecord::new();
        let ends_in_line = source.ends_in_line();
        Ok(Self { reader, record, fuse: text.fuse, layout, row: 1, behind, ends_in_line, rows: 0 })
    }

    /// The next row that is not blank.
    ///
    /// # Errors
    /// The file's, a row without end, and a file that has no row or was cut off in the middle of one.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, ImportError> {
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
        Ok(Some(Row { record: &self.record, layout: &self.layout, number: self.row, expected }))
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
pub struct Row<'r> {
    record: &'r StringRecord,
    layout: &'r Layout,
    /// The line it begins on.
    pub number: u64,
    expected: usize,
}

impl Row<'_> {
    /// Notes a row that has too few or too many fields, which would put values under wrong
    /// headings. Returns true for a whole row. Spreadsheets leave out empty cells at a row's end, or add
    /// some: that takes nothing away where only optional columns are concerned.
    pub fn is_whole(&self, errors: &mut RowErrors) -> bool {
        let length = self.record.len();
        let beyond = self.record.iter().skip(self.expected);
        let whole = length == self.expected
            || (length < self.expected && self.layout.may_end_at(length))
            || (length > self.expected
                && beyond.map(cell::exact).all(|field| field.trim().is_empty()));
        if !whole {
            let message =
                format!("{}列あるはずの行に{}列あります", self.expected, self.record.len());
            errors.add(self.number, "", message);
        }
        whole
    }

    /// The column's heading, as the file writes it.
    #[must_use]
    pub fn heading(&self, column: usize) -> &str {
        self.layout.heading(column)
    }

    /// The field's text, without what a spreadsheet marks text by.
    #[must_use]
    pub fn text(&self, column: usize) -> &str {
        cell::text(self.layout.value(self.record, column))
    }

    /// The field as it stands, for a password.
    #[must_use]
    pub fn exact(&self, column: usize) -> &str {
        cell::exact(self.layout.value(self.record, column))
    }

    /// Parses a field that must not be empty; a mistake is noted, and gives `None`.
    pub fn required<T>(
        &self,
        column: usize,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.text(column).trim().is_empty() {
            errors.add(self.number, self.layout.heading(column), "空です");
            return None;
        }
        self.parsed(column, errors, parse)
    }

    /// Parses a field that may be empty; the outer `None` is a mistake, the inner one an empty field.
    pub fn optional<T>(
        &self,
        column: usize,
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
        column: usize,
        errors: &mut RowErrors,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(column);
        cell::showable(text)
            .and_then(|()| parse(text))
            .map_err(|message| errors.add(self.number, self.layout.heading(column), message))
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

/// Rows on their way into a table, in COPY's text format.
pub struct Copy<'c> {
    copy: PgCopyIn<&'c mut PgConnection>,
    piece: Vec<u8>,
    fields: usize,
}

impl<'c> Copy<'c> {
    /// Starts a COPY into `table`, whose name is the program's own.
    ///
    /// # Errors
    /// The database's.
    pub async fn into(connection: &'c mut PgConnection, table: &str) -> Result<Self, sqlx::Error> {
        let copy = connection.copy_in_raw(&format!("copy {table} from stdin")).await?;
        Ok(Self { copy, piece: Vec::with_capacity(PIECE + 4096), fields: 0 })
    }

    pub fn field(&mut self, value: &str) {
        self.separate();
        for byte in value.bytes() {
            match byte {
                b'\\' => self.piece.extend(b"\\\\"),
                b'\t' => self.piece.extend(b"\\t"),
                b'\n' => self.piece.extend(b"\\n"),
                b'\r' => self.piece.extend(b"\\r"),
                byte => self.piece.push(byte),
            }
        }
    }

    pub fn display(&mut self, value: impl std::fmt::Display) {
        use std::io::Write as _;
        self.separate();
        write!(self.piece, "{value}").expect("writing to memory does not fail");
    }

    pub fn optional(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.field(value),
            None => self.null(),
        }
    }

    pub fn null(&mut self) {
        self.separate();
        self.piece.extend(b"\\N");
    }

    fn separate(&mut self) {
        if self.fields > 0 {
            self.piece.push(b'\t');
        }
        self.fields += 1;
    }

    /// Writes every row of a file for which `write` says that it was right, and ends the COPY; how
    /// many they were. A file that can't be read to its end leaves nothing.
    ///
    /// # Errors
    /// The file's, and the database's.
    pub async fn rows(
        mut self,
        rows: &mut Rows,
        progress: &mut Progress<'_>,
        mut write: impl FnMut(&Row<'_>, &mut Self) -> bool,
    ) -> Result<u64, ImportError> {
        loop {
            match rows.next_row() {
                Ok(Some(row)) => {
                    if write(&row, &mut self) && self.end_row().await? {
                        progress(rows.bytes_read());
                    }
                }
                Ok(None) => return Ok(self.finish().await?),
                Err(error) => return Err(self.abort(error).await),
            }
        }
    }

    /// Gives up, so that nothing of it stays. PostgreSQL answers an abort with an error of its own;
    /// the one that is given is the one to tell.
    pub async fn abort(self, error: ImportError) -> ImportError {
        let _ = self.copy.abort("the file can't be read").await;
        error
    }

    /// Ends a row. Whether a piece was sent, so that progress may be told.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_row(&mut self) -> Result<bool, sqlx::Error> {
        self.piece.push(b'\n');
        self.fields = 0;
        if self.piece.len() < PIECE {
            return Ok(false);
        }
        self.copy.send(self.piece.as_slice()).await?;
        self.piece.clear();
        Ok(true)
    }

    /// Sends what is left; how many rows there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn finish(mut self) -> Result<u64, sqlx::Error> {
        if !self.piece.is_empty() {
            self.copy.send(self.piece.as_slice()).await?;
        }
        self.copy.finish().await
    }
}
