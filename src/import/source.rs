//! A CSV file as UTF-8, whatever it was written in.
//!
//! The file is read twice: once to find out its encoding and its fingerprint, once to take it in.
//! Neither keeps more than a buffer of it, so its size does not matter.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use encoding_rs::{CoderResult, Decoder, SHIFT_JIS};
use sha2::{Digest as _, Sha256};

use super::cell::END_OF_FILE;
use crate::base::files;

const BUFFER: usize = 64 * 1024;
const BOM: &[u8] = crate::base::spreadsheet::BOM.as_bytes();
/// A row longer than this is no row but a quotation mark that was never closed.
const LONGEST_ROW: u64 = 256 * 1024;
/// Terms of use and settings are far smaller; also less than a row may be.
const LARGEST_TEXT: u64 = 256 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// Windows-31J, what Japanese systems call Shift_JIS.
    Cp932,
}

/// A file that was looked through once.
#[derive(Debug)]
pub struct Source {
    file: File,
    pub name: String,
    pub bytes: u64,
    pub encoding: Encoding,
    pub sha256: [u8; 32],
    ends_in_line: bool,
    has_bom: bool,
}

impl Source {
    /// Opens a file and finds out its encoding.
    ///
    /// # Errors
    /// As [`files::open`]; and `InvalidData` for a file that is neither UTF-8 nor CP932, naming what it is
    /// instead or the row of the first byte that is wrong.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = files::open(path)?;
        let mut buffer = vec![0; BUFFER];
        let mut sha256 = Sha256::new();
        let mut scan = Scan::default();
        let mut has_bom = false;
        let (mut bytes, mut last) = (0, b'\n');
        loop {
            let count = file.read(&mut buffer)?;
            let chunk = &buffer[..count];
            if count == 0 {
                break;
            }
            if bytes == 0 {
                has_bom = chunk.starts_with(BOM);
                refuse_other_formats(chunk)?;
            }
            last = chunk[count - 1];
            bytes += count as u64;
            sha256.update(chunk);
            scan.take(chunk);
        }
        let encoding = scan.encoding(has_bom)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let sha256 = sha256.finalize().into();
        let name = name.unwrap_or_default();
        let ends_in_line = matches!(last, b'\n' | b'\r' | 0x1a);
        Ok(Self { file, name, bytes, encoding, sha256, ends_in_line, has_bom })
    }

    /// Returns true if the last line has an end, or the mark of a file's end behind it.
    #[must_use]
    pub const fn ends_in_line(&self) -> bool {
        self.ends_in_line
    }

    /// The text, from its beginning.
    ///
    /// # Errors
    /// The file system's.
    pub fn text(&mut self) -> io::Result<Text> {
        let start = if self.has_bom { BOM.len() as u64 } else { 0 };
        self.file.seek(SeekFrom::Start(start))?;
        let fuse = Fuse::default();
        let file = Metered { inner: self.file.try_clone()?, fuse: fuse.clone() };
        let reader: Box<dyn Read + Send> = match self.encoding {
            Encoding::Utf8 => Box::new(file),
            Encoding::Cp932 => Box::new(Transcoder::new(file)),
        };
        Ok(Text { reader, fuse })
    }
}

/// Reads a whole small text: UTF-8, with or without a byte order mark, or CP932.
///
/// # Errors
/// As [`Source::open`]; and `InvalidData` for a file that is too large to be such a text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut source = Source::open(path)?;
    if source.bytes > LARGEST_TEXT {
        return Err(wrong(&format!("{}KBを超えています", LARGEST_TEXT / 1024)));
    }
    let mut text = String::new();
    source.text()?.reader.read_to_string(&mut text)?;
    text.truncate(text.trim_end_matches(END_OF_FILE).len());
    Ok(text)
}

/// The file's text, and the [`Fuse`] that guards it.
pub struct Text {
    pub reader: Box<dyn Read + Send>,
    pub fuse: Fuse,
}

/// Blows where a single row takes up more than [`LONGEST_ROW`]; also counts what was read.
#[derive(Debug, Clone, Default)]
pub struct Fuse {
    total: Arc<AtomicU64>,
    since_row: Arc<AtomicU64>,
}

