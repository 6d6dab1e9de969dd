//! Where a client is, for those who count.

use std::net::IpAddr;

use crate::db::actor::Client;

impl Client {
    /// The place, as far as one household or one machine may choose its address.
    pub(super) fn place(&self) -> String {
        match self.address.map(|address| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// The IPv6 /48 around the place, which anybody gets whole.
    pub(super) fn network(&self) -> Option<String> {
        match self.address?.to_canonical() {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                Some(format!("{a:x}:{b:x}:{c:x}::/48"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_has_one_place_however_many_addresses() {
        for (address, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ] {
            let client = Client { address: Some(address.parse().unwrap()), user_agent: None };
            assert_eq!(client.place(), expected);
        }
        assert_eq!(Client::default().place(), "unknown");
        let client = |address: &str| Client { address: address.parse().ok(), user_agent: None };
        assert_eq!(client("192.0.2.7").network(), None);
        assert_eq!(client("2001:db8:1:2::1").network().as_deref(), Some("2001:db8:1::/48"));
    }
}
