//! Which files were taken in, by whom, and what they came to.

use super::source::Source;
use super::{Counts, ImportRun};
use crate::audit::{self, Action, Line};
use crate::base::clock::Clock;
use crate::base::ids::BatchId;
use crate::db::TenantTx;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Members,
    Expenses,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Expenses => "expenses",
        }
    }
}

/// Two imports of a kind take turns within a union.
///
/// # Errors
/// The database's.
pub async fn lock(tx: &mut TenantTx, kind: Kind) -> Result<(), sqlx::Error> {
    let name = format!("import {} {}", kind.name(), tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        .execute(tx.conn())
        .await
        .map(drop)
}

/// Returns true if the very same file was taken in before, and its rows meant the same.
///
/// # Errors
/// The database's.
pub async fn knows(
    tx: &mut TenantTx,
    kind: Kind,
    source: &Source,
    reading: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from import_batches
                          where kind = $1 and file_sha256 = $2 and reading = $3) as "known!""#,
        kind.name(),
        source.sha256.as_slice(),
        reading
    )
    .fetch_one(tx.conn())
    .await
}

/// Notes a file and what came of it, here and on the trail. `reading`: what besides its content says
/// what its rows mean.
///
/// # Errors
/// The database's.
pub async fn record(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
    kind: Kind,
    source: &Source,
    reading: &str,
    counts: Counts,
) -> Result<(), sqlx::Error> {
    let Counts { added, changed, unchanged } = counts;
    sqlx::query!(
        "insert into import_batches (id, kind, file_name, file_sha256, reading, added, changed,
                                     unchanged, imported_at, imported_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        run.batch as BatchId,
        kind.name(),
        source.name,
        source.sha256.as_slice(),
        reading,
        added,
        changed,
        unchanged,
        clock.now(),
        run.by
    )
    .execute(tx.conn())
    .await?;
    let action = match kind {
        Kind::Members => Action::MembersImported,
        Kind::Expenses => Action::ExpensesImported,
    };
    let detail = serde_json::json!({
        "added": added, "changed": changed, "unchanged": unchanged,
    });
    let line = Line { batch: Some(run.batch), ..Line::new(action, detail) };
    audit::write(tx, clock, &line, &[None]).await
}
