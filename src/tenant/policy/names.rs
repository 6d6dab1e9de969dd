//! A union's short names; each is checked when it is parsed.

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:expr, $message:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                if $check(text.as_str()) { Ok(Self(text)) } else { Err($message) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A union's name in commands, logs and metrics: `klinekenpo`.
    Slug, is_dns_label, "半角の英小文字・数字・ハイフンで、63文字以内にしてください"
}

name! {
    /// The part of a host name before the base domain: `jomkenpo`, `www.klinekenpo`.
    HostLabel,
    |text: &str| text.len() <= 190 && text.split('.').all(is_dns_label),
    "半角の英小文字・数字・ハイフンを「.」でつないだホスト名にしてください"
}

name! {
    /// 保険者番号: eight digits, of which the last is a check digit.
    InsurerNumber, is_insurer_number, "数字8桁で、末尾の検証番号が合う保険者番号にしてください"
}

/// Returns true for a label of RFC 1123 §2.1, in lower case.
fn is_dns_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Checks the last digit of 保険者番号: weights 2 and 1 from the right, the digits of products
/// added, modulus 10.
fn is_insurer_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    if digits.len() != 8 || text.len() != 8 {
        return false;
    }
    let sum: u32 = digits[..7]
        .iter()
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    (10 - sum % 10) % 10 == digits[7]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_labels_are_dns_names() {
        for good in ["jomkenpo", "www.klinekenpo", "a-1"] {
            assert!(good.parse::<HostLabel>().is_ok(), "{good}");
        }
        for bad in ["", "Jom", "-a", "a-", "a..b", "a_b", "組合", "a b"] {
            assert!(bad.parse::<HostLabel>().is_err(), "{bad}");
        }
    }

    #[test]
    fn insurer_numbers_end_in_their_check_digit() {
        assert!("06139992".parse::<InsurerNumber>().is_ok());
        for bad in ["06139993", "0613999", "061399925", "０６１３９９９２", ""] {
            assert!(bad.parse::<InsurerNumber>().is_err(), "{bad}");
        }
    }
}
