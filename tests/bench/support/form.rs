//! The portal's forms as a program sends them: without `Accept`, so that the answer is the page
//! itself.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

use crate::support::http::Connection;
use crate::support::stage::{CLIENT_ADDRESS, PASSWORD, Server};

/// A visit to a union, with the token for all its forms.
pub(crate) struct Form {
    union: &'static str,
    pub(crate) visit: String,
    csrf: String,
}

impl Form {
    /// Opens a union's sign-in page as a new browser.
    pub(crate) fn fetch(
        server: &Server,
        union: &'static str,
        connection: &mut Connection,
    ) -> anyhow::Result<Self> {
        let request = format!("{}\r\n", server.request(union, "GET /sign-in"));
        let page = connection.send(request.as_bytes())?;
        let visit = page.cookie("__Host-kosmo-visit").context("the page sets no visit")?;
        let csrf = std::str::from_utf8(page.body)?
            .split_once("name=\"csrf\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .context("the page has no form")?;
        Ok(Self { union, visit: visit.to_owned(), csrf: csrf.to_owned() })
    }

    /// Makes a sign-in with the right password.
    pub(crate) fn right(&self, server: &Server, user_id: &str, place: Ipv4Addr) -> String {
        let fields = [("user_id", user_id), ("password", PASSWORD)];
        self.post(server, "/sign-in", &fields, place)
    }

    /// Makes a sign-in with a wrong password, from a new address.
    pub(crate) fn wrong(&self, server: &Server, user_id: &str) -> String {
        let fields = [("user_id", user_id), ("password", "chigau-2026")];
        self.post(server, "/sign-in", &fields, new_place())
    }

    pub(crate) fn post(
        &self,
        server: &Server,
        path: &str,
        fields: &[(&str, &str)],
        place: Ipv4Addr,
    ) -> String {
        // None of our values has a character that a form must escape.
        let body = fields.iter().fold(format!("csrf={}", self.csrf), |body, (name, value)| {
            format!("{body}&{name}={value}")
        });
        format!(
            "{}Cookie: {}\r\n{CLIENT_ADDRESS}: {place}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            server.request(self.union, &format!("POST {path}")),
            self.visit,
            body.len(),
        )
    }
}

/// Returns an address that has not been used yet, so that limits by address don't apply.
pub(crate) fn new_place() -> Ipv4Addr {
    static GIVEN: AtomicU32 = AtomicU32::new(1);
    // Sixteen million addresses begin with 10.
    Ipv4Addr::from_bits(
        Ipv4Addr::new(10, 0, 0, 0).to_bits() + GIVEN.fetch_add(1, Ordering::Relaxed),
    )
}