impl Fuse {
    /// A row has ended.
    pub fn reset(&self) {
        self.since_row.store(0, Relaxed);
    }

    /// Bytes of the file read so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }
}

struct Metered<R> {
    inner: R,
    fuse: Fuse,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fuse.since_row.load(Relaxed) > LONGEST_ROW {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "1行が{}KBを超えています（閉じられていない引用符「\"」がないか確認してください）",
                    LONGEST_ROW / 1024
                ),
            ));
        }
        let count = self.inner.read(buffer)?;
        self.fuse.total.fetch_add(count as u64, Relaxed);
        self.fuse.since_row.fetch_add(count as u64, Relaxed);
        Ok(count)
    }
}

/// Finds out in one pass whether a text can be UTF-8 and whether it can be CP932.
struct Scan {
    utf8: Candidate,
    cp932: Candidate,
}

struct Candidate {
    decoder: Decoder,
    line: u64,
    wrong_line: Option<u64>,
}

impl Default for Scan {
    fn default() -> Self {
        let candidate = |decoder| Candidate { decoder, line: 1, wrong_line: None };
        Self {
            utf8: candidate(encoding_rs::UTF_8.new_decoder_without_bom_handling()),
            cp932: candidate(SHIFT_JIS.new_decoder_without_bom_handling()),
        }
    }
}

impl Scan {
    fn take(&mut self, chunk: &[u8]) {
        self.utf8.take(chunk, false);
        self.cp932.take(chunk, false);
    }

    /// After the last byte: a character that was cut off is wrong, too.
    fn encoding(mut self, has_bom: bool) -> io::Result<Encoding> {
        self.utf8.take(&[], true);
        self.cp932.take(&[], true);
        match (self.utf8.wrong_line, self.cp932.wrong_line) {
            (None, _) => Ok(Encoding::Utf8),
            (Some(_), None) if !has_bom => Ok(Encoding::Cp932),
            (Some(utf8), _) if has_bom => Err(wrong(&format!("{utf8}行目がUTF-8として読めません"))),
            (Some(utf8), cp932) => Err(wrong(&format!(
                "UTF-8でもCP932（Shift_JIS）でもありません（UTF-8なら{utf8}行目、CP932なら{}行目が読めません）",
                cp932.unwrap_or(utf8)
            ))),
        }
    }
}

/// Tells a file for what it is by how it begins.
fn refuse_other_formats(beginning: &[u8]) -> io::Result<()> {
    const FORMATS: [(&[u8], &str); 3] = [
        (b"PK\x03\x04", "Excelブック（xlsx）などの圧縮ファイル"),
        (b"\xd0\xcf\x11\xe0", "Excelブック（xls）"),
        (b"%PDF", "PDF"),
    ];
    if let Some((_, name)) = FORMATS.iter().find(|(start, _)| beginning.starts_with(start)) {
        return Err(wrong(&format!(
            "{name}です。文字だけのファイル（CSVなど）で保存し直してください"
        )));
    }
    let marked = beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff");
    // ASCII in UTF-16 has a zero in every other byte.
    let zeros =
        |from: usize| beginning.iter().skip(from).step_by(2).take(32).filter(|b| **b == 0).count();
    if marked || zeros(0).max(zeros(1)) > 1 && zeros(0).min(zeros(1)) == 0 {
        return Err(wrong("UTF-16のファイルです。UTF-8かCP932（Shift_JIS）で保存し直してください"));
    }
    if beginning.contains(&0) {
        return Err(wrong("文字のファイルではありません"));
    }
    Ok(())
}

