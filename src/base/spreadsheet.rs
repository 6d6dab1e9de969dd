//! Files that a spreadsheet opens, and cells that it takes as text.

/// By which Excel knows UTF-8.
pub const BOM: &str = "\u{feff}";

/// A cell's text, with an apostrophe before what a spreadsheet would run as a formula; imports take it off again.
#[must_use]
pub fn harmless(text: impl AsRef<str>) -> String {
    let text = text.as_ref();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_run_as_a_formula_is_text() {
        for text in ["=1+1", "+81", "-nana", "@sum", "\tx", "\rx"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["", "歯車　七", "a=b", "1-2"] {
            assert_eq!(harmless(text), text);
        }
    }
}
