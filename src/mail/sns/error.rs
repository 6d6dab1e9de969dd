//! The reason why a message of SNS is refused.

/// The reason why a message is refused. It contains nothing of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnsError {
    #[error("not a message of SNS")]
    Unreadable,
    /// AWS did not sign it for our topic, a moment ago.
    #[error("not genuine: {0}")]
    NotGenuine(&'static str),
    /// SNS could not be reached. It posts the message again.
    #[error("SNS: {0}")]
    Unreachable(&'static str),
}
