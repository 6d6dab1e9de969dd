//! Ten million expenses in the nine years before the file's, as in a union that has been here for
//! long. The database makes them itself.

use std::process::Command;

use anyhow::{Context as _, ensure};
use kosmo::expenses::care::Care;

use crate::support::files::{INSTITUTIONS, MEMBERS, STRIDE};
use crate::support::stage::{Stage, succeed};
use crate::support::table::grouped;
use crate::tell;

pub(crate) const ROWS: u64 = 10_000_000;
pub(crate) const FIRST_NOTICE: &str = "2014-01-01";
const MONTHS: u64 = 9 * 12;
/// The rows with their keys take 4 GB, the WAL of writing them up to 2 GB, an import of a million rows
/// 1 GB.
const WANTED_KB: u64 = 8_000_000;
/// Numbers of claims rise with time, so all of these are below the file's.
const CLAIM_DIGITS: usize = 9;

/// Returns the reason why they can't be made here, if there is one.
pub(crate) fn hindrance(stage: &Stage<'_>) -> anyhow::Result<Option<String>> {
    let folder = stage.sql("show data_directory")?;
    let told = succeed(Command::new("df").args(["-Pk", &folder]))?;
    let free: u64 = told
        .lines()
        .last()
        .and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
        .with_context(|| format!("df told no free space: {told}"))?;
    let (gigabytes, wanted) = (free / 1_000_000, WANTED_KB / 1_000_000);
    let short = free < WANTED_KB;
    Ok(short.then(|| format!("{wanted} GB are wanted in TMPDIR, {gigabytes} GB are free")))
}

/// Puts them into the ledger, and removes everything else.
pub(crate) fn fill(stage: &Stage<'_>) -> anyhow::Result<()> {
    tell(&format!("a ledger of {} expenses", grouped(ROWS)));
    stage.sql("truncate expenses, expense_claims")?;
    let keys = ["expenses", "expense_claims"].map(|table| take_key(stage, table));
    // Looking up ten million people one by one would take too long, so foreign keys are not
    // checked.
    stage.sql(&format!("set session_replication_role = replica; {}", insert()))?;
    stage.sql(
        "insert into expense_claims (tenant_id, claim_number, household_code, notice_month)
         select tenant_id, claim_number, household_code, notice_month from expenses",
    )?;
    for key in keys {
        stage.sql(&format!("set maintenance_work_mem = '256MB'; {}", key?))?;
    }
    // This is what autovacuum would have done.
    stage.sql("vacuum analyze expenses")?;
    stage.sql("vacuum analyze expense_claims")?;
    let rows = stage.sql("select count(*) from expenses")?;
    ensure!(rows == ROWS.to_string(), "the ledger has {rows} rows");
    Ok(())
}

/// Drops a table's primary key, which is built faster at the end. Returns the statement that adds
/// it again.
fn take_key(stage: &Stage<'_>, table: &str) -> anyhow::Result<String> {
    let key = format!("{table}_pkey");
    let definition = stage.sql(&format!(
        "select pg_get_constraintdef(oid) from pg_constraint
         where conrelid = '{table}'::regclass and conname = '{key}'"
    ))?;
    ensure!(!definition.is_empty(), "{table} has no key {key}");
    stage.sql(&format!("alter table {table} drop constraint {key}"))?;
    Ok(format!("alter table {table} add constraint {key} {definition}"))
}

/// Builds rows like the file's, month by month, for all people in turn.
fn insert() -> String {
    let claims_a_month = ROWS.div_ceil(MONTHS);
    let institution = one_of(&INSTITUTIONS);
    let care = one_of(&Care::ALL.map(Care::name));
    format!(
        "insert into expenses (tenant_id, household_code, notice_month, claim_number, member_code,
                               treatment_month, institution, care, days, total_yen, insurer_yen,
                               public_yen, out_of_pocket_yen, remarks, batch_id)
         select m.tenant_id, m.household_code, month, lpad(claim::text, {CLAIM_DIGITS}, '0'),
                m.code, month - interval '2 months', {institution}, {care}, 1 + claim % 5,
                total, total * 7 / 10, 0, total - total * 7 / 10, '', (select gen_random_uuid())
         from (
             select claim, 1000 + claim * 7919 % 90000 as total,
                    (date '{FIRST_NOTICE}'
                        + make_interval(months => (claim / {claims_a_month})::int))::date as month
             from generate_series(0::bigint, {ROWS} - 1) claim
         ) claims
         join members m on m.code = 'R' || lpad((claim * {STRIDE} % {MEMBERS})::text, 6, '0')"
    )
}

/// Returns an expression that takes the words in turn.
fn one_of(words: &[&str]) -> String {
    format!("(array['{}'])[1 + claim % {}]", words.join("','"), words.len())
}
