//! Walks from page to page and checks each on a phone and on a desktop, with text of any size:
//! nothing sticks out or is cut off, Chromium has no complaints, and axe finds nothing.
//!
//! With `SCREENSHOTS=folder` it also saves a picture of each page, `<name>-<width>.png`.

mod axe;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::layout::{UNUSUAL, USUAL};

/// Opens everything that is folded, and returns how many there were.
const UNFOLD: &str = "
    const folded = document.querySelectorAll('details:not([open])');
    for (const details of folded) details.open = true;
    return folded.length;";

/// The menu would cover what is pressed next.
const FOLD_MENU: &str = "document.querySelector('.menu')?.removeAttribute('open');";

/// A walk from page to page that checks each one.
pub(crate) struct Walk<'a> {
    browser: &'a Browser,
    pictures: Option<PathBuf>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(browser: &'a Browser) -> Self {
        let pictures = std::env::var_os("SCREENSHOTS").map(PathBuf::from);
        if let Some(folder) = &pictures {
            std::fs::create_dir_all(folder).expect("a folder for pictures");
        }
        Self { browser, pictures }
    }

    pub(crate) async fn look(&self, name: &str) {
        let browser = self.browser;
        for (width, text) in USUAL {
            browser.assert_fits(name, (width, text)).await;
            if let Some(folder) = &self.pictures {
                self.take_picture(&folder.join(format!("{name}-{width}.png"))).await;
            }
        }
        browser.evaluate::<usize>(UNFOLD).await;
        for size in UNUSUAL.into_iter().chain(USUAL) {
            browser.assert_fits(&format!("{name}, unfolded,"), size).await;
        }
        let headings: usize =
            browser.evaluate("return document.querySelectorAll('h1').length;").await;
        assert_eq!(headings, 1, "{name}: one heading names a page");
        // A page may be answered with 404 or 422 on purpose.
        let status = format!("{} - Failed to load resource:", browser.url().await);
        let mut complaints = browser.complaints().await;
        complaints.retain(|complaint| !complaint.message.starts_with(&status));
        assert!(complaints.is_empty(), "{name}: {complaints:#?}");
        for (width, text) in [(390, 100), (1280, 200), (1280, 100)] {
            browser.change_size(width, text).await;
            let violations = browser.axe_violations().await;
            assert!(
                violations.is_empty(),
                "{name} at {width} px and {text}% of text: {violations:#?}"
            );
        }
        // Drops the complaints about axe itself, which is not part of the page.
        browser.complaints().await;
        browser.evaluate::<()>(FOLD_MENU).await;
    }

    async fn take_picture(&self, path: &Path) {
        let page = self.browser.devtools("Page.getLayoutMetrics", json!({})).await;
        let mut clip = page["cssContentSize"].clone();
        clip["scale"] = json!(1);
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.browser.devtools("Page.captureScreenshot", wanted).await;
        let picture = STANDARD.decode(taken["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(path, picture).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub(crate) async fn visit(&self, name: &str, url: &str, heading: &str) {
        self.browser.goto(url).await;
        self.browser.arrives_at(heading).await;
        self.look(name).await;
    }

    /// Checks the page with this heading, which the last action led to.
    pub(crate) async fn arrive(&self, name: &str, heading: &str) {
        self.browser.arrives_at(heading).await;
        self.look(name).await;
    }

    /// Presses a button with something wrong, and checks the page with the error.
    pub(crate) async fn be_refused(&self, name: &str, button: &str, error: &str) {
        self.browser.press(button).await;
        self.browser.explains(error).await;
        self.look(&format!("{name}-refused")).await;
    }
}
