//! The reason that a staff member gives for an act, in their own words.

use crate::base::japanese::{shows_nothing, unshowable};

/// A reason is one or two sentences. Longer ones are refused, not cut, so that nobody's words lose their end.
pub const LONGEST: usize = 500;

/// A reason that says something, and fits on the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// The reason why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReason {
    Missing,
    TooLong,
    /// It has control characters or others that can't be shown.
    Unshowable,
}

impl Reason {
    /// Reads what was typed. Line breaks become spaces, because a line of the trail is one line.
    ///
    /// # Errors
    /// It says nothing, is too long, or has characters that can't be shown.
    pub fn parse(text: &str) -> Result<Self, NoReason> {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() || shows_nothing(&line) {
            Err(NoReason::Missing)
        } else if line.chars().any(char::is_control) || unshowable(&line).is_some() {
            Err(NoReason::Unshowable)
        } else if line.chars().count() > LONGEST {
            Err(NoReason::TooLong)
        } else {
            Ok(Self(line))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl NoReason {
    /// The sentence beside the field.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "理由を入力してください。",
            Self::TooLong => "理由は500文字以内で入力してください。",
            Self::Unshowable => "理由に使えない文字が含まれています。",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_on_one_line() {
        let read = |text: &str| Reason::parse(text).map(|reason| reason.as_str().to_owned());
        assert_eq!(read(" 退職の\r\nため "), Ok("退職の ため".to_owned()));
        assert_eq!(read(""), Err(NoReason::Missing));
        assert_eq!(read(" \u{3000}\u{200b}\n"), Err(NoReason::Missing));
        assert_eq!(read("a\u{0}b"), Err(NoReason::Unshowable));
        assert_eq!(read("a\u{202e}b"), Err(NoReason::Unshowable));
        assert!(read(&"あ".repeat(500)).is_ok());
        assert_eq!(read(&"あ".repeat(501)), Err(NoReason::TooLong));
    }
}
