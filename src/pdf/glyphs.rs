//! Characters that the fonts lack.
//!
//! Older systems keep rare characters of names in the private use area (外字), where every system
//! has different ones. Such a character is shown as 〓, as printers have always marked a missing
//! one: an empty box would look like a fault, and dropping it would change the name.

use serde_json::Value;
use typst::text::is_default_ignorable;

const MARK: char = '〓';

/// Makes every text in the data printable.
pub(super) fn make_printable(data: &mut Value, covers: &impl Fn(char) -> bool) {
    match data {
        Value::String(text) => *text = printable(text, covers),
        Value::Array(values) => {
            values.iter_mut().for_each(|value| make_printable(value, covers));
        }
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| make_printable(value, covers));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts the text on one line, with a mark for each character that the fonts lack, and without
/// invisible ones.
fn printable(text: &str, covers: &impl Fn(char) -> bool) -> String {
    text.chars().filter_map(|letter| shown(letter, covers)).collect()
}

fn shown(letter: char, covers: &impl Fn(char) -> bool) -> Option<char> {
    if is_variation_selector(letter) {
        return Some(letter);
    }
    if letter.is_whitespace() {
        return Some(if letter.is_control() || !covers(letter) { ' ' } else { letter });
    }
    if letter.is_control() || is_default_ignorable(letter) {
        return None;
    }
    Some(if covers(letter) && !is_private(letter) { letter } else { MARK })
}

/// Returns true for a variation selector, which chooses a form of the character before it. A font
/// without that form shows the usual one.
const fn is_variation_selector(letter: char) -> bool {
    matches!(letter, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Returns true for private use. If the font has something here, it isn't what the writer meant.
const fn is_private(letter: char) -> bool {
    matches!(letter, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pdf::fonts::tests::faces;

    #[test]
    fn e6_a_letter_that_the_font_lacks_is_marked() {
        let faces = faces();
        for (text, expected) in [
            ("\u{E000}", "〓"),
            ("髙\u{F8FF}橋\u{10FFFD}", "髙〓橋〓"),
            ("𠮷野家", "𠮷野家"),
            ("葛\u{E0100}飾 辻\u{FE00}", "葛\u{E0100}飾 辻\u{FE00}"),
            ("ｶﾞ ガ か\u{3099}", "ｶﾞ ガ か\u{3099}"),
            ("健保　太郎", "健保　太郎"),
            ("一\n二\t三\u{2028}四", "一 二 三 四"),
            ("a\u{0}b\u{7}c\u{202E}d\u{200B}e\u{FEFF}f\u{AD}g", "abcdefg"),
            ("😀", "〓"),
            ("#panic() *x* $ ]]> &amp; <a>", "#panic() *x* $ ]]> &amp; <a>"),
            ("", ""),
        ] {
            assert_eq!(printable(text, &|letter| faces.cover(letter)), expected, "{text:?}");
        }
        assert_eq!(printable("\u{E000}", &|_| true), "〓");
    }

    #[test]
    fn e6_every_text_of_the_data_is_looked_through() {
        let mut data = json!({ "rows": [{ "name": "x😀" }, ["😀"]], "sum": 3, "hides": true });
        make_printable(&mut data, &|letter| letter.is_ascii());
        let expected = json!({ "rows": [{ "name": "x〓" }, ["〓"]], "sum": 3, "hides": true });
        assert_eq!(data, expected);
    }
}
