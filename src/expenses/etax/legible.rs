//! Text as the form takes it: `gen:str` of General.xsd allows only some blocks of Unicode.

use crate::base::gaiji::GETA;
use crate::base::japanese::fold;

/// Rewrites a text as the form takes it: half-width kana become full-width, blanks at both ends go, and 〓 replaces each
/// character that the form refuses, such as 𠮷 or a gaiji of the union. Variation selectors are dropped, since the character
/// before each says enough.
#[must_use]
pub(super) fn legible(text: &str) -> String {
    let text = widened(text);
    let characters = text.trim().chars().filter(|c| !is_variation_selector(*c));
    characters
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            c if is_allowed(c) => c,
            _ => GETA,
        })
        .collect()
}

/// Widens half-width kana and nothing else: ㈱ and full-width letters belong to the name, and the form takes them.
fn widened(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters
        .chunk_by(|one, next| is_half_width_kana(*one) == is_half_width_kana(*next))
        .map(|run| {
            let text: String = run.iter().collect();
            if is_half_width_kana(run[0]) { fold(&text) } else { text }
        })
        .collect()
}

fn is_half_width_kana(c: char) -> bool {
    matches!(c, '\u{FF61}'..='\u{FF9F}')
}

fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Returns true for a character of the blocks of `gen:str`, which stand here in the schema's order. The schema also allows
/// some control characters for blanks, which no name needs.
fn is_allowed(c: char) -> bool {
    matches!(
        c,
        // BasicLatin without control characters
        '\u{0020}'..='\u{007E}'
        // Hiragana
        | '\u{3040}'..='\u{309F}'
        // Katakana
        | '\u{30A0}'..='\u{30FF}'
        // CJKUnifiedIdeographs
        | '\u{4E00}'..='\u{9FFF}'
        // CJKCompatibilityIdeographs
        | '\u{F900}'..='\u{FAFF}'
        // CJKSymbolsandPunctuation
        | '\u{3000}'..='\u{303F}'
        // HalfwidthandFullwidthForms without ｦ to ﾟ
        | '\u{FF00}'..='\u{FF65}' | '\u{FFA0}'..='\u{FFEF}'
        // Latin-1Supplement without control characters
        | '\u{00A0}'..='\u{00FF}'
        // Greek
        | '\u{0370}'..='\u{03FF}'
        // Cyrillic
        | '\u{0400}'..='\u{04FF}'
        // GeneralPunctuation
        | '\u{2000}'..='\u{206F}'
        // Arrows
        | '\u{2190}'..='\u{21FF}'
        // MathematicalOperators
        | '\u{2200}'..='\u{22FF}'
        // BoxDrawing
        | '\u{2500}'..='\u{257F}'
        // GeometricShapes
        | '\u{25A0}'..='\u{25FF}'
        // NumberForms
        | '\u{2150}'..='\u{218F}'
        // EnclosedAlphanumerics
        | '\u{2460}'..='\u{24FF}'
        // EnclosedCJKLettersandMonths
        | '\u{3200}'..='\u{32FF}'
        // CJKCompatibility
        | '\u{3300}'..='\u{33FF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d1_names_are_written_as_the_form_takes_them() {
        for (text, written) in [
            ("テスト　タロウ", "テスト　タロウ"),
            (" ﾃｽﾄ ﾀﾛｳ ", "テスト タロウ"),
            ("ﾊﾞﾝﾄﾞｳ ﾋﾟｱｰﾄ｡｢･｣", "バンドウ ピアート。「・」"),
            ("㈱サンプル薬局　Ａ①号店", "㈱サンプル薬局　Ａ①号店"),
            ("髙橋 﨑 \u{FA19}", "髙橋 﨑 \u{FA19}"),
            ("𠮷野家", "〓野家"),
            ("外\u{E000}字", "外〓字"),
            ("葛\u{E0100}城", "葛城"),
            ("辻\u{FE00}", "辻"),
            ("a\0b\u{7F}c\u{85}d", "a〓b〓c〓d"),
            ("\u{FFFE}\u{FFFF}\u{10FFFF}", "〓〓〓"),
            ("一行\r\n二行\t三", "一行  二行 三"),
            ("<&>\"']]>&amp;", "<&>\"']]>&amp;"),
            ("😀", "〓"),
            ("\u{0301}", "〓"),
            ("", ""),
            (" \u{3000}\n", ""),
            ("\u{E0100}", ""),
        ] {
            assert_eq!(legible(text), written, "{text:?}");
        }
    }

    /// Tries the first and the last character of each block in the pattern, and the characters just outside it.
    #[test]
    fn d1_the_blocks_of_the_schema_end_where_it_ends_them() {
        for (first, last) in [
            (0x0020, 0x007E),
            (0x00A0, 0x00FF),
            (0x0370, 0x04FF),
            (0x2000, 0x206F),
            (0x2150, 0x22FF),
            (0x2460, 0x257F),
            (0x25A0, 0x25FF),
            (0x3000, 0x30FF),
            (0x3200, 0x33FF),
            (0x4E00, 0x9FFF),
            (0xF900, 0xFAFF),
            (0xFF00, 0xFF65),
            (0xFFA0, 0xFFEF),
        ] {
            let allowed = |code: u32| char::from_u32(code).is_some_and(is_allowed);
            assert!(allowed(first) && allowed(last), "{first:04X} to {last:04X}");
            assert!(!allowed(first - 1) && !allowed(last + 1), "{first:04X} to {last:04X}");
        }
        let count = ('\0'..=char::MAX).filter(|c| is_allowed(*c)).count();
        assert_eq!(count, 23_973, "none beside them");
    }
}
