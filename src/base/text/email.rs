//! Mail addresses, checked as strictly as the mails we send need.

use super::japanese::fold;

/// RFC 5321 §4.5.3.1 and seed 001 2-1: 255 characters at most.
pub const LONGEST: usize = 255;
const LONGEST_LOCAL_PART: usize = 64;
/// Until about 2009, these carriers gave out addresses with dots where RFC 5322 allows none.
const FREE_WITH_DOTS: [&str; 3] = ["docomo.ne.jp", "ezweb.ne.jp", "au.com"];

/// An address, folded to half width and lower case, without quoting, comments or a second address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads an address that a person or a file gave. Returns `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().count() > LONGEST {
            return None;
        }
        let address = fold(text).to_lowercase();
        let (local, domain) = address.split_once('@')?;
        let local = unquoted(local);
        // Mail servers know an international domain by its A-labels.
        let domain = idna::domain_to_ascii(domain).ok()?;
        let address = format!("{local}@{domain}");
        let local_is_right = is_local_part(local)
            || FREE_WITH_DOTS.contains(&domain.as_str()) && is_dotted_local_part(local);
        let right = address.len() <= LONGEST && local_is_right && is_domain(&domain);
        right.then_some(Self(address))
    }

    /// Returns the address as a mail server takes it and reports it back. A local part such as `taro..demo`
    /// is quoted (RFC 5321 §4.1.2).
    #[must_use]
    pub fn deliverable(&self) -> String {
        match self.0.split_once('@') {
            Some((local, domain)) if !is_local_part(local) => format!("\"{local}\"@{domain}"),
            _ => self.0.clone(),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows enough of an address for its owner to recognise it: `t***@example.jp`.
#[must_use]
pub fn masked(address: &str) -> String {
    match address.split_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => String::new(),
    }
}

fn unquoted(local: &str) -> &str {
    local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(local)
}

/// Returns true for a dot-atom (RFC 5322 §3.2.3).
fn is_local_part(text: &str) -> bool {
    is_dotted_local_part(text) && text.split('.').all(|part| !part.is_empty())
}

/// Returns true for a dot-atom that may also have dots side by side or at its end. `=?` is refused: it begins an
/// encoded word (RFC 2047), which a mail program may decode into another address than the one checked.
fn is_dotted_local_part(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let right = |byte| byte == b'.' || atom(byte);
    (1..=LONGEST_LOCAL_PART).contains(&text.len())
        && text.bytes().all(right)
        && !text.starts_with('.')
        && !text.contains("=?")
}

/// Returns true for a host name (RFC 1123 §2.1) of at least two labels.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_folded() {
        for (typed, kept) in [
            (" Taro@Example.JP ", "taro@example.jp"),
            ("ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ", "taro@example.jp"),
            ("o'brien+kenpo@mail.example.co.jp", "o'brien+kenpo@mail.example.co.jp"),
            ("taro@日本語.jp", "taro@xn--wgv71a119e.jp"),
            ("a=b?c@example.jp", "a=b?c@example.jp"),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn addresses_that_carriers_gave_are_taken_and_quoted_on_their_way() {
        for (typed, deliverable) in [
            ("taro..demo@docomo.ne.jp", "\"taro..demo\"@docomo.ne.jp"),
            ("Hanako.@ezweb.ne.jp", "\"hanako.\"@ezweb.ne.jp"),
            ("taro.demo@docomo.ne.jp", "taro.demo@docomo.ne.jp"),
        ] {
            let address = EmailAddress::parse(typed).unwrap();
            assert_eq!(address.as_str(), typed.to_lowercase());
            assert_eq!(address.deliverable(), deliverable);
            assert_eq!(EmailAddress::parse(deliverable), Some(address));
        }
        for bad in
            [".taro@docomo.ne.jp", "ta\"ro..@docomo.ne.jp", "a..b@example.jp", "@ezweb.ne.jp"]
        {
            assert_eq!(EmailAddress::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_is_shown_in_part() {
        assert_eq!(masked("taro@example.jp"), "t***@example.jp");
        assert_eq!(masked("長@example.jp"), "長***@example.jp");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn what_could_be_read_as_more_than_an_address_is_none() {
        for bad in [
            "",
            "taro",
            "@example.jp",
            "taro@",
            "taro@localhost",
            "a@b@c.jp",
            "a b@c.jp",
            ".a@c.jp",
            "a.@c.jp",
            "a..b@c.jp",
            "x>,<evil@evil.jp",
            "\"a b\"@c.jp",
            "a@c.jp\r\nBcc: d@e.jp",
            "a@-c.jp",
            "a@c..jp",
            "長@例え.jp",
            "=?utf-8?q?a?=@example.jp",
            "=?UTF-8?B?dGFybw==?=@example.jp",
            "x=?utf-8?q?a?=@docomo.ne.jp",
            "\"=?utf-8?q?a?=\"@example.jp",
            "＝？utf-8？q？a？＝@example.jp",
            "a@=?utf-8?q?example?=.jp",
        ] {
            assert_eq!(EmailAddress::parse(bad), None, "{bad}");
        }
        assert_eq!(EmailAddress::parse(&format!("{}@example.jp", "x".repeat(245))), None);
    }
}
