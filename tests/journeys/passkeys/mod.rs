//! People set up passkeys, and sign in with them as a second factor or alone.

pub mod alone;
pub mod answers;
pub mod offer;

use crate::support::authenticator::{Device, options};
use crate::support::browser::Browser;
use crate::support::people::Person;
use crate::support::world::World;

pub(crate) const KLINE: &str = "http://www.klinekenpo.localhost:8080";
const ADD: &str = "/sign-in-methods/passkeys";

impl World {
    /// Sets up a passkey for a person. Returns the device that keeps it, and the browser in which it
    /// was set up.
    pub(crate) async fn with_passkey(&self, person: Person, origin: &str) -> (Device, Browser) {
        let mut browser = self.sign_in(person).await;
        let mut device = Device::at(origin);
        let answer = device.make(options(&browser.get(ADD).await));
        let added = browser.post(ADD, &[("credential", &answer), ("name", "iPhone")]).await;
        assert_eq!(added.location(), "/sign-in-methods", "{}", added.text());
        browser.get("/profile").await;
        let wish = [("user_id", person.user_id), ("was", person.user_id), ("method", "passkey")];
        assert_eq!(browser.post("/profile", &wish).await.location(), "/profile");
        (device, browser)
    }
}
