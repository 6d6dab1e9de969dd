//! Why a message of SNS is not taken.

/// Why a message is not taken; free of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnsError {
    #[error("not a message of SNS")]
    Unreadable,
    /// It is not what AWS signed for our topic, a moment ago.
    #[error("not genuine: {0}")]
    NotGenuine(&'static str),
    /// SNS could not be asked; it posts the message again.
    #[error("SNS: {0}")]
    Unreachable(&'static str),
}
