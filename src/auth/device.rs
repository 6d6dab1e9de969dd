//! Names that people give to their apps and passkeys.

use crate::base::japanese::fold;

const LONGEST_NAME: usize = 50;

/// Reads a name; `what` is how the field calls it.
///
/// # Errors
/// What is wrong with it, in Japanese.
pub fn read_name(text: &str, what: &str) -> Result<String, String> {
    // Folding can lengthen a text eighteenfold.
    if text.chars().count() > LONGEST_NAME {
        return Err(format!("{what}は{LONGEST_NAME}文字以内で入力してください。"));
    }
    let name = fold(text);
    if name.is_empty() {
        return Err(format!("{what}を入力してください。"));
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(format!("{what}は{LONGEST_NAME}文字以内で入力してください。"));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("{what}に制御文字は使えません。"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l5_l6_a_name_is_anything_a_person_would_write() {
        for (typed, kept) in
            [("iphone17", "iphone17"), (" 仕事スマホ ", "仕事スマホ"), ("<b>x</b>", "<b>x</b>")]
        {
            assert_eq!(read_name(typed, "デバイス名").unwrap(), kept);
        }
        for bad in ["", "　", "a\nb", "a\u{0}", &"長".repeat(51), &"㍿".repeat(50)] {
            assert!(read_name(bad, "デバイス名").is_err(), "{bad:.20}");
        }
    }
}
