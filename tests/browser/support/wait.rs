//! Waiting for something that comes soon, without guessing when.

use std::thread;
use std::time::{Duration, Instant};

/// It is long, because the machine may be busy with a build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until there is a result.
pub(crate) fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    waited_for(look).unwrap_or_else(|| panic!("waited in vain: {what}"))
}

/// Looks until the condition is true.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

/// Does what [`wait_for`] does, but never panics.
pub(crate) fn waited_for<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let seen = look();
        if seen.is_some() || began.elapsed() > PATIENCE {
            return seen;
        }
        thread::sleep(LOOK_EVERY);
    }
}
