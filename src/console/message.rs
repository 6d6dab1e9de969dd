//! What the console says instead of a page.

use serde::Serialize;

use crate::web::layers::Message;
use crate::web::page::Page;

/// What went wrong, and what to do.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ConsoleMessage(Message);

impl Page for ConsoleMessage {
    const TEMPLATE: &'static str = "console/message.html";
}

impl From<Message> for ConsoleMessage {
    fn from(message: Message) -> Self {
        Self(message)
    }
}
