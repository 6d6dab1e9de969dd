//! The subscriber's door: pages in a browser on the union's own host.

mod confirm_email;
mod expenses;
mod first_sign_in;
mod forgotten;
mod home;
mod message;
mod next;
mod onward;
pub mod opening;
pub mod places;
mod policies;
mod records;
mod routes;
mod second_factor;
mod settings;
mod sign_in;
#[cfg(test)]
mod templates;
mod terms;
mod words;

pub use self::message::PortalMessage;
pub use self::routes::{router, routes};
use crate::config::Settings;
use crate::mail::message::MailRoom;
use crate::web::page::Pages;

/// Makes what writes the mails of a process. They link to this door's pages.
#[must_use]
pub fn mail_room(pages: &Pages, settings: &Settings) -> MailRoom {
    MailRoom::new(pages.templates(), settings.mail.domain.clone(), places::LINKS)
}
