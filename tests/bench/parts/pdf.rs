//! Time and memory for a PDF of a statement in a process that has made some before, compared with
//! WeasyPrint, which makes the same from HTML.

use std::io::read_to_string;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use kosmo::base::money::Yen;
use kosmo::base::month::Month;
use kosmo::config::PdfSettings;
use kosmo::expenses::care::Care;
use kosmo::expenses::ledger::ExpenseRow;
use kosmo::expenses::pdf::{StatementSheet, statement};
use kosmo::expenses::statement::Statement;
use kosmo::pdf::Printer;
use serde_json::{Value, json};

use crate::support::files::INSTITUTIONS;
use crate::support::meter::{median, ms, wait};
use crate::support::stage::Stage;
use crate::support::table::Table;
use crate::tell;

/// The argument with which this program only prints.
pub(crate) const PRINT: &str = "print-statements";

const ROWS: u16 = 30;
const ROUNDS: usize = 2;
const WARM_UP: usize = 2;
const TIMES: usize = 100;
/// WeasyPrint is slower, so it prints fewer.
const WEASYPRINT_TIMES: &str = "10";
/// `infra/dev/setup.sh` puts it here.
const WEASYPRINT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/weasyprint-70.0");
const SCRIPT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/parts/weasyprint_statement.py");

/// A process's results and its memory.
struct Prints {
    median_ms: f64,
    megabytes: f64,
}

pub(crate) fn measure(stage: &Stage<'_>, table: &mut Table) -> anyhow::Result<()> {
    tell("statements as PDFs");
    let data = stage.file("statement.json");
    std::fs::write(&data, serde_json::to_vec(&sheet()?)?)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe()?);
        ours.push(prints(command.args(["--bench", PRINT]))?);
        theirs.push(weasyprint(&data));
    }
    let theirs = theirs.into_iter().collect::<anyhow::Result<Vec<_>>>();
    let (what, memory) = (format!("PDF of {ROWS} rows, warm"), "  its peak memory");
    let ours = best(&ours);
    let (took, held) = (format!("{:.1} ms", ours.median_ms), format!("{:.0} MB", ours.megabytes));
    match theirs.map(|theirs| best(&theirs)) {
        Ok(Prints { median_ms, megabytes }) => {
            let (time, room) = (
                format!("WeasyPrint: {median_ms:.0} ms"),
                format!("WeasyPrint: {megabytes:.0} MB"),
            );
            table.ratio(&what, took, time, median_ms / ours.median_ms, 5.0);
            table.ratio(memory, held, room, megabytes / ours.megabytes, 1.0);
        }
        Err(error) => {
            tell(&format!("{error:#}"));
            table.plain(&what, took, "WeasyPrint could not be run".to_owned());
            table.plain(memory, held, "-".to_owned());
        }
    }
    Ok(())
}

fn best(prints: &[Prints]) -> Prints {
    let least = |of: fn(&Prints) -> f64| prints.iter().map(of).fold(f64::INFINITY, f64::min);
    Prints { median_ms: least(|one| one.median_ms), megabytes: least(|one| one.megabytes) }
}

fn weasyprint(data: &Path) -> anyhow::Result<Prints> {
    ensure!(Path::new(WEASYPRINT).is_dir(), "infra/dev/setup.sh bench brings {WEASYPRINT}");
    let mut command = Command::new("python3");
    command.arg(SCRIPT).arg(data).arg(WEASYPRINT_TIMES).env("PYTHONPATH", WEASYPRINT);
    prints(&mut command).context("WeasyPrint")
}

/// Runs a process that prints, and reads its median from JSON.
fn prints(command: &mut Command) -> anyhow::Result<Prints> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let told = child.stdout.take().map(read_to_string);
    let (status, peak) = wait(&child)?;
    ensure!(status.success(), "printing failed: {status}");
    let told: Value = serde_json::from_str(&told.context("no output")??)?;
    let median_ms = told["median_ms"].as_f64().context("no median")?;
    Ok(Prints { median_ms, megabytes: peak as f64 / 1e6 })
}

/// Does the work of a process started with [`PRINT`].
pub(crate) async fn print_statements() -> anyhow::Result<()> {
    let printer = Printer::new(&PdfSettings::default())?;
    let sheet = sheet()?;
    let mut took = Vec::new();
    for _ in 0..WARM_UP + TIMES {
        let began = Instant::now();
        let pdf = statement(&printer, &sheet).await?;
        took.push(began.elapsed());
        ensure!(pdf.starts_with(b"%PDF-"), "no PDF");
    }
    println!("{}", json!({ "median_ms": ms(median(took.split_off(WARM_UP))) }));
    Ok(())
}

fn sheet() -> anyhow::Result<StatementSheet<'static>> {
    let rows = (0..ROWS).map(row).collect::<anyhow::Result<_>>()?;
    Ok(StatementSheet {
        union: "見本健康保険組合",
        title: "2025年の医療費明細",
        insured: "ミホン　タロウ",
        statement: Statement::of(rows, false),
    })
}

fn row(number: u16) -> anyhow::Result<ExpenseRow> {
    let place = usize::from(number);
    let total = 1_000 + i64::from(number) * 7_919 % 90_000;
    let insurer = total * 7 / 10;
    Ok(ExpenseRow {
        treatment_month: Month::new(2025, 1 + u32::from(number) * 12 / u32::from(ROWS))
            .context("a month")?,
        patient: ["ミホン　タロウ", "ミホン　ハナコ", "ミホン　ケンタ"][place % 3].to_owned(),
        institution: INSTITUTIONS[place % INSTITUTIONS.len()].to_owned(),
        care: Care::ALL[place % Care::ALL.len()],
        days: 1 + i16::from(number.is_multiple_of(5)),
        total: Yen(total),
        insurer: Yen(insurer),
        public: Yen(0),
        out_of_pocket: Yen(total - insurer),
        computed: false,
        remarks: String::new(),
    })
}
