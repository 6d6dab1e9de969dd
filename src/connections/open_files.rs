//! How many files this process may have open.

/// What is assumed where the system doesn't tell: the usual soft limit.
const USUAL: u32 = 1024;

/// Lets this process have `wanted` files open, as far as its hard limit goes; returns how many it may have.
///
/// A service unit may forbid to raise the limit, which is no error: then what it gives has to do.
#[expect(unsafe_code, reason = "the standard library neither tells nor sets limits")]
pub fn allow_files(wanted: u32) -> u32 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes to the one place it is given.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return USUAL;
    }
    let given = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max.min(wanted.into());
    // SAFETY: setrlimit reads from the one place it is given.
    let is_raised = limit.rlim_cur > given
        && unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } == 0;
    let files = if is_raised { limit.rlim_cur } else { given };
    u32::try_from(files).unwrap_or(u32::MAX)
}
