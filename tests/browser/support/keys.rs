//! The keyboard instead of a mouse. An element with the focus is found by its words, and its focus
//! must be visible.

use thirtyfour::Key;

use crate::support::browser::Browser;

/// Returns the element with the focus: its name or the words of its label, and how the focus is
/// drawn.
const FOCUS: &str = "const at = document.activeElement;
    const style = getComputedStyle(at);
    const words = at.ariaLabel ?? (at.labels?.[0]?.firstChild ?? at).textContent.trim();
    return [words, style.outlineStyle, parseFloat(style.outlineWidth)];";

impl Browser {
    /// Returns the words of the element with the focus, which must be visible.
    pub(crate) async fn focused(&self) -> String {
        let (words, outline, width): (String, String, f64) = self.evaluate(FOCUS).await;
        assert!(outline == "solid" && width >= 4.0, "the focus on 「{words}」 must be seen");
        words
    }

    /// Presses Tab until the element with these words has the focus.
    pub(crate) async fn tab_to(&self, words: &str) {
        self.walk_to(words, &[Key::Tab]).await;
    }

    /// Does what [`Browser::tab_to`] does, backwards.
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

    /// Presses this key on the element with these words.
    pub(crate) async fn press_at(&self, words: &str, key: Key) {
        self.tab_to(words).await;
        self.press_key(key).await;
    }

    /// Types into the field with this label. Its content is replaced, because Tab selects it.
    pub(crate) async fn type_at(&self, label: &str, text: &str) {
        self.tab_to(label).await;
        self.type_keys(text).await;
    }
}