fn wrong(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

impl Candidate {
    fn take(&mut self, mut chunk: &[u8], last: bool) {
        let mut text = [0_u8; 4096];
        while self.wrong_line.is_none() && (last || !chunk.is_empty()) {
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(chunk, &mut text, last);
            self.line += text[..written].iter().filter(|byte| **byte == b'\n').count() as u64;
            chunk = &chunk[read..];
            if let encoding_rs::DecoderResult::Malformed(..) = result {
                self.wrong_line = Some(self.line);
            }
            if last {
                break;
            }
        }
    }
}

/// Turns CP932 into UTF-8 as it is read.
struct Transcoder<R> {
    inner: BufReader<R>,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcoder<R> {
    fn new(inner: R) -> Self {
        Self {
            inner: BufReader::with_capacity(BUFFER, inner),
            decoder: SHIFT_JIS.new_decoder_without_bom_handling(),
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut raw = [0; 16 * 1024];
        let count = self.inner.read(&mut raw)?;
        self.ended = count == 0;
        self.text.resize(raw.len() * 3, 0);
        let (result, _, written, _) =
            self.decoder.decode_to_utf8(&raw[..count], &mut self.text, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "three bytes a byte are enough");
        self.text.truncate(written);
        self.given = 0;
        Ok(())
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.fill()?;
        }
        let count = buffer.len().min(self.text.len() - self.given);
        buffer[..count].copy_from_slice(&self.text[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn source(bytes: &[u8]) -> io::Result<Source> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Source::open(file.path())
    }

    fn read(bytes: &[u8]) -> (Encoding, String) {
        let mut source = source(bytes).unwrap();
        let mut text = String::new();
        source.text().unwrap().reader.read_to_string(&mut text).unwrap();
        (source.encoding, text)
    }

    #[test]
    fn o2_the_encoding_is_found_out() {
        let japanese = "氏名,カナ\n髙橋 一郎,ｲﾁﾛｳ\n".repeat(5_000);
        let (cp932, _, unmappable) = SHIFT_JIS.encode(&japanese);
        assert!(!unmappable);
        assert_eq!(read(&cp932), (Encoding::Cp932, japanese.clone()));
        assert_eq!(read(japanese.as_bytes()), (Encoding::Utf8, japanese.clone()));
        let with_bom = [BOM, japanese.as_bytes()].concat();
        assert_eq!(read(&with_bom), (Encoding::Utf8, japanese));
    }

    #[test]
    fn o2_what_is_neither_is_refused_by_line() {
        let error = source(b"a\nb\n\xff\xff\n").unwrap_err().to_string();
        assert!(error.contains("UTF-8なら3行目"), "{error}");
        let (cut_off, _, _) = SHIFT_JIS.encode("a\nメモ");
        let error = source(&cut_off[..cut_off.len() - 1]).unwrap_err().to_string();
        assert!(error.contains("2行目が読めません"), "{error}");
        let error = source(&[BOM, b"a\n\x83\x65\n".as_slice()].concat()).unwrap_err().to_string();
        assert!(error.contains("2行目がUTF-8"), "{error}");
    }

    #[test]
    fn o2_other_formats_are_told_for_what_they_are() {
        let text = "個人コード,世帯コード\r\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [[b"\xff\xfe".as_slice(), &little].concat(), b"a\0,\0b\0\n\0".to_vec()] {
            let error = source(&bytes).unwrap_err().to_string();
            assert!(error.starts_with("UTF-16のファイルです"), "{error}");
        }
        for (bytes, name) in [
            (b"PK\x03\x04\x14\0\x06\0".as_slice(), "Excelブック（xlsx）"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excelブック（xls）"),
            (b"%PDF-1.7\n", "PDF"),
            (b"abc\0def,\x01\n\0\0\0", "文字のファイルではありません"),
        ] {
            let error = source(bytes).unwrap_err().to_string();
            assert!(error.starts_with(name), "{error}");
        }
    }

    #[test]
    fn o2_small_texts_are_read_whole_in_any_of_these() {
        let read = |bytes: &[u8]| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(bytes).unwrap();
            read_text(file.path())
        };
        let text = "[columns]\r\nnumber = \"番号\"\r\n";
        let (cp932, _, _) = SHIFT_JIS.encode(text);
        let (with_bom, ended) =
            ([BOM, text.as_bytes()].concat(), [&cp932, b"\x1a".as_slice()].concat());
        for bytes in [text.as_bytes(), &cp932, &with_bom, &ended] {
            assert_eq!(read(bytes).unwrap(), text);
        }
        let error = read("規".repeat(100_000).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("256KB"), "{error}");
    }

    #[test]
    fn o2_a_row_without_end_blows_the_fuse() {
        let mut source = source(&[b"\"".as_slice(), &vec![b'x'; 1_000_000]].concat()).unwrap();
        let mut rows = csv::Reader::from_reader(source.text().unwrap().reader);
        assert!(rows.headers().is_err());
    }
}
