//! Finds out a file's encoding, and turns CP932 into UTF-8.

use std::io::{self, BufReader, Read};

use encoding_rs::{CoderResult, Decoder, SHIFT_JIS};

use super::wrong::wrong;

pub(super) const BUFFER: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// This is Windows-31J, which Japanese systems call Shift_JIS.
    Cp932,
}

/// Finds out in one pass if a text can be UTF-8, and if it can be CP932.
pub(super) struct Scan {
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
    pub(super) fn take(&mut self, chunk: &[u8]) {
        self.utf8.take(chunk, false);
        self.cp932.take(chunk, false);
    }

    /// Returns the encoding, after the last byte was taken. A character that is cut off at the end is a mistake, too.
    pub(super) fn encoding(mut self, has_bom: bool) -> io::Result<Encoding> {
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

/// Refuses a file that is no plain text, and names its format. The first bytes of the file tell the format.
pub(super) fn refuse_other_formats(beginning: &[u8]) -> io::Result<()> {
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

/// A reader that turns CP932 into UTF-8.
pub(super) struct Transcoder<R> {
    inner: BufReader<R>,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Transcoder<R> {
    pub(super) fn new(inner: R) -> Self {
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
