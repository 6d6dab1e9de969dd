//! Addresses at SNS itself.

/// An address at SNS itself: `https://sns.ap-northeast-1.amazonaws.com/…`. Only [`super::Topic`] makes
/// one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SnsUrl(pub(super) String);

impl SnsUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_certificate(&self) -> bool {
        self.0.ends_with(".pem") && !self.0.contains('?')
    }
}
