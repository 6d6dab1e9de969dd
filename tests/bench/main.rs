//! `make bench` measures what people wait for, compared with its bare parts.
//!
//! Each figure is compared with one from the same run on the same machine. The two take turns, and the
//! best round of each counts, because anything else on the machine can only slow a round down. So ratios
//! can be compared between machines, and absolute figures can't. A missed aim is shown, and doesn't fail
//! the run.
//!
//! `cargo bench --bench kosmo -- flood` measures one part; several names measure several parts, and no
//! name all of them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what a bench prints")]

mod parts;
mod support;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use kosmo::db::local::LocalPostgres;
use tokio::signal::unix::{SignalKind, signal};

use parts::{etax, flood, import, pdf, sign_in, silence, statement_page, timing};
use support::stage::{Server, Stage};
use support::table::Table;

/// The names of the parts, in order.
const PARTS: [&str; 8] =
    ["pdf", "etax", "import", "pages", "sign-ins", "silence", "timing", "flood"];

fn main() -> anyhow::Result<()> {
    let is_told = |word: &str| std::env::args().any(|argument| argument == word);
    // Without it, `cargo test --benches` started us only to see if the bench builds.
    if !is_told("--bench") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if is_told(pdf::PRINT) {
        return runtime.block_on(pdf::print_statements());
    }
    runtime.block_on(run(&Wanted::read(std::env::args())?))
}

/// The parts named on the command line.
struct Wanted(Vec<String>);

impl Wanted {
    /// Arguments with a dash are cargo's.
    fn read(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let names: Vec<_> =
            arguments.skip(1).filter(|argument| !argument.starts_with('-')).collect();
        for name in &names {
            ensure!(PARTS.contains(&name.as_str()), "{name} is none of {}", PARTS.join(", "));
        }
        Ok(Self(names))
    }

    fn has(&self, part: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name == part)
    }
}

async fn run(wanted: &Wanted) -> anyhow::Result<()> {
    // Ctrl-C also reaches the programs that we started. They end, so measuring fails, and
    // everything is cleaned up.
    let _interrupts = signal(SignalKind::interrupt())?;
    // PostgreSQL may run as another user, who needs access.
    let folder = tempfile::Builder::new()
        .prefix("kosmo-bench-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(scratch())?;
    let cluster = folder.path().join("postgres");
    let tables = in_cluster(wanted, folder.path(), &cluster).await;
    LocalPostgres::delete(&cluster)?;
    for table in tables?.iter().filter(|table| !table.is_empty()) {
        println!("\n{table}");
    }
    Ok(())
}

/// Returns TMPDIR, or a folder on disk: a /tmp in memory has no room for ten years of expenses.
fn scratch() -> PathBuf {
    std::env::var_os("TMPDIR").map_or_else(|| "/var/tmp".into(), PathBuf::from)
}

async fn in_cluster(wanted: &Wanted, folder: &Path, cluster: &Path) -> anyhow::Result<[Table; 2]> {
    let postgres = LocalPostgres::start(cluster).await?;
    let tables = measure(wanted, &postgres, folder).await;
    postgres.stop();
    tables
}

/// Returns the table of all parts, and that of the floods.
async fn measure(
    wanted: &Wanted,
    postgres: &LocalPostgres,
    folder: &Path,
) -> anyhow::Result<[Table; 2]> {
    let (mut table, mut floods) = (Table::default(), Table::of(&flood::HEADINGS));
    let stage = Stage::set(postgres, folder).await?;
    if wanted.has("pdf") {
        pdf::measure(&stage, &mut table)?;
    }
    if wanted.has("etax") {
        etax::measure(&mut table)?;
    }
    // The pages show what the import has written.
    if wanted.has("import") || wanted.has("pages") {
        import::measure(&stage, &mut table)?;
    }
    let server = Server::start(&stage)?;
    if wanted.has("pages") {
        statement_page::measure(&stage, &server, &mut table)?;
    }
    if wanted.has("sign-ins") {
        sign_in::measure(&stage, &server, &mut table)?;
    }
    if wanted.has("silence") {
        silence::measure(&server, &mut table)?;
    }
    if wanted.has("timing") {
        timing::measure(&stage, &server, &mut table)?;
    }
    if wanted.has("flood") {
        flood::measure(&stage, &server, &mut table, &mut floods)?;
    }
    Ok([table, floods])
}

/// Prints progress on stderr.
fn tell(what: &str) {
    eprintln!("bench: {what}");
}
