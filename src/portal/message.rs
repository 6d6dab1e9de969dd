//! The portal's page for a failure.

use serde::Serialize;

use crate::web::layers::FailureMessage;
use crate::web::page::Page;

/// The page about a failure: what went wrong, and what to do.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PortalMessage(pub(super) FailureMessage);

impl Page for PortalMessage {
    const TEMPLATE: &'static str = "portal/message.html";
}

impl From<FailureMessage> for PortalMessage {
    fn from(message: FailureMessage) -> Self {
        Self(message)
    }
}
