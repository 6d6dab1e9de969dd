//! The effect of a changed setting, and the people whom it touches.

use serde::Serialize;

/// The effect of a changed setting, and the number of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touch {
    /// The setting, or the group of settings: `sign_in.lock_after`.
    pub setting: &'static str,
    /// The people whom it touches, in Japanese: 「利用が終了する人」.
    pub whom: String,
    pub people: i64,
    /// The number of sessions that end, if the change ends any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<i64>,
}

/// A setting that differs, whom its change touches, and how that is found out.
pub(super) struct TouchRule<'r, T> {
    pub(super) setting: &'static str,
    pub(super) whom: String,
    pub(super) touches: Box<dyn Fn(&T) -> bool + Send + Sync + 'r>,
}
