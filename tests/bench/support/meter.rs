//! Measuring time, and the memory of a program.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use anyhow::ensure;

/// The unit of `ru_maxrss`, which differs between systems.
const MAXRSS_BYTES: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

/// The highest is 19, with which a thread hardly runs if anything else does.
const NICENESS: libc::c_int = 12;

pub(crate) fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

/// Returns the time within which this percentage was done, or `None` if nothing was.
pub(crate) fn percentile(took: &[Duration], percent: usize) -> Option<Duration> {
    let mut took = took.to_vec();
    took.sort_unstable();
    let rank = (took.len() * percent).div_ceil(100).max(1);
    took.get(rank - 1).copied()
}

pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Waits for a child, and returns its peak memory in bytes. On Linux it is at least what this
/// process had when it started the child, which is little.
#[expect(unsafe_code, reason = "the standard library's wait does not tell resource usage")]
pub(crate) fn wait(child: &Child) -> anyhow::Result<(ExitStatus, u64)> {
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid rusage. wait4 writes to the two places that it is given,
    // and nobody else waits for this child.
    let (waited, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let waited = libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage);
        (waited, usage)
    };
    ensure!(waited > 0, "wait4: {}", std::io::Error::last_os_error());
    Ok((ExitStatus::from_raw(status), usage.ru_maxrss.cast_unsigned() * MAXRSS_BYTES))
}

/// Lets all other threads go first from now on. On systems other than Linux it would affect the whole
/// program, so it does nothing.
#[expect(unsafe_code, reason = "the standard library knows no priorities")]
pub(crate) fn let_others_go_first() {
    if cfg!(target_os = "linux") {
        // SAFETY: setpriority touches no memory of ours; 0 means the calling thread. If it fails, the
        // thread keeps its priority.
        unsafe {
            libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS);
        }
    }
}
