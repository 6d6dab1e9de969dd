//! `make bench`: what people wait for, held against its bare parts.
//!
//! Every figure stands beside one taken in the same run on the same machine: the two take turns, and
//! the best round of each counts, since whatever else the machine does can only slow one down. So
//! the ratios compare from machine to machine while the absolute figures do not. A missed aim is
//! shown, and is no failure of the run.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a bench prints")]

mod etax;
mod files;
mod form;
mod history;
mod http;
mod import;
mod meter;
mod pdf;
mod sign_in;
mod stage;
mod statement_page;
mod table;
mod timing;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kosmo::db::local::LocalPostgres;
use tokio::signal::unix::{SignalKind, signal};

use stage::{Server, Stage};
use table::Table;

fn main() -> anyhow::Result<()> {
    let is_told = |word: &str| std::env::args().any(|argument| argument == word);
    // Without it we were started by `cargo test --benches`, which only asks whether it builds.
    if !is_told("--bench") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if is_told(pdf::PRINT) {
        return runtime.block_on(pdf::print_statements());
    }
    runtime.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    // Ctrl-C reaches the programs we started, too. They end, so the measuring fails, and what was
    // made is cleared away.
    let _interrupts = signal(SignalKind::interrupt())?;
    // PostgreSQL may run as another user, who has to get in.
    let folder = tempfile::Builder::new()
        .prefix("kosmo-bench-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(scratch())?;
    let cluster = folder.path().join("postgres");
    let table = in_cluster(folder.path(), &cluster).await;
    LocalPostgres::delete(&cluster)?;
    println!("\n{}", table?);
    Ok(())
}

/// Where TMPDIR says, or on a disk: a /tmp in memory has no room for ten years of expenses.
fn scratch() -> PathBuf {
    std::env::var_os("TMPDIR").map_or_else(|| "/var/tmp".into(), PathBuf::from)
}

async fn in_cluster(folder: &Path, cluster: &Path) -> anyhow::Result<Table> {
    let postgres = LocalPostgres::start(cluster).await?;
    let table = measure(&postgres, folder).await;
    postgres.stop();
    table
}

async fn measure(postgres: &LocalPostgres, folder: &Path) -> anyhow::Result<Table> {
    let mut table = Table::default();
    let stage = Stage::set(postgres, folder).await?;
    pdf::measure(&stage, &mut table)?;
    etax::measure(&mut table)?;
    import::measure(&stage, &mut table)?;
    let server = Server::start(&stage)?;
    statement_page::measure(&stage, &server, &mut table)?;
    sign_in::measure(&server, &mut table)?;
    timing::measure(&stage, &server, &mut table)?;
    Ok(table)
}

/// Progress, on stderr.
fn tell(what: &str) {
    eprintln!("bench: {what}");
}
