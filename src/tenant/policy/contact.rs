//! A union's contact, for the templates of pages and mails.

use serde::Serialize;

use super::{Contact, TenantConfig};
use crate::base::japanese::fold;
use crate::tenant::file::problem::Problem;

/// Every key is always present, because templates fail on an unknown one.
#[derive(Debug, Serialize)]
pub struct ContactView<'a> {
    text: &'a str,
    mail: Option<&'a str>,
    form_url: Option<&'a str>,
    phone: Option<Phone<'a>>,
    subject: Option<&'a str>,
    required_items: &'a [String],
    note: Option<&'a str>,
    /// True if there is no way to reach the union at all. The page then says where else to look.
    nowhere: bool,
}

#[derive(Debug, Serialize)]
struct Phone<'a> {
    number: &'a str,
    /// The number that a link dials (RFC 3966).
    tel: String,
    hours: Option<&'a str>,
}

impl Contact {
    /// Returns true if there is any way to reach the union.
    #[must_use]
    pub const fn is_reachable(&self) -> bool {
        self.mail.is_some() || self.form_url.is_some() || self.phone.is_some()
    }
}

impl<'a> From<&'a Contact> for ContactView<'a> {
    fn from(contact: &'a Contact) -> Self {
        let phone = contact.phone.as_deref().map(|number| Phone {
            number,
            tel: dialled(number),
            hours: contact.hours.as_deref(),
        });
        Self {
            text: &contact.text,
            mail: contact.mail.as_deref(),
            form_url: contact.form_url.as_deref(),
            phone,
            subject: contact.subject.as_deref(),
            required_items: &contact.required_items,
            note: contact.note.as_deref(),
            nowhere: !contact.is_reachable(),
        }
    }
}

/// Returns true for a Japanese telephone number, or one with a country code.
pub(in crate::tenant) fn can_be_dialled(number: &str) -> bool {
    let dialled = dialled(number);
    let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
    let known = fold(number).chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    known && (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Returns what is no mistake in a union's file but would leave its people without help.
#[must_use]
pub fn cautions(config: &TenantConfig) -> Vec<Problem> {
    let unreachable = Problem {
        line: None,
        path: "contact".to_owned(),
        message: "組合に連絡する手段が1つもありません".to_owned(),
        suggestion: Some("mail, form_url, phone のどれかを書いてください".to_owned()),
    };
    (!config.contact.is_reachable()).then_some(unreachable).into_iter().collect()
}

/// Keeps only what is dialled of a number such as `03-0000-0000`, in any width.
fn dialled(number: &str) -> String {
    fold(number).chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t7_a_number_is_dialled_as_it_is_written() {
        for written in ["03-0000-0000", "０３（００００）００００", "03 0000 0000"] {
            assert_eq!(dialled(written), "0300000000", "{written}");
        }
        assert_eq!(dialled("+81-3-0000-0000"), "+81300000000");
        for number in
            ["03-0000-0000", "０３（００００）００００", "090 0000 0000", "+81-3-0000-0000"]
        {
            assert!(can_be_dialled(number), "{number}");
        }
        for number in ["", "内線123", "03-0000", "03-0000-0000 内線1", "03+00000000"] {
            assert!(!can_be_dialled(number), "{number}");
        }
    }
}
