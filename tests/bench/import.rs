//! `kosmo expenses import` against `\copy` of the same rows into the same table.
//!
//! Both leave the same rows, checked by the same foreign keys, under the same indexes. `\copy` is
//! given them resolved; the import reads the union's file, checks every field, looks people up and
//! compares with what is there.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::files::{self, EXPENSES};
use crate::stage::{Stage, UNION};
use crate::table::{Table, grouped};
use crate::tell;

const ROUNDS: usize = 2;
/// The unit of `ru_maxrss`, which differs.
const MAXRSS_BYTES: u64 = if cfg!(target_vendor = "apple") { 1 } else { 1024 };

struct Run {
    took: Duration,
    /// Most memory resident at once, in bytes.
    peak: u64,
}

pub(crate) fn measure(stage: &Stage<'_>, table: &mut Table) -> anyhow::Result<()> {
    tell(&format!("a file of {} expenses", grouped(EXPENSES as u64)));
    let (file, rows) = (stage.file("expenses.csv"), stage.file("expenses.copy"));
    files::write_expenses(&file)?;
    let import = || {
        let mut command = stage.kosmo(["expenses", "import", "--tenant", UNION]);
        command.arg(&file);
        run(stage, "kosmo expenses import", command)
    };
    let copy =
        || run(stage, "\\copy", stage.psql(&format!("\\copy expenses from '{}'", rows.display())));
    let (mut imports, mut copies) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        imports.push(import()?);
        if round == 0 {
            // In the file's order, whatever order the import wrote them in.
            let all = "(select * from expenses order by claim_number)";
            stage.sql(&format!("\\copy {all} to '{}'", rows.display()))?;
        }
        copies.push(copy()?);
    }
    let best = |runs: &[Run]| {
        runs.iter().map(|run| run.took).min().map(|took| took.as_secs_f64()).unwrap_or_default()
    };
    let (ours, against) = (best(&imports), best(&copies));
    let rate = |seconds: f64| grouped((EXPENSES as f64 / seconds) as u64);
    table.ratio(
        &format!("import of {} expenses", grouped(EXPENSES as u64)),
        format!("{ours:.1} s, {} rows/s", rate(ours)),
        format!("\\copy: {against:.1} s, {} rows/s", rate(against)),
        against / ours,
        0.50,
    );
    let peak = imports.iter().map(|run| run.peak).max().unwrap_or_default() as f64 / 1e6;
    table.figure("  its peak memory", format!("{peak:.0} MB"), "< 300 MB", peak < 300.0);
    Ok(())
}

/// Times a command that fills the emptied table.
fn run(stage: &Stage<'_>, name: &str, mut command: Command) -> anyhow::Result<Run> {
    stage.sql("truncate expenses")?;
    // What was written before is not paid for now.
    stage.sql("checkpoint")?;
    let began = Instant::now();
    let child = command.stdout(Stdio::null()).spawn().with_context(|| name.to_owned())?;
    let (status, peak) = wait(&child)?;
    let took = began.elapsed();
    ensure!(status.success(), "{name} failed: {status}");
    let count = stage.sql("select count(*) from expenses")?;
    ensure!(count == EXPENSES.to_string(), "{name} left {count} rows");
    tell(&format!("{name}: {:.1} s", took.as_secs_f64()));
    Ok(Run { took, peak })
}

/// Waits for a child, and asks how much memory it took at most.
#[expect(unsafe_code, reason = "the standard library's wait does not tell resource usage")]
fn wait(child: &Child) -> anyhow::Result<(ExitStatus, u64)> {
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid rusage; wait4 writes to the two places it is given, and
    // nobody else waits for this child.
    let (waited, usage) = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let waited = libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage);
        (waited, usage)
    };
    ensure!(waited > 0, "wait4: {}", std::io::Error::last_os_error());
    Ok((ExitStatus::from_raw(status), usage.ru_maxrss.cast_unsigned() * MAXRSS_BYTES))
}
