//! The console's page for a failure.

use serde::Serialize;

use crate::web::layers::FailureMessage;
use crate::web::page::Page;

/// The page about a failure: what went wrong, and what to do.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ConsoleMessage(FailureMessage);

impl Page for ConsoleMessage {
    const TEMPLATE: &'static str = "console/message.html";
}

impl From<FailureMessage> for ConsoleMessage {
    fn from(message: FailureMessage) -> Self {
        Self(message)
    }
}
