//! Files that a spreadsheet opens, and cells that it takes as text.

use super::japanese::fold;

/// By which Excel knows UTF-8.
pub const BOM: &str = "\u{feff}";

/// A cell's text, with an apostrophe before what a spreadsheet would run as a formula; imports take it off again.
///
/// A Japanese spreadsheet takes `＝１＋１` for a formula, too, and some look past blanks and invisible marks before it, so
/// that the text counts as it reads when folded. The minus sign (U+2212) is what many systems make of a full-width
/// hyphen. A needless apostrophe does no harm; a missing one does.
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
