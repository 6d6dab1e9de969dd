//! How a page is laid out, at the window widths and text sizes that people use.

use serde::Deserialize;
use serde_json::json;

use crate::support::browser::Browser;

/// The windows of a phone and a desktop, with the usual text size.
pub(crate) const USUAL: [(u32, u32); 2] = [(390, 100), (1280, 100)];
/// Windows with larger text, and the narrowest one.
pub(crate) const UNUSUAL: [(u32, u32); 6] =
    [(260, 100), (320, 150), (390, 150), (260, 200), (390, 200), (1280, 200)];

/// The results of looking at a page.
#[derive(Debug, Deserialize)]
struct Layout {
    window: u32,
    root: String,
    page: u32,
    faults: Vec<String>,
}

/// Finds elements that stick out of the page, amounts that break or leave their box, words that break
/// where they must not, boxes that scroll sideways, and controls too small for a finger.
const LOOK: &str = r"
    const page = document.documentElement;
    const seen = (element) =>
        element.checkVisibility() && !element.closest('.visually-hidden, .skip-link, thead');
    const all = [...document.querySelectorAll('body *')].filter(seen);
    const shown = (element) => element.outerHTML.slice(0, 120);
    const faults = [];
    const fault = (kind, what) => faults.push(`${kind}: ${what}`);

    for (const element of all) {
        const { left, right, width } = element.getBoundingClientRect();
        if (width && (right > page.clientWidth + 1 || left < -1)) fault('sticks out', shown(element));
        const scrolls = ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
        if (scrolls && element.scrollWidth > element.clientWidth + 1) fault('scrolls', shown(element));
        if (!element.matches('a, button, summary, select, input')) continue;
        const target = (element.closest('.choice') ?? element).getBoundingClientRect();
        if (target.width && Math.min(target.width, target.height) < 43.9) fault('is small', shown(element));
    }

    const parts = (text, index, length) => {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + length);
        return [...range.getClientRects()].filter(({ width }) => width);
    };
    const breaks = (parts) => {
        const height = Math.max(...parts.map(({ bottom }) => bottom)) - Math.min(...parts.map(({ top }) => top));
        return parts.length > 0 && height > 1.5 * parts[0].height;
    };
    const boxed = (box) => box.matches('td, th, li, p, .table-box') || getComputedStyle(box).overflowX !== 'visible';
    // A shorter line may have no room for a whole phrase.
    const roomy = page.clientWidth >= 20 * parseFloat(getComputedStyle(page).fontSize);
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { currentNode: text } = texts;
        const { parentElement: parent } = text;
        if (parent.closest('svg, option, script') || !seen(parent)) continue;
        for (const { 0: word, index } of text.data.matchAll(/ください|しました|ません/g)) {
            if (roomy && breaks(parts(text, index, word.length))) fault('breaks', `${word} in ${text.data.trim()}`);
        }
        for (const { 0: amount, index } of text.data.matchAll(/¥-?[\d,]+|\d{1,3}(,\d{3})+円?|\d+円/g)) {
            const drawn = parts(text, index, amount.length);
            if (breaks(drawn)) fault('breaks', amount);
            for (let box = parent; box !== document.body; box = box.parentElement) {
                const { left, right } = box.getBoundingClientRect();
                const out = drawn.some((part) => part.right > right + 1 || part.left < left - 1);
                if (out && boxed(box)) fault('leaves its box', `${amount}, ${shown(box)}`);
            }
        }
    }
    const root = getComputedStyle(page).fontSize;
    return { window: innerWidth, root, page: page.scrollWidth, faults: [...new Set(faults)].slice(0, 9) };";

impl Browser {
    /// Sets the window's width, and the text size that a person has chosen in the browser's
    /// settings, in percent.
    pub(crate) async fn change_size(&self, width: u32, text: u32) {
        self.ask_for_size(width, text).await;
        let root: String =
            self.evaluate("return getComputedStyle(document.documentElement).fontSize;").await;
        assert_eq!(root, root_size(text), "the size of text");
    }

    async fn ask_for_size(&self, width: u32, text: u32) {
        let phone = width < 768;
        let height = if phone { 844 } else { 900 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let sizes = json!({ "standard": 16 * text / 100, "fixed": 13 * text / 100 });
        self.devtools("Page.setFontSizes", json!({ "fontSizes": sizes })).await;
    }

    pub(crate) async fn change_width(&self, width: u32) {
        self.change_size(width, 100).await;
    }

    /// Checks that the page fits the window at this size, and that nothing is cut off.
    pub(crate) async fn assert_fits(&self, name: &str, (width, text): (u32, u32)) {
        self.ask_for_size(width, text).await;
        let Layout { window, root, page, faults } = self.evaluate(LOOK).await;
        let place = format!("{name} at {width} px and {text}% of text");
        assert_eq!(root, root_size(text), "{place}: the size of text");
        assert!(window == width && page <= width, "{place} takes {page} px: {faults:#?}");
        assert!(faults.is_empty(), "{place}: {faults:#?}");
    }
}

/// Returns the computed size of the root element's text, for one that a person has chosen in percent.
fn root_size(text: u32) -> String {
    format!("{}px", 16 * text / 100)
}
