//! The place of a client, by which tries are counted.

use std::net::IpAddr;

use crate::db::actor::Client;

impl Client {
    /// Returns the IPv4 address, or the IPv6 /64, within which a household or a machine may choose its address.
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

    /// Returns the IPv6 /48 around it. A provider gives a customer the whole of one.
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
