//! A neighbouring host that belongs to a stranger and can set cookies for all unions: browsers accept them
//! from `evil.kosmo.localhost` for everything below `kosmo.localhost`. The base has two labels because nobody
//! can set a cookie for all of `localhost`.
//!
//! The neighbour can't set a cookie whose name begins with `__Host-`. It can set `__Host%2Dkosmo-session`,
//! which a server that decodes names takes for one.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};

const BASE: &str = "kosmo.localhost";
/// The scope of the neighbour's cookies.
const EVERYBODY: &str = "Domain=kosmo.localhost; Path=/";
/// Chromium reads at most 256 KiB of an answer's head.
const COOKIES_AN_ANSWER: usize = 45;
/// Chromium keeps at most this many cookies of a site and its siblings.
const MOST_COOKIES: usize = 180;
/// Almost the longest value of a cookie.
const LONG_VALUE: usize = 4_000;

const NOBODY_SIGNED_IN: &str = "KOSMO Communication Web へようこそ";
const WELCOME: &str = "ようこそ、無線　海 さん";
const NAME: &str = "無線　海";

/// Each story begins in a browser without cookies.
#[tokio::test]
async fn what_a_sibling_host_sets_neither_signs_anybody_in_nor_keeps_anybody_out() {
    let demo = Demo::start_below(BASE);
    let scene = Scene {
        browser: Browser::open().await,
        sibling: Sibling::open().await,
        victim: demo.person("musenkai76"),
        attacker: demo.person("musennami78"),
    };
    a_sibling_host_plants_no_session(&scene).await;
    a_visit_made_elsewhere_gives_no_form_token(&scene).await;
    a_cookie_with_a_strange_byte_hides_none(&scene).await;
    too_many_cookies_are_told_and_cleared(&scene).await;
    demo.stop();
}

async fn a_sibling_host_plants_no_session(scene: &Scene) {
    let Scene { browser, victim, attacker, .. } = scene;
    scene.forget_cookies().await;
    browser.give_password(attacker).await;
    browser.arrives_at("ようこそ、無線　波 さん").await;
    let mut theirs = Vec::new();
    for name in ["session", "visit", "browser"] {
        theirs.extend(disguised(name, &scene.cookie(name).await));
    }

    scene.forget_cookies().await;
    scene.plant(&theirs).await;
    browser.goto(&victim.url).await;
    browser.arrives_at(NOBODY_SIGNED_IN).await;
    assert_eq!(browser.account().await, "ログイン", "the attacker's session is nobody's here");
    browser.goto(&format!("{}expenses", victim.url)).await;
    browser.arrives_at("ログイン").await;
    browser.fill_in_password(victim).await;
    browser.arrives_at("医療費情報").await;
    assert_eq!(browser.account().await, NAME);

    scene.plant(&theirs).await;
    browser.goto(&victim.url).await;
    browser.arrives_at(WELCOME).await;
}

async fn a_visit_made_elsewhere_gives_no_form_token(scene: &Scene) {
    let Scene { browser, victim, .. } = scene;
    scene.forget_cookies().await;
    let attackers = scene.form_token().await;
    let visit = scene.cookie("visit").await;

    scene.forget_cookies().await;
    scene.plant(&disguised("visit", &visit)).await;
    assert_ne!(scene.form_token().await, attackers, "the attacker could send the victim's forms");
    browser.fill_in_password(victim).await;
    browser.arrives_at(WELCOME).await;
}

async fn a_cookie_with_a_strange_byte_hides_none(scene: &Scene) {
    let Scene { browser, victim, .. } = scene;
    scene.forget_cookies().await;
    scene.plant(&[cookie("strange", "あ")]).await;
    browser.give_password(victim).await;
    browser.arrives_at(WELCOME).await;
    browser.reload().await;
    browser.arrives_at(WELCOME).await;
    scene.plant(&[cookie("stranger", "い")]).await;
    browser.goto(&victim.url).await;
    browser.arrives_at(WELCOME).await;
}

