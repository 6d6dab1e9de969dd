//! Cells that a spreadsheet takes as text and never runs.

use super::japanese::fold;

/// Excel needs a byte order mark to recognise UTF-8.
pub const BOM: &str = "\u{feff}";

/// Puts an apostrophe before a cell's text that a spreadsheet would run as a formula. Imports take it off again.
///
/// A Japanese spreadsheet also runs `＝１＋１`, and some skip blanks and invisible marks before a formula, so the
/// folded text is checked. Many systems write the minus sign (U+2212) for a full-width hyphen. A needless apostrophe
/// does no harm; a missing one does.
#[must_use]
pub fn harmless(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    let runs = fold(text).starts_with(['=', '+', '-', '@', '\u{2212}']);
    if runs || text.starts_with(['\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_run_as_a_formula_is_text() {
        for text in [
            "=1+1",
            "+81",
            "-nana",
            "@sum",
            "\tx",
            "\rx",
            "\nx",
            "＝１＋１",
            "＋81",
            "－nana",
            "−nana",
            "＠sum",
            "﹦1",
            " =1+1",
            "　＝1+1",
            "\u{a0}=1+1",
            "\u{200b}=1+1",
            "\u{feff}＝1+1",
        ] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "　", "歯車　七", "a=b", "ａ＝ｂ", "1-2", " 1", "ー", "―", "'=1"]
        {
            assert_eq!(harmless(text), text);
        }
    }
}
