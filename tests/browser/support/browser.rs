//! A Chromium for one test, used as a person uses it: by labels, buttons, links and headings.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::extensions::query::ElementPollerWithTimeout;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, ChromeCapabilities, Key, LoggingPrefsLogLevel};

use crate::support::demo::{Demo, Person};
use crate::support::net::{ask, free_address};
use crate::support::wait::{LOOK_EVERY, PATIENCE, wait_until};

pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    _chromedriver: Chromedriver,
    _folder: TempDir,
}

/// A running chromedriver. When this is dropped, even by a panic, it ends with its Chromium.
struct Chromedriver {
    process: Child,
    address: SocketAddr,
    session: Option<String>,
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            let _ = ask(self.address, &format!("DELETE /session/{session}"));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Chromedriver {
    fn start(folder: &Path) -> Self {
        let address = free_address();
        let start = |program| {
            let mut command = Command::new(program);
            command.arg(format!("--port={}", address.port())).env("TMPDIR", folder);
            // Without it, Chromium can't save a file under a Japanese name.
            command.env("LC_ALL", "C.UTF-8");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        };
        let process = start("chromedriver").or_else(|_| start("/usr/bin/chromedriver"));
        let process = process.expect("chromedriver, which `infra/dev/setup.sh test` installs");
        let started = Self { process, address, session: None };
        wait_until("chromedriver listens", || TcpStream::connect(address).is_ok());
        started
    }
}

impl Browser {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::Builder::new().prefix("kosmo-browser-").tempdir().expect("a folder");
        let mut chromedriver = Chromedriver::start(folder.path());
        let wanted = capabilities(folder.path()).expect("capabilities");
        let url = format!("http://{}", chromedriver.address);
        let driver = WebDriver::new(url, wanted).await.expect("a Chromium");
        chromedriver.session = Some(driver.session_id().to_string());
        // The driver's own way to end a session would wait for the executor that it blocks.
        driver.clone().leak().expect("a running session");
        driver.set_poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, LOOK_EVERY)));
        Self { driver, _chromedriver: chromedriver, _folder: folder }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub(crate) async fn reload(&self) {
        self.driver.refresh().await.expect("the page once more");
    }

    /// Presses the browser's Back button.
    pub(crate) async fn back(&self) {
        self.driver.back().await.expect("the page before");
    }

    /// Presses the button or link with these words, or the one that contains them.
    pub(crate) async fn press(&self, words: &str) {
        self.find_pressable(words).await.click().await.unwrap_or_else(|e| panic!("{words}: {e}"));
    }

    pub(crate) async fn double_click(&self, words: &str) {
        let button = self.find_pressable(words).await;
        let clicks = self.driver.action_chain().double_click_element(&button);
        clicks.perform().await.unwrap_or_else(|error| panic!("{words}: {error}"));
    }

    async fn find_pressable(&self, words: &str) -> WebElement {
        let part = format!("descendant-or-self::*[normalize-space(.)='{words}']");
        self.find(words, format!("//button[{part}] | //a[{part}] | //summary[{part}]")).await
    }

    /// Fills in the field with this label.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = self.field(label).await;
        field.clear().await.unwrap_or_else(|error| panic!("{label}: {error}"));
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{label}: {error}"));
    }

    /// Ticks the box or radio button with this label, even if marked （推奨）.
    pub(crate) async fn choose(&self, label: &str) {
        let words = format!("normalize-space(.)='{label}' or normalize-space(.)='{label} (推奨)'");
        let words = self.find(label, format!("//label[{words}]")).await;
        words.click().await.unwrap_or_else(|error| panic!("{label}: {error}"));
    }

    /// Returns the content of the field with this label.
    pub(crate) async fn typed(&self, label: &str) -> String {
        self.field(label).await.value().await.expect(label).unwrap_or_default()
    }

    pub(crate) async fn field(&self, label: &str) -> WebElement {
        let named = labelled(label);
        self.find(label, format!("//input[{named}] | //textarea[{named}]")).await
    }

    /// Chooses from the pulldown with this label, even if the option is marked （推奨）.
    pub(crate) async fn choose_from(&self, label: &str, option: &str) {
        let words =
            format!("normalize-space(.)='{option}' or normalize-space(.)='{option} (推奨)'");
        let path = format!("//select[{}]/option[{words}]", labelled(label));
        let found = self.find(option, path).await;
        found.click().await.unwrap_or_else(|error| panic!("{option}: {error}"));
    }

    /// Waits for the page with this heading.
    pub(crate) async fn arrives_at(&self, heading: &str) {
        self.find(heading, format!("//h1[normalize-space(.)='{heading}']")).await;
    }

    /// Waits until these words are on the page.
    pub(crate) async fn sees(&self, words: &str) {
        self.find(words, format!("//main//*[text()[contains(., '{words}')]]")).await;
    }

    /// Opens a page again and again until it shows what an operator just changed.
    pub(crate) async fn waits_for(&self, url: &str, words: &str) {
        let began = Instant::now();
        loop {
            self.goto(url).await;
            if self.text().await.contains(words) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{url} never shows 「{words}」");
        }
    }

    /// Waits until these words are no longer on the page.
    pub(crate) async fn sees_no_longer(&self, words: &str) {
        let path = format!("//main//*[text()[contains(., '{words}')]]");
        let gone = self.driver.query(By::XPath(path)).wait_until_gone().await;
        gone.unwrap_or_else(|error| panic!("「{words}」 stays: {error}"));
    }

    /// Waits until an error is shown in the summary and at its field.
    pub(crate) async fn explains(&self, error: &str) {
        self.find(error, format!("//*[@role='alert']//li[normalize-space(.)='{error}']")).await;
        let at_field = format!("//main//p[starts-with(., '＊')][contains(., '{error}')]");
        self.find(error, at_field).await;
    }

    async fn find(&self, what: &str, path: String) -> WebElement {
        // Errors are ignored, because the page may change by itself during the search.
        let query = self.driver.query(By::XPath(path)).ignore_errors(true);
        match query.and_displayed().first().await {
            Ok(element) => element,
            Err(_) => panic!("「{what}」 was looked for in vain on:\n{}", self.text().await),
        }
    }

    /// Returns the visible text of the page.
    pub(crate) async fn text(&self) -> String {
        let body = self.driver.find(By::Tag("body")).await.expect("a body");
        body.text().await.expect("its text")
    }

    pub(crate) async fn title(&self) -> String {
        self.driver.title().await.expect("a title")
    }

    pub(crate) async fn url(&self) -> String {
        self.driver.current_url().await.expect("an address").into()
    }

    /// Returns the words at the top right.
    pub(crate) async fn account(&self) -> String {
        let name = self.driver.find(By::XPath("//header//a[2]")).await.expect("a second link");
        name.text().await.expect("its text").lines().next().unwrap_or_default().to_owned()
    }

    pub(crate) async fn type_keys(&self, text: &str) {
        self.driver.action_chain().send_keys(text).perform().await.expect(text);
    }

    pub(crate) async fn press_key(&self, key: Key) {
        self.press_keys(&[key]).await;
    }

    /// Presses these keys together.
    pub(crate) async fn press_keys(&self, keys: &[Key]) {
        let mut chain = self.driver.action_chain();
        for key in keys {
            chain = chain.key_down(key.clone());
        }
        for key in keys.iter().rev() {
            chain = chain.key_up(key.clone());
        }
        chain.perform().await.expect("keys");
    }

    /// Runs a script in the page, and returns its result.
    pub(crate) async fn evaluate<T: DeserializeOwned>(&self, script: &str) -> T {
        let returned = self.driver.execute(script, vec![]).await.expect(script);
        returned.convert().expect(script)
    }

    pub(crate) async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.expect(method)
    }

    /// Turns scripts off, as some people do.
    pub(crate) async fn turn_scripts_off(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Returns Chromium's complaints since the last call, including violations of the content
    /// security policy.
    pub(crate) async fn complaints(&self) -> Vec<BrowserLogEntry> {
        self.driver.browser_log().await.expect("a log")
    }

    /// Goes from the top page to the page after user ID and password.
    pub(crate) async fn give_password(&self, person: &Person) {
        self.goto(&person.url).await;
        self.press("ログイン").await;
        self.arrives_at("ログイン").await;
        self.fill_in_password(person).await;
    }

    /// Fills the sign-in page in.
    pub(crate) async fn fill_in_password(&self, person: &Person) {
        self.fill(person.user_id_label(), &person.user_id).await;
        self.fill("パスワード", &person.password).await;
        self.press("ログイン").await;
    }

    /// Goes to the top page as a person who signs in with password and mailed code.
    pub(crate) async fn sign_in(&self, demo: &mut Demo, person: &Person) {
        self.give_password(person).await;
        self.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
        self.fill("ワンタイムパスワード", &demo.mailed_code(person)).await;
        self.press("実行").await;
        self.sees("ようこそ、").await;
    }

    /// L10: signs out through the menu under the person's name.
    pub(crate) async fn sign_out(&self) {
        self.press(&self.account().await).await;
        self.arrives_at("ログアウトしてもよろしいですか？").await;
        self.press("ログアウトする").await;
        self.arrives_at("KOSMO Communication Web へようこそ").await;
        assert_eq!(self.account().await, "ログイン", "L10");
    }
}

/// Builds the XPath condition for the control with this label.
fn labelled(label: &str) -> String {
    format!("@id = //label[normalize-space(text()[1])='{label}']/@for")
}

fn capabilities(folder: &Path) -> WebDriverResult<ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    for argument in [
        "--headless",
        "--window-size=1280,900",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-proxy-server",
        // Chromium talks through a pipe, so that it always ends with its driver.
        "--remote-debugging-pipe",
    ] {
        wanted.add_arg(argument)?;
    }
    wanted.add_arg(&format!("--user-data-dir={}", folder.join("profile").display()))?;
    if folder.metadata().is_ok_and(|folder| folder.uid() == 0) {
        wanted.add_arg("--no-sandbox")?;
    }
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(wanted)
}
