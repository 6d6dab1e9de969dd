//! How to reach a union, as templates of pages and mails read it.

use serde::Serialize;

use super::policy::Contact;

/// Every key is there, since templates refuse to guess.
#[derive(Debug, Serialize)]
pub struct ContactView<'a> {
    text: &'a str,
    mail: Option<&'a str>,
    form_url: Option<&'a str>,
    subject: Option<&'a str>,
    required_items: &'a [String],
    note: Option<&'a str>,
}

impl<'a> From<&'a Contact> for ContactView<'a> {
    fn from(contact: &'a Contact) -> Self {
        Self {
            text: &contact.text,
            mail: contact.mail.as_deref(),
            form_url: contact.form_url.as_deref(),
            subject: contact.subject.as_deref(),
            required_items: &contact.required_items,
            note: contact.note.as_deref(),
        }
    }
}
