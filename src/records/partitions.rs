//! Partitions for years to come. A table of records has a partition for each year, and an open one after the last.
//!
//! The open partition takes rows of years that have no partition yet, so that every notice has a place. But years that share
//! a partition are vacuumed, cached and detached together. Only the owner of the tables may split the open partition, and no
//! process that serves people runs as the owner. So `kosmo migrate` splits it each time it runs, and `kosmo doctor` says a
//! year ahead that this is due.

use chrono::{Datelike as _, NaiveDate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::db::{PlatformTx, migrate};

/// The tables that have a partition for each year of their `notice_month`.
const TABLES: [&str; 1] = ["expenses"];
/// [`extend`] adds partitions for this many years after the current one.
const YEARS_AHEAD: i32 = 3;
/// [`missing`] expects partitions for this many years after the current one, so that an operator has a year to run the
/// migration.
const YEARS_NEEDED: i32 = 1;

/// A year for which a table has no partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    pub table: &'static str,
    pub year: i32,
}

/// Splits the years up to the third from now off the open partitions, each in a transaction of its own. Returns the number of
/// new partitions. The connection belongs to the owner of the tables.
pub async fn extend(owner: &mut PgConnection, today: NaiveDate) -> Result<usize, sqlx::Error> {
    let mut added = 0;
    for table in TABLES {
        let last = last_year(owner, table).await?;
        for year in last + 1..=today.year() + YEARS_AHEAD {
            split_off(owner, table, year).await?;
            added += 1;
        }
    }
    Ok(added)
}

/// [`extend`] by a connection of the owner's own.
pub async fn extend_as_owner(
    database: &PgConnectOptions,
    today: NaiveDate,
) -> Result<usize, sqlx::Error> {
    let mut owner = migrate::owner(database).await?;
    let added = extend(&mut owner, today).await?;
    owner.close().await?;
    Ok(added)
}

/// The years that have to have a partition by now, and have none.
pub async fn missing(tx: &mut PlatformTx, today: NaiveDate) -> Result<Vec<Missing>, sqlx::Error> {
    let mut missing = Vec::new();
    for table in TABLES {
        let last = last_year(tx.conn(), table).await?;
        let years = last + 1..=today.year() + YEARS_NEEDED;
        missing.extend(years.map(|year| Missing { table, year }));
    }
    Ok(missing)
}

/// Returns the last year that has a partition, by the partitions' names.
async fn last_year(conn: &mut PgConnection, table: &str) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select max(substring(c.relname from '_(\d{4})$')::int) as "year!"
           from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = $1::text::regclass"#,
        table
    )
    .fetch_one(conn)
    .await
}

/// Gives a year its partition and moves the year's rows there. The open partition is empty if the migration is run in time. The
/// table is locked meanwhile, so this gives up after 5 s of waiting for running statements; it can be run again.
async fn split_off(owner: &mut PgConnection, table: &str, year: i32) -> Result<(), sqlx::Error> {
    let (partition, later, staging) =
        (format!("{table}_{year}"), format!("{table}_later"), format!("{table}_moving"));
    let (first, next) = (format!("'{year}-01-01'"), format!("'{}-01-01'", year + 1));
    let mut tx = owner.begin().await?;
    for statement in [
        "set local lock_timeout = '5s'".to_owned(),
        format!("alter table {table} detach partition {later}"),
        format!(
            "create table {partition} partition of {table} for values from ({first}) to ({next})"
        ),
        format!("call protect_by_tenant('{partition}')"),
        // The rows of every union move. While row-level security is forced, the owner sees none of them.
        format!("alter table {later} no force row level security"),
        format!("alter table {partition} no force row level security"),
        format!(
            "with {staging} as (delete from {later} where notice_month < {next} returning *)
             insert into {partition} select * from {staging}"
        ),
        format!("alter table {later} force row level security"),
        format!("alter table {partition} force row level security"),
        format!(
            "alter table {table} attach partition {later} for values from ({next}) to (maxvalue)"
        ),
    ] {
        // The statements hold only names and years of this module.
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    tx.commit().await
}
