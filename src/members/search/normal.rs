//! Normalises what staff type, as [`keys`](crate::members::keys) does what a union sends.

use unicode_normalization::UnicodeNormalization as _;

use crate::base::japanese::{fold, is_dash};

/// Reads a name in kana, of any width: hiragana becomes katakana, and what stands for 「ー」 on a keyboard becomes
/// that. Returns `None` if there are other characters.
pub(in crate::members) fn katakana(text: &str) -> Option<String> {
    let read: String = fold(text)
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
            c if is_dash(c) => 'ー',
            c => c,
        })
        // 「ｶ」 and 「゛」 apart by a blank are one character again without it.
        .nfc()
        .collect();
    let is_kana = |c: char| matches!(c, 'ァ'..='ヶ' | 'ー' | '・');
    (!read.is_empty() && read.chars().all(is_kana)).then_some(read)
}

/// The key of a name in katakana: small letters are large, and 「ー」 and 「・」 are left out, so that 「シュンスケ」 and
/// 「シユンスケ」 of older systems are one.
pub(in crate::members) fn kana_key(katakana: &str) -> String {
    const SMALL: &str = "ァィゥェォッャュョヮヵヶ";
    const LARGE: &str = "アイウエオツヤユヨワカケ";
    let large = |c: char| {
        SMALL.chars().position(|small| small == c).and_then(|at| LARGE.chars().nth(at)).unwrap_or(c)
    };
    katakana.chars().filter(|c| !matches!(c, 'ー' | '・' | ' ')).map(large).collect()
}

/// The key of a name as it is written: without blanks, 「・」, and the marks that choose a character's shape (異体字).
pub(in crate::members) fn name_key(name: &str) -> String {
    let chooses_a_shape =
        |c: char| matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    let kept = |c: &char| !c.is_whitespace() && *c != '・' && !chooses_a_shape(*c);
    fold(name).chars().filter(kept).collect::<String>().to_ascii_lowercase()
}

/// The key of 記号 and 番号: without dashes and blanks, and without the zeros that some cards print before them.
pub(in crate::members) fn number_key(symbol: &str, number: &str) -> String {
    let part = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)).collect();
        text.to_ascii_lowercase().trim_start_matches('0').to_owned()
    };
    format!("{}-{}", part(symbol), part(number))
}
