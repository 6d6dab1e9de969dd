//! Versions of the terms as HTML. Each is made once: a text may be long, and every sign-in shows
//! it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{html, read};
use crate::base::ids::TermsId;

/// A server rarely has more versions in force.
const MOST: usize = 300;

/// The HTML; the first request makes it.
type Made = Arc<OnceLock<Arc<str>>>;

/// The HTML made so far, by version. A version's text never changes.
#[derive(Debug, Default)]
pub struct Shelf {
    versions: Mutex<BTreeMap<TermsId, Made>>,
}

impl Shelf {
    /// Returns the HTML of a version whose text is `body`. Only requests for the same version wait while it is
    /// made.
    #[must_use]
    pub fn html(&self, version: TermsId, body: &str) -> Arc<str> {
        let place = {
            let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            if versions.len() >= MOST && !versions.contains_key(&version) {
                // Ids sort by age, and the oldest version is least likely to be in force.
                versions.pop_first();
            }
            versions.entry(version).or_default().clone()
        };
        place.get_or_init(|| html(&read(body)).into()).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Clock;

    #[test]
    fn f3_a_version_is_made_once() {
        let shelf = Shelf::default();
        let (one, other) = (TermsId::new(&Clock::System), TermsId::new(&Clock::System));
        let first = shelf.html(one, "本文一");
        assert_eq!(&*first, "<p>本文一</p>\n");
        assert_eq!(&*shelf.html(other, "本文二"), "<p>本文二</p>\n");
        assert!(Arc::ptr_eq(&first, &shelf.html(one, "本文一")));
    }

    #[test]
    fn f3_the_shelf_stays_small() {
        let shelf = Shelf::default();
        for _ in 0..MOST + 5 {
            assert_eq!(&*shelf.html(TermsId::new(&Clock::System), "本文"), "<p>本文</p>\n");
        }
        assert_eq!(shelf.versions.lock().unwrap().len(), MOST);
    }
}
