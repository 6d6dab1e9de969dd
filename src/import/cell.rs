//! Reads a cell's text in spite of a spreadsheet's marks, and refuses characters that no cell may hold.

use crate::base::japanese::unshowable;

/// Older systems mark the end of a file with this character (Ctrl-Z).
pub const END_OF_FILE: char = '\u{1a}';

/// Returns the text within `="0000056"`. Spreadsheets write a number in this way to keep its leading zeros in CSV.
#[must_use]
pub fn exact(cell: &str) -> &str {
    let cell = cell.trim_end_matches(END_OF_FILE);
    let quoted = cell.trim().strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    quoted.filter(|text| !text.contains('"')).unwrap_or(cell)
}

/// Does what [`exact`] does, and also removes the apostrophe with which a spreadsheet marks text: `'0000055`.
/// [`harmless`](crate::base::spreadsheet::harmless) puts the same mark before a formula.
#[must_use]
pub fn text(cell: &str) -> &str {
    let text = exact(cell);
    text.trim_start().strip_prefix('\'').unwrap_or(text)
}

/// Returns true if a number was rounded by a spreadsheet: `1.23E+11`, or `1.23e+11` as programs write it.
#[must_use]
pub fn is_rounded(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once("E+").or_else(|| text.split_once("e+")).is_some_and(|(number, exponent)| {
        let number = number.strip_prefix('-').unwrap_or(number);
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        digits(whole) && digits(rest) && digits(exponent)
    })
}

/// Refuses characters that can't be shown or that change the direction of a line. The union's own characters
/// (Unicode's private use, 外字) pass, and pages show 〓 in their place.
///
/// # Errors
/// Returns the name of the character, in a Japanese sentence.
pub fn showable(text: &str) -> Result<(), String> {
    match unshowable(text) {
        None => Ok(()),
        Some(char::REPLACEMENT_CHARACTER) => {
            Err("文字化けした文字（U+FFFD）が入っています".to_owned())
        }
        Some(c) => Err(format!("見えない文字（U+{:04X}）が入っています", u32::from(c))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o2_what_a_spreadsheet_marks_as_text_is_the_text() {
        for (cell, expected) in [
            ("=\"0000056\"", "0000056"),
            (" =\"0000056\" ", "0000056"),
            ("'0000055", "0000055"),
            ("'=1+1", "=1+1"),
            ("'＝１＋１", "＝１＋１"),
            ("'　＝1", "　＝1"),
            ("=\"\"", ""),
            ("0000056", "0000056"),
            ("=A1", "=A1"),
            ("a'b", "a'b"),
            ("備考\u{1a}", "備考"),
            ("\u{1a}", ""),
        ] {
            assert_eq!(text(cell), expected, "{cell}");
        }
        assert_eq!(exact("'Pass1234"), "'Pass1234", "an apostrophe may be a password's own");
        assert_eq!(exact("=\"00123456\""), "00123456");
    }

    #[test]
    fn o2_a_rounded_number_is_known_by_its_form() {
        for rounded in ["1.23E+11", "1.23e+11", "1E+15", "-1.5E+10", "2.00E+09"] {
            assert!(is_rounded(rounded), "{rounded}");
        }
        for other in ["", "123", "E+11", "1E11", "A1.2E+3", "1.23E+", "1.E+11"] {
            assert!(!is_rounded(other), "{other}");
        }
    }

    #[test]
    fn o2_what_can_not_be_seen_is_named() {
        for (text, named) in [
            ("試験\u{200b}太郎", "U+200B"),
            ("太\u{202e}郎", "U+202E"),
            ("太郎\u{feff}", "U+FEFF"),
            ("太郎\u{fffd}", "U+FFFD"),
            ("太\u{2028}郎", "U+2028"),
            ("太\u{3164}郎", "U+3164"),
        ] {
            assert!(showable(text).unwrap_err().contains(named), "{text:?}");
        }
        for text in ["髙橋　𠮷郎", "葛\u{e0100}城", "\u{e000}山", "ｶﾞ", "Ångström"] {
            assert_eq!(showable(text), Ok(()), "{text}");
        }
    }
}