async fn too_many_cookies_are_told_and_cleared(scene: &Scene) {
    let Scene { browser, victim, .. } = scene;
    scene.forget_cookies().await;
    let long = "x".repeat(LONG_VALUE);
    let many: Vec<_> = (0..MOST_COOKIES).map(|n| cookie(&format!("many{n}"), &long)).collect();
    scene.plant(&many).await;
    browser.goto(&format!("{}sign-in", victim.url)).await;
    browser.arrives_at("Cookieが多すぎるため、表示できません").await;
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus;";
    assert_eq!(browser.evaluate::<u16>(status).await, 431);

    browser.press("もう一度開く").await;
    browser.arrives_at("ログイン").await;
    browser.fill_in_password(victim).await;
    browser.arrives_at(WELCOME).await;
}

/// One browser that visits a union and its neighbour.
struct Scene {
    browser: Browser,
    sibling: Sibling,
    victim: Person,
    attacker: Person,
}

impl Scene {
    /// Deletes all the browser's cookies, for all hosts.
    async fn forget_cookies(&self) {
        self.browser.devtools("Network.clearBrowserCookies", json!({})).await;
    }

    /// Returns a cookie that the present page has set.
    async fn cookie(&self, name: &str) -> String {
        let name = format!("__Host-kosmo-{name}");
        let found = self.browser.driver.get_named_cookie(name.as_str()).await;
        found.unwrap_or_else(|error| panic!("{name}: {error}")).value
    }

    /// Opens the sign-in page, and returns its form's token.
    async fn form_token(&self) -> String {
        self.browser.goto(&format!("{}sign-in", self.victim.url)).await;
        self.browser.arrives_at("ログイン").await;
        self.browser.evaluate("return document.querySelector('[name=csrf]').value;").await
    }

    /// Visits the neighbour's page, which sets these cookies.
    async fn plant(&self, cookies: &[Vec<u8>]) {
        for some in cookies.chunks(COOKIES_AN_ANSWER) {
            *self.sibling.cookies.lock().expect("a lock") = some.to_vec();
            self.browser.goto(&self.sibling.page).await;
        }
    }
}

/// Returns the `Set-Cookie` value for a cookie that also goes to the union's host.
fn cookie(name: &str, value: &str) -> Vec<u8> {
    format!("{name}={value}; {EVERYBODY}").into_bytes()
}

/// Sets a cookie with a name that decodes to one of the product's. It deletes the cookie first, so that
/// the browser takes it for the newest and sends it last: of two cookies with the same name, many
/// programs keep the last.
fn disguised(name: &str, value: &str) -> [Vec<u8>; 2] {
    let name = format!("__Host%2Dkosmo-{name}");
    [format!("{name}=; {EVERYBODY}; Max-Age=0").into_bytes(), cookie(&name, value)]
}

/// The neighbour's server, which lives as long as the test.
struct Sibling {
    page: String,
    /// The cookies that its page sets.
    cookies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Sibling {
    async fn open() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let cookies = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, cookies.clone()));
        Self { page: format!("http://evil.{BASE}:{port}/"), cookies }
    }
}

async fn serve(listener: TcpListener, cookies: Arc<Mutex<Vec<Vec<u8>>>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let cookies = cookies.clone();
        tokio::spawn(async move { answer(&mut stream, &cookies).await });
    }
}

async fn answer(stream: &mut TcpStream, cookies: &Mutex<Vec<Vec<u8>>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\
        Connection: close\r\n"
        .to_vec();
    // The icon must not set them, because the browser asks for it at any time.
    if head.starts_with(b"GET / ") {
        let cookies = cookies.lock().expect("a lock").clone();
        for cookie in cookies {
            answer.extend([&b"Set-Cookie: "[..], &cookie, b"\r\n"].concat());
        }
    }
    answer.extend(b"\r\n<!doctype html>");
    stream.write_all(&answer).await
}
