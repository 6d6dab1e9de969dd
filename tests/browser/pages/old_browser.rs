//! A browser without Fetch Metadata, like Safari before 16.4: it sends no `Sec-Fetch-Site`, and because
//! of our `Referrer-Policy` it sends 「`Origin: null`」 with every form.

use std::io::{BufRead as _, BufReader, Read as _, Write as _, copy};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};

/// A proxy between Chromium and the demo that makes the browser look old.
struct Ageing {
    address: SocketAddr,
    forms: Arc<AtomicUsize>,
}

impl Ageing {
    fn before(demo: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let forms = Arc::new(AtomicUsize::new(0));
        let seen = forms.clone();
        thread::spawn(move || {
            for browser in listener.incoming().flatten() {
                let seen = seen.clone();
                // Errors are normal: a browser opens connections that it never uses, and breaks
                // others off.
                thread::spawn(move || pass_on(browser, demo, &seen));
            }
        });
        Self { address, forms }
    }

    /// Returns the person with a URL that goes through the proxy.
    fn of(&self, person: &Person, demo: &Demo) -> Person {
        let (there, here) = (demo.address().port(), self.address.port());
        let url = person.url.replace(&format!(":{there}/"), &format!(":{here}/"));
        assert_ne!(url, person.url);
        Person { url, ..person.clone() }
    }

    fn forms(&self) -> usize {
        self.forms.load(Ordering::Relaxed)
    }
}

/// Passes one request and its answer on.
fn pass_on(browser: TcpStream, demo: SocketAddr, forms: &AtomicUsize) -> std::io::Result<()> {
    let mut from_browser = BufReader::new(browser.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if from_browser.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(said) = lower.strip_prefix("content-length:") {
            length = said.trim().parse().expect("a length");
        }
        if line.trim_end().is_empty() {
            break;
        }
        let dropped = ["sec-fetch-", "origin:", "connection:"];
        if !dropped.iter().any(|name| lower.starts_with(name)) {
            head.push_str(&line);
        }
    }
    if head.starts_with("POST ") {
        head.push_str("Origin: null\r\n");
        forms.fetch_add(1, Ordering::Relaxed);
    }
    let mut server = TcpStream::connect(demo)?;
    server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    copy(&mut from_browser.take(length), &mut server)?;
    copy(&mut server, &mut &browser)?;
    browser.shutdown(Shutdown::Both)
}

#[tokio::test]
async fn l3_a_browser_without_fetch_metadata_signs_in_reads_and_signs_out() {
    let mut demo = Demo::start();
    let ageing = Ageing::before(demo.address());
    let browser = Browser::open().await;
    let taro = ageing.of(&demo.person("taro_demo"), &demo);
    browser.sign_in(&mut demo, &taro).await;
    assert_eq!(ageing.forms(), 2, "password and code");
    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    browser.sign_out().await;
    assert_eq!(ageing.forms(), 3);
    demo.stop();
}
