//! How to reach a union, as templates of pages and mails read it.

use serde::Serialize;

use super::{Contact, TenantConfig};
use crate::base::japanese::fold;
use crate::tenant::file::problem::Problem;

/// Every key is there, since templates refuse to guess.
#[derive(Debug, Serialize)]
pub struct ContactView<'a> {
    text: &'a str,
    mail: Option<&'a str>,
    form_url: Option<&'a str>,
    phone: Option<Phone<'a>>,
    subject: Option<&'a str>,
    required_items: &'a [String],
    note: Option<&'a str>,
    /// Whether none of it leads to anybody: then people are told where to look.
    nowhere: bool,
}

#[derive(Debug, Serialize)]
struct Phone<'a> {
    number: &'a str,
    /// What a link dials (RFC 3966).
    tel: String,
    hours: Option<&'a str>,
}

impl Contact {
    /// Returns true if it tells any way to reach the union.
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

/// Returns true for a telephone number of Japan, or one with its country's code.
pub(in crate::tenant) fn can_be_dialled(number: &str) -> bool {
    let dialled = dialled(number);
    let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
    let known = fold(number).chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    known && (10..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// What is no mistake of a union's file, but would leave its people without help.
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

/// `03-0000-0000`, as people write it in any width, without all that is not dialled.
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
