//! The keyboard in place of a mouse: what has the focus is known by its words, and must be seen.

use thirtyfour::Key;

use crate::browser::Browser;

/// What has the focus: its name, the words of its label or its own, and how the focus shows.
const FOCUS: &str = "const at = document.activeElement;
    const style = getComputedStyle(at);
    const words = at.ariaLabel ?? (at.labels?.[0]?.firstChild ?? at).textContent.trim();
    return [words, style.outlineStyle, parseFloat(style.outlineWidth)];";

impl Browser {
    /// What has the focus, which must be seen.
    pub(crate) async fn focused(&self) -> String {
        let (words, outline, width): (String, String, f64) = self.evaluate(FOCUS).await;
        assert!(outline == "solid" && width >= 4.0, "the focus on 「{words}」 must be seen");
        words
    }

    /// Tabs on until these words have the focus.
    pub(crate) async fn tab_to(&self, words: &str) {
        self.walk_to(words, &[Key::Tab]).await;
    }

    /// As [`Browser::tab_to`], the other way.
    pub(crate) async fn tab_back_to(&self, words: &str) {
        self.walk_to(words, &[Key::Shift, Key::Tab]).await;
    }

    async fn walk_to(&self, words: &str, keys: &[Key]) {
        let mut passed = Vec::new();
        while passed.len() < 30 {
            self.press_keys(keys).await;
            let at = self.focused().await;
            if at == words {
                return;
            }
            passed.push(at);
        }
        panic!("no Tab leads to 「{words}」: {passed:?}");
    }

    /// Presses this key where these words have the focus.
    pub(crate) async fn press_at(&self, words: &str, key: Key) {
        self.tab_to(words).await;
        self.press_key(key).await;
    }

    /// Types into the field with this label, over what stands there: a Tab selects it.
    pub(crate) async fn type_at(&self, label: &str, text: &str) {
        self.tab_to(label).await;
        self.type_keys(text).await;
    }
}
