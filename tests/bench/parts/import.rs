//! `kosmo expenses import` compared with `\copy` of the same rows into the same table, and the same
//! import with ten million rows of earlier years in the table.
//!
//! Import and `\copy` leave the same rows, checked by the same foreign keys, under the same indexes.
//! `\copy` gets them resolved; the import reads the union's file, checks every field, looks people up,
//! gives each claim its number and compares with the rows that exist.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::support::files::{self, EXPENSES};
use crate::support::history;
use crate::support::meter::wait;
use crate::support::stage::{Stage, UNION, Worker};
use crate::support::table::{Table, grouped};
use crate::tell;

const ROUNDS: usize = 2;

/// The content of the ledger before the file's rows come.
#[derive(Clone, Copy)]
enum Ledger {
    Empty,
    WithHistory,
}

struct Run {
    took: Duration,
    /// The most resident memory, in bytes.
    peak: u64,
}

pub(crate) fn measure(stage: &Stage<'_>, table: &mut Table) -> anyhow::Result<()> {
    tell(&format!("a file of {} expenses", grouped(EXPENSES as u64)));
    let _worker = Worker::start(stage)?;
    let (file, rows) = (stage.file("expenses.csv"), stage.file("expenses.copy"));
    files::write_expenses(&file)?;
    let copy = || {
        let command = stage.psql(&format!("\\copy expenses from '{}'", rows.display()));
        run(stage, Ledger::Empty, "\\copy", command)
    };
    let (mut imports, mut copies) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        imports.push(import(stage, Ledger::Empty, &file)?);
        if round == 0 {
            // They are in the file's order, whatever order the import wrote them in.
            let all = "(select * from expenses order by claim_number)";
            stage.sql(&format!("\\copy {all} to '{}'", rows.display()))?;
        }
        copies.push(copy()?);
    }
    let (ours, against) = (best(&imports), best(&copies));
    table.ratio(
        &format!("import of {} expenses", grouped(EXPENSES as u64)),
        told(ours),
        format!("\\copy: {}", told(against)),
        against / ours,
        0.50,
    );
    imports.extend(into_history(stage, &file, ours, table)?);
    let peak = imports.iter().map(|run| run.peak).max().unwrap_or_default() as f64 / 1e6;
    table.figure("  its peak memory", format!("{peak:.0} MB"), "< 300 MB", peak < 300.0);
    Ok(())
}

/// Measures the same import into a large ledger. `empty` is its time without earlier rows.
fn into_history(
    stage: &Stage<'_>,
    file: &Path,
    empty: f64,
    table: &mut Table,
) -> anyhow::Result<Vec<Run>> {
    let what = format!("  with {} there before", grouped(history::ROWS));
    if let Some(reason) = history::hindrance(stage)? {
        table.plain(&what, "not measured".to_owned(), reason);
        return Ok(Vec::new());
    }
    history::fill(stage)?;
    let imports: Vec<Run> = (0..ROUNDS)
        .map(|_| import(stage, Ledger::WithHistory, file))
        .collect::<anyhow::Result<_>>()?;
    let ours = best(&imports);
    table.ratio(&what, told(ours), format!("none before: {}", told(empty)), empty / ours, 0.80);
    Ok(imports)
}

fn import(stage: &Stage<'_>, ledger: Ledger, file: &Path) -> anyhow::Result<Run> {
    let mut command = stage.kosmo(["expenses", "import", "--yes", "--tenant", UNION]);
    command.arg(file);
    run(stage, ledger, "kosmo expenses import", command)
}

/// Returns the seconds of the best run.
fn best(runs: &[Run]) -> f64 {
    runs.iter().map(|run| run.took).min().map(|took| took.as_secs_f64()).unwrap_or_default()
}

/// Formats as `16.7 s, 59,911 rows/s`.
fn told(seconds: f64) -> String {
    format!("{seconds:.1} s, {} rows/s", grouped((EXPENSES as f64 / seconds) as u64))
}

/// Times a command that writes the file's rows, after removing them.
fn run(stage: &Stage<'_>, ledger: Ledger, name: &str, mut command: Command) -> anyhow::Result<Run> {
    clear(stage, ledger)?;
    let began = Instant::now();
    let child = command.stdout(Stdio::null()).spawn().with_context(|| name.to_owned())?;
    let (status, peak) = wait(&child)?;
    let took = began.elapsed();
    ensure!(status.success(), "{name} failed: {status}");
    let count = stage.sql(&format!(
        "select count(*) from expenses where notice_month >= '{}'",
        files::FIRST_NOTICE
    ))?;
    ensure!(count == EXPENSES.to_string(), "{name} left {count} rows");
    tell(&format!("{name}: {:.1} s", took.as_secs_f64()));
    Ok(Run { took, peak })
}

/// Removes the file's rows.
fn clear(stage: &Stage<'_>, ledger: Ledger) -> anyhow::Result<()> {
    match ledger {
        Ledger::Empty => stage.sql("truncate expenses, expense_claims")?,
        Ledger::WithHistory => {
            let partitions = files::YEARS.map(|year| format!("expenses_{year}")).join(", ");
            stage.sql(&format!(
                "truncate {partitions};
                 delete from expense_claims where notice_month >= '{}'",
                files::FIRST_NOTICE
            ))?;
            stage.sql("vacuum expense_claims")?
        }
    };
    // A file imported before would be treated with more care.
    stage.sql("delete from import_batches where kind = 'expenses'")?;
    // Earlier writes must not be paid for in the measured run.
    stage.sql("checkpoint").map(drop)
}
