//! Reads a CSV file as UTF-8, even if it was written in CP932.
//!
//! The file is read at least twice: first to find out its encoding and its fingerprint, then to import it. Only a
//! small buffer of it is in memory, so a file may have any size.

mod encoding;
mod fuse;
mod wrong;

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

pub use self::encoding::Encoding;
use self::encoding::{BUFFER, Scan, Transcoder, refuse_other_formats};
pub use self::fuse::Fuse;
use self::fuse::Metered;
use self::wrong::wrong;
use super::cell::END_OF_FILE;
use crate::base::files;

const BOM: &[u8] = crate::base::spreadsheet::BOM.as_bytes();
/// Terms of use and settings are far smaller. This must not be larger than the longest row, or the [`Fuse`] would
/// blow first.
const LARGEST_TEXT: u64 = 256 * 1024;

/// The input of a source: a file, or anything else that can be read from any position.
pub trait Input: Read + Seek + Send {}

impl<I: Read + Seek + Send> Input for I {}

/// A file whose encoding and fingerprint are known.
pub struct Source {
    input: Arc<Mutex<dyn Input>>,
    pub name: String,
    pub bytes: u64,
    pub encoding: Encoding,
    pub sha256: [u8; 32],
    ends_in_line: bool,
    has_bom: bool,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Source {
    /// Opens a file and finds out its encoding.
    ///
    /// # Errors
    /// Returns the same errors as [`Source::new`], and fails if the file can't be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Self::new(&name.unwrap_or_default(), files::open(path)?)
    }

    /// Reads an input from its beginning to its end, and finds out its encoding.
    ///
    /// # Errors
    /// Returns `InvalidData` if the file is neither UTF-8 nor CP932. The message names the format that it is instead,
    /// or the line of the first wrong byte.
    pub fn new(name: &str, mut input: impl Input + 'static) -> io::Result<Self> {
        let mut buffer = vec![0; BUFFER];
        let mut sha256 = Sha256::new();
        let mut scan = Scan::default();
        let mut has_bom = false;
        let (mut bytes, mut last) = (0, b'\n');
        input.rewind()?;
        loop {
            let count = input.read(&mut buffer)?;
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
        Ok(Self {
            input: Arc::new(Mutex::new(input)),
            name: name.to_owned(),
            bytes,
            encoding: scan.encoding(has_bom)?,
            sha256: sha256.finalize().into(),
            ends_in_line: matches!(last, b'\n' | b'\r' | 0x1a),
            has_bom,
        })
    }

    /// Returns true if the file ends with a line break, or with the mark that older systems put at a file's end.
    #[must_use]
    pub const fn ends_in_line(&self) -> bool {
        self.ends_in_line
    }

    /// Returns the text, from its beginning. Several texts may be read at once, each at its own position.
    #[must_use]
    pub fn text(&self) -> Text {
        let position = if self.has_bom { BOM.len() as u64 } else { 0 };
        let fuse = Fuse::default();
        let inner = SharedReader { input: self.input.clone(), position };
        let metered = Metered { inner, fuse: fuse.clone() };
        let reader: Box<dyn Read + Send> = match self.encoding {
            Encoding::Utf8 => Box::new(metered),
            Encoding::Cp932 => Box::new(Transcoder::new(metered)),
        };
        Text { reader, fuse }
    }
}

/// Reads a whole small text, in UTF-8 with or without a byte order mark, or in CP932.
///
/// # Errors
/// Returns the same errors as [`Source::open`], and `InvalidData` if the file is too large.
pub fn read_text(path: &Path) -> io::Result<String> {
    let source = Source::open(path)?;
    if source.bytes > LARGEST_TEXT {
        return Err(wrong(&format!("{}KBを超えています", LARGEST_TEXT / 1024)));
    }
    let mut text = String::new();
    source.text().reader.read_to_string(&mut text)?;
    text.truncate(text.trim_end_matches(END_OF_FILE).len());
    Ok(text)
}

/// The file's text, and the [`Fuse`] that guards it.
pub struct Text {
    pub reader: Box<dyn Read + Send>,
    pub fuse: Fuse,
}

/// A reader with its own position in an input that other readers share.
struct SharedReader {
    input: Arc<Mutex<dyn Input>>,
    position: u64,
}

impl Read for SharedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A reader that panicked has changed only the input's position, which is set again here.
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        input.seek(SeekFrom::Start(self.position))?;
        let count = input.read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use encoding_rs::SHIFT_JIS;

    use super::*;

    fn source(bytes: &[u8]) -> io::Result<Source> {
        Source::new("rows.csv", io::Cursor::new(bytes.to_vec()))
    }

    fn read(bytes: &[u8]) -> (Encoding, String) {
        let source = source(bytes).unwrap();
        let mut text = String::new();
        source.text().reader.read_to_string(&mut text).unwrap();
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
    fn o2_a_file_is_read_by_several_at_once_and_each_from_its_beginning() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all("氏名\n".repeat(20_000).as_bytes()).unwrap();
        let source = Source::open(file.path()).unwrap();
        let (mut one, mut other) = (source.text().reader, source.text().reader);
        let (mut begun, mut rest, mut whole) = (vec![0; 100_000], String::new(), String::new());
        one.read_exact(&mut begun).unwrap();
        other.read_to_string(&mut whole).unwrap();
        begun.extend(io::Read::bytes(one).map(Result::unwrap));
        rest.push_str(std::str::from_utf8(&begun).unwrap());
        assert_eq!((rest.len() as u64, rest), (source.bytes, whole));
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
        let source = source(&[b"\"".as_slice(), &vec![b'x'; 1_000_000]].concat()).unwrap();
        let mut rows = csv::Reader::from_reader(source.text().reader);
        assert!(rows.headers().is_err());
    }
}
