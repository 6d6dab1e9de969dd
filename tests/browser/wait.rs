//! Waiting for what comes soon, without guessing how soon.

use std::thread;
use std::time::{Duration, Instant};

/// Long, since the machine may be busy building something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until there is something to see.
pub(crate) fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    waited_for(look).unwrap_or_else(|| panic!("waited in vain: {what}"))
}

/// Looks until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(what, || is_so().then_some(()));
}

/// As [`wait_for`], where nothing may panic.
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
