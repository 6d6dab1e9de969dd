//! A month's page of a household with many rows against the bare query through pgbench.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use crate::files::{
    AFTER_BUSY_MONTH, BUSY_INSTITUTION, BUSY_MONTH, BUSY_ROWS, insured_code, user_id,
};
use crate::http::{Answer, CLIENTS, Connection, Rate, drive};
use crate::sign_in::Form;
use crate::stage::{Server, Stage, succeed};
use crate::table::Table;
use crate::tell;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn measure(stage: &Stage<'_>, server: &Server, table: &mut Table) -> anyhow::Result<()> {
    tell("a month's page");
    // What a night of autovacuum does.
    stage.sql("vacuum analyze expenses")?;
    let request = signed_in_request(server)?;
    let requests = vec![request; CLIENTS];
    let query = prepare_query(stage)?;
    drive(server.address, &requests, WARM_UP, is_page)?;
    bare(stage, &query, WARM_UP)?;
    let (mut rounds, mut queries) = (Vec::new(), 0.0_f64);
    for _ in 0..ROUNDS {
        rounds.push(drive(server.address, &requests, ROUND, is_page)?);
        queries = queries.max(bare(stage, &query, ROUND)?);
    }
    let pages = Rate::best(&rounds);
    table.ratio(
        &format!("a month's page, {BUSY_ROWS} rows"),
        format!("{pages:.0} pages/s, {} errors", Rate::errors(&rounds)),
        format!("its query in pgbench: {queries:.0}/s"),
        pages / queries,
        0.40,
    );
    Ok(())
}

/// Signs in, and looks once whether the page is the one that is meant.
fn signed_in_request(server: &Server) -> anyhow::Result<String> {
    let mut connection = Connection::open(server.address)?;
    let form = Form::fetch(server, &mut connection)?;
    let answer = connection.send(form.request(server, &user_id(0)).as_bytes())?;
    let session = answer.cookie("__Host-kosmo-session").context("the sign-in failed")?;
    let cookies = format!("Cookie: {}; {session}\r\n", form.visit);
    let line = format!("GET /expenses/months/{BUSY_MONTH}");
    let request = format!("{}{cookies}\r\n", server.request(&line));
    let page = connection.send(request.as_bytes())?;
    let rows = std::str::from_utf8(page.body)?.matches(BUSY_INSTITUTION).count();
    ensure!(page.status == 200 && rows == BUSY_ROWS, "{}: {rows} rows", page.status);
    tell(&format!("the page has {} kB", page.body.len() / 1000));
    Ok(request)
}

fn is_page(answer: &Answer<'_>) -> bool {
    answer.status == 200
}

/// The page's own query as a script of pgbench, and its variables.
fn prepare_query(stage: &Stage<'_>) -> anyhow::Result<Vec<String>> {
    let query = page_query().context("src/expenses/ledger.rs has no `notices`")?;
    let household = insured_code(0);
    let (from, until) = (format!("{BUSY_MONTH}-01"), format!("{AFTER_BUSY_MONTH}-01"));
    let values = [("$1", "household", household), ("$2", "from", from), ("$3", "until", until)];
    // Nobody of the household has lost eligibility.
    let query = query.replace("$4", "null");
    let (mut script, mut filled_in) = (query.to_owned(), query.to_owned());
    let mut arguments = Vec::new();
    for (parameter, name, value) in values {
        script = script.replace(parameter, &format!(":{name}"));
        filled_in = filled_in.replace(parameter, &format!("'{value}'"));
        arguments.extend(["-D".to_owned(), format!("{name}={value}")]);
    }
    let count = stage.sql(&format!("select count(*) from ({filled_in}) same"))?;
    ensure!(count == BUSY_ROWS.to_string(), "the bare query gives {count} rows");
    let path = stage.file("month.sql");
    std::fs::write(&path, format!("{script};\n"))?;
    arguments.extend(["-f".to_owned(), path.display().to_string()]);
    Ok(arguments)
}

/// Taken from the source, so that the two can't part.
fn page_query() -> Option<&'static str> {
    let source = include_str!("../../src/expenses/ledger.rs");
    let (_, body) = source.split_once("pub async fn notices(")?;
    let (_, query) = body.split_once("r#\"")?;
    query.split_once("\"#").map(|(query, _)| query)
}

/// How often a second the bare query runs, prepared once a connection.
fn bare(stage: &Stage<'_>, query: &[String], time: Duration) -> anyhow::Result<f64> {
    let (clients, seconds) = (CLIENTS.to_string(), time.as_secs().to_string());
    let arguments = ["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds];
    let output = succeed(stage.pgbench()?.args(arguments).args(query))?;
    output
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .with_context(|| format!("pgbench told no rate: {output}"))
}
