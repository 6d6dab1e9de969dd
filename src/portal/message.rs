//! The portal's page for a failure.

use serde::Serialize;

use crate::web::layers::Message;
use crate::web::page::Page;

/// What went wrong, and what to do.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PortalMessage(pub(super) Message);

impl Page for PortalMessage {
    const TEMPLATE: &'static str = "portal/message.html";
}

impl From<Message> for PortalMessage {
    fn from(message: Message) -> Self {
        Self(message)
    }
}
