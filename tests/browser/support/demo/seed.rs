//! The data of a demo's first start: unions, people, their first sign-ins. Making it takes seconds, so
//! the first test of a run makes it, and every test starts on a copy.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use crate::support::demo::Demo;

/// Copies it to a folder that doesn't exist yet.
pub(crate) fn copy_to(data: &Path) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo");
    fs::create_dir_all(&kept).expect("a folder");
    // Each test is a process of its own.
    let lock = File::create(kept.join("lock")).expect("a lock");
    lock.lock().expect("the lock");
    let (seed, made_by) = (kept.join("data"), kept.join("run"));
    let run = std::env::var("NEXTEST_RUN_ID").ok();
    if run.is_none() || fs::read_to_string(&made_by).ok() != run {
        let _ = fs::remove_file(&made_by);
        if seed.exists() {
            fs::remove_dir_all(&seed).expect("an older run's is deleted");
        }
        Demo::start_from_nothing().stop_and_copy_to(&seed);
        fs::write(&made_by, run.unwrap_or_default()).expect("the run's name");
    }
    copy(&seed, data);
}

/// Copies a folder with all owners: if root runs the test, the database belongs to another user.
pub(crate) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs");
    assert!(status.success(), "{} can't be copied", from.display());
}
