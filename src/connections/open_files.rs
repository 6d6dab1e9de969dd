//! The number of files that this process may have open.

/// The usual soft limit, assumed if the system doesn't say.
const USUAL: u32 = 1024;

/// Lets this process open `wanted` files, as far as its hard limit allows, and returns how many it may
/// open.
///
/// A service unit may forbid raising the limit. That is no error: the present limit then has to suffice.
#[expect(unsafe_code, reason = "the standard library neither tells nor sets limits")]
pub fn allow_files(wanted: u32) -> u32 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit writes only to the struct that it is given.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return USUAL;
    }
    let given = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max.min(wanted.into());
    // SAFETY: setrlimit only reads the struct that it is given.
    let is_raised = limit.rlim_cur > given
        && unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } == 0;
    let files = if is_raised { limit.rlim_cur } else { given };
    u32::try_from(files).unwrap_or(u32::MAX)
}
