//! User IDs: how people write them, and how they are kept.

use crate::base::japanese::fold;

/// No stored ID is longer, whatever a union allows.
const LONGEST: usize = 255;

/// A user ID as it is kept: folded to half width and lower case (T6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserId(String);

impl UserId {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// What is wrong, in Japanese. Whether a union would let a person *choose* such an ID is not
    /// asked here: IDs of older systems sign in, too.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Folding can lengthen a text eighteenfold, so the length is looked at first.
        if text.chars().count() > LONGEST {
            return Err(format!("ユーザIDは{LONGEST}文字以内で入力してください。"));
        }
        let folded = fold(text).to_lowercase();
        if folded.is_empty() {
            return Err("ユーザIDを入力してください。".to_owned());
        }
        if folded.chars().count() > LONGEST {
            return Err(format!("ユーザIDは{LONGEST}文字以内で入力してください。"));
        }
        if folded.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("ユーザIDに空白や制御文字は使えません。".to_owned());
        }
        Ok(Self(folded))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t6_ids_are_folded() {
        for (typed, kept) in
            [("Taro_Demo", "taro_demo"), (" ＴＡＲＯ ", "taro"), ("a.b@c-d", "a.b@c-d")]
        {
            assert_eq!(UserId::parse(typed).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_can_not_be_an_id_is_refused() {
        for bad in ["", "   ", "a b", "a\0b", "a\u{3000}b", &"x".repeat(256), &"㍿".repeat(255)] {
            assert!(UserId::parse(bad).is_err(), "{bad:.20}");
        }
    }
}
