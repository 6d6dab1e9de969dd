//! What almost everything here is done with.

use crate::base::clock::Clock;
use crate::mail::message::MailRoom;
use crate::tenant::directory::Tenant;

/// For which union, when, and who writes to people about it.
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    pub clock: &'c Clock,
    pub mail: &'c MailRoom,
    pub tenant: &'c Tenant,
}
