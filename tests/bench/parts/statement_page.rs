//! Compares the pages of a month and of a year with many rows to their bare query in pgbench.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::support::files::{
    AFTER_BUSY_MONTH, BUSY_INSTITUTION, BUSY_MONTH, BUSY_ROWS, BUSY_YEAR, insured_code, user_id,
};
use crate::support::form::Form;
use crate::support::history;
use crate::support::http::{Answer, CLIENTS, Connection, Rate, drive};
use crate::support::stage::{Server, Stage, UNION, succeed};
use crate::support::table::Table;
use crate::tell;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);

struct Page {
    name: &'static str,
    path: String,
    /// The first day of its notices, and the first day after them.
    days: [String; 2],
}

fn pages() -> [Page; 2] {
    [
        Page {
            name: "a month's page",
            path: format!("/expenses/months/{BUSY_MONTH}"),
            days: [BUSY_MONTH, AFTER_BUSY_MONTH].map(|month| format!("{month}-01")),
        },
        Page {
            name: "a year's page",
            path: format!("/expenses/years/{BUSY_YEAR}"),
            days: [BUSY_YEAR, BUSY_YEAR + 1].map(|year| format!("{year}-01-01")),
        },
    ]
}

pub(crate) fn measure(stage: &Stage<'_>, server: &Server, table: &mut Table) -> anyhow::Result<()> {
    publish(stage)?;
    // As autovacuum leaves the tables after a night.
    stage.sql("vacuum analyze expenses")?;
    let cookies = sign_in(server)?;
    for page in pages() {
        page.measure(stage, server, &cookies, table)?;
    }
    Ok(())
}

/// Publishes every month.
fn publish(stage: &Stage<'_>) -> anyhow::Result<()> {
    stage
        .sql(&format!(
            "insert into record_notices (tenant_id, kind, month, id, published_at, published_by)
             select t.id, 'expenses', month::date, gen_random_uuid(), now(), 'bench'
             from tenants t,
                  generate_series(date '{}', date '{AFTER_BUSY_MONTH}-01', interval '1 month') month
             where t.slug = '{UNION}'",
            history::FIRST_NOTICE
        ))
        .map(drop)
}

/// Signs in. Returns the cookies as a header.
fn sign_in(server: &Server) -> anyhow::Result<String> {
    let mut connection = Connection::open(server.address)?;
    let form = Form::fetch(server, UNION, &mut connection)?;
    let request = form.right(server, &user_id(0), Ipv4Addr::LOCALHOST);
    let answer = connection.send(request.as_bytes())?;
    let session = answer.cookie("__Host-kosmo-session").context("the sign-in failed")?;
    Ok(format!("Cookie: {}; {session}\r\n", form.visit))
}

impl Page {
    fn measure(
        &self,
        stage: &Stage<'_>,
        server: &Server,
        cookies: &str,
        table: &mut Table,
    ) -> anyhow::Result<()> {
        tell(self.name);
        let requests = vec![vec![self.request(server, cookies)?]; CLIENTS];
        let query = self.prepare_query(stage)?;
        drive(server.address, &requests, WARM_UP, is_page)?;
        bare(stage, &query, WARM_UP)?;
        let (mut rounds, mut queries) = (Vec::new(), 0.0_f64);
        for _ in 0..ROUNDS {
            rounds.push(drive(server.address, &requests, ROUND, is_page)?);
            queries = queries.max(bare(stage, &query, ROUND)?);
        }
        let rate = Rate::best(&rounds);
        table.ratio(
            &format!("{}, {BUSY_ROWS} rows", self.name),
            format!("{rate:.0} pages/s, {} errors", Rate::errors(&rounds)),
            format!("its query in pgbench: {queries:.0}/s"),
            rate / queries,
            0.45,
        );
        Ok(())
    }

    /// Returns the page's request, after checking once that the page has the expected rows.
    fn request(&self, server: &Server, cookies: &str) -> anyhow::Result<String> {
        let line = format!("GET {}", self.path);
        let request = format!("{}{cookies}\r\n", server.request(UNION, &line));
        let mut connection = Connection::open(server.address)?;
        let page = connection.send(request.as_bytes())?;
        let rows = std::str::from_utf8(page.body)?.matches(BUSY_INSTITUTION).count();
        ensure!(page.status == 200 && rows == BUSY_ROWS, "{}: {rows} rows", page.status);
        tell(&format!("the page has {} kB", page.body.len() / 1000));
        Ok(request)
    }

    /// Writes the page's own query as a script of pgbench. Returns pgbench's arguments.
    fn prepare_query(&self, stage: &Stage<'_>) -> anyhow::Result<Vec<String>> {
        let query = page_query()?;
        let [from, until] = &self.days;
        // The insured person's code is also the household's.
        let person = insured_code(0);
        let tenant = stage.sql(&format!("select id from tenants where slug = '{UNION}'"))?;
        let kind = "expenses".to_owned();
        let values = [
            ("$7", "until_month", until),
            ("$6", "from_month", from),
            ("$5", "kind", &kind),
            ("$3", "member", &person),
            ("$2", "household", &person),
            ("$1", "tenant", &tenant),
        ];
        // The household has not lost eligibility, and no filter is set.
        let query = ["$10", "$9", "$8", "$4"]
            .iter()
            .fold(query, |query, absent| query.replace(absent, "null"));
        let (mut script, mut filled_in) = (query.clone(), query);
        let mut arguments = Vec::new();
        for (parameter, name, value) in values {
            script = script.replace(parameter, &format!(":{name}"));
            filled_in = filled_in.replace(parameter, &format!("'{value}'"));
            arguments.extend(["-D".to_owned(), format!("{name}={value}")]);
        }
        let count = stage.sql(&format!("select count(*) from ({filled_in}) same"))?;
        ensure!(count == BUSY_ROWS.to_string(), "the bare query gives {count} rows");
        let path = stage.file("page.sql");
        std::fs::write(&path, format!("{script};\n"))?;
        arguments.extend(["-f".to_owned(), path.display().to_string()]);
        Ok(arguments)
    }
}

fn is_page(answer: &Answer<'_>) -> bool {
    answer.status == 200
}

/// Returns the query as the compiler checked it, so that the bench never measures another one.
fn page_query() -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    for entry in std::fs::read_dir(folder)? {
        let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(entry?.path())?)?;
        let query = kept["query"].as_str().unwrap_or_default();
        if query.contains("order by e.treatment_month, m.branch, e.claim_number") {
            return Ok(query.to_owned());
        }
    }
    bail!(".sqlx has no query of a statement's rows")
}

/// Returns how many times a second the bare query runs. Each connection prepares it once.
fn bare(stage: &Stage<'_>, query: &[String], time: Duration) -> anyhow::Result<f64> {
    let (clients, seconds) = (CLIENTS.to_string(), time.as_secs().to_string());
    let arguments = ["-n", "-M", "prepared", "-c", &clients, "-j", "2", "-T", &seconds];
    let output = succeed(stage.pgbench()?.args(arguments).args(query))?;
    output
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok())
        .with_context(|| format!("pgbench told no rate: {output}"))
}
