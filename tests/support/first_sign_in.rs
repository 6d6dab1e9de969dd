//! The first sign-in, page by page, in a browser without a screen.

use super::browser::{Browser, Page};
use super::people::Person;
use super::world::World;

/// The answers that a person fills in on the way.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    pub person: Person,
    pub birthdate: &'static str,
    /// One of `email_code`, `totp` and `passkey`.
    pub method: &'static str,
    pub own_password: &'static str,
}

impl Answers {
    pub const fn of(person: Person, birthdate: &'static str) -> Self {
        Self { person, birthdate, method: "email_code", own_password: "Hajimete-2026" }
    }
}

/// The paths of the steps, in the order of seed 001 2-1.
pub const STEPS: [&str; 6] = [
    "/first-sign-in/birthdate",
    "/terms",
    "/first-sign-in/email",
    "/first-sign-in/email/sent",
    "/first-sign-in/user-id",
    "/sign-in/new-password",
];

impl World {
    /// Returns a browser that has given the first credentials.
    pub async fn begin(&self, answers: Answers) -> Browser {
        let mut browser = self.browser(answers.person.union);
        let page = self.give_password(&mut browser, answers.person).await;
        assert!(page.status.is_redirection(), "{}", page.text());
        browser
    }

    /// Takes steps until the page at `path` is due, and opens it.
    pub async fn walk_to(&self, browser: &mut Browser, answers: Answers, path: &str) -> Page {
        for _ in 0..10 {
            let due = browser.get("/sign-in/continue").await.location().to_owned();
            if due == path {
                return browser.get(path).await;
            }
            self.take_step(browser, answers, &due).await;
        }
        panic!("{path} never comes");
    }

    /// Does what the page at `due` asks for.
    pub async fn take_step(&self, browser: &mut Browser, answers: Answers, due: &str) {
        let page = browser.get(due).await;
        assert!(page.status.is_success(), "{due}: {}", page.text());
        let done = match due {
            "/first-sign-in/birthdate" => {
                browser.post(due, &[("birthdate", answers.birthdate)]).await
            }
            "/terms" => {
                let version = hidden(&page, "terms");
                browser.post(due, &[("terms", &version)]).await
            }
            "/first-sign-in/email" => browser.post(due, &[("email", answers.person.email)]).await,
            "/first-sign-in/email/sent" => {
                let confirmed = self.open_link(answers.person, answers.person.email).await;
                assert_eq!(confirmed.heading(), "メールアドレスの確認が完了しました");
                browser.get(due).await
            }
            "/first-sign-in/user-id" => {
                let user_id = answers.person.user_id;
                browser.post(due, &[("user_id", user_id), ("method", answers.method)]).await
            }
            "/sign-in/new-password" => {
                let own = answers.own_password;
                browser.post(due, &[("password", own), ("again", own)]).await
            }
            other => panic!("nobody knows what to do at {other}"),
        };
        assert!(done.status.is_redirection(), "{due}: {}", done.text());
    }

    /// Opens the newest link to an address in a new browser, and presses its button.
    pub async fn open_link(&self, person: Person, address: &str) -> Page {
        let link = self.mailed_link(address).await;
        let mut elsewhere = self.browser(person.union);
        elsewhere.get(&link).await;
        elsewhere.post(&link, &[]).await
    }

    /// Returns path and query of the newest link that was mailed to an address.
    pub async fn mailed_link(&self, address: &str) -> String {
        self.deliver().await;
        let mails = self.mails_to(address).into_iter();
        let mut asking =
            mails.filter(|mail| mail.starts_with("【KOSMOWeb管理者】メールアドレスの確認"));
        let mail = asking.next_back().expect("a mail with a link");
        let at = mail.find("/confirm-email?token=").expect("a link");
        mail[at..].split_whitespace().next().expect("its end").to_owned()
    }
}

/// Returns the value of a hidden field.
pub fn hidden(page: &Page, name: &str) -> String {
    let field = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.body.split_once(&field).unwrap_or_else(|| panic!("{name}: {}", page.body));
    rest.split('"').next().unwrap_or_default().to_owned()
}
