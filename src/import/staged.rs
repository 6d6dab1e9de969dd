//! Staged files were read and wait to be merged.

use chrono::{NaiveDate, TimeDelta};
use sqlx::types::Json;

use super::ImportError;
use super::kind::ImportKind;
use super::layout::FileColumn;
use super::mapping::Mapping;
use super::source::Source;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::month::Month;
use crate::db::TenantTx;

/// A staged file is swept after this time. A person answers a question sooner, and a merge gets its turn sooner.
const WAITS_AT_MOST: TimeDelta = TimeDelta::days(1);

/// A staged file, without its rows.
#[derive(Debug)]
pub struct StagedFile {
    pub kind: ImportKind,
    pub name: String,
    pub sha256: Vec<u8>,
    /// The way in which the file was read, such as the order of its columns. The same content can mean something else if
    /// it is read in another way.
    pub reading: String,
    mapping: Mapping,
    /// The day for which a members file is correct.
    pub as_of: Option<NaiveDate>,
    /// The month of the notice that shows the claims of a UKE file.
    pub notice: Option<Month>,
}

impl StagedFile {
    #[must_use]
    pub fn new(kind: ImportKind, source: &Source, reading: String, mapping: Mapping) -> Self {
        let (name, sha256) = (source.name.clone(), source.sha256.to_vec());
        Self { kind, name, sha256, reading, mapping, as_of: None, notice: None }
    }

    /// Returns the column's heading, as the file writes it.
    #[must_use]
    pub fn heading<'s>(&'s self, column: &'s FileColumn) -> &'s str {
        self.mapping.heading(column)
    }

    /// Records the file, in the transaction that stages its rows. Once that is committed, all rows are there.
    pub async fn keep(
        &self,
        tx: &mut TenantTx,
        clock: &Clock,
        import: BatchId,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into staged_files (tenant_id, id, kind, file_name, file_sha256, reading,
                                       headings, as_of, notice_month, staged_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            tx.tenant() as TenantId,
            import as BatchId,
            self.kind.name(),
            self.name,
            self.sha256,
            self.reading,
            Json(&self.mapping) as _,
            self.as_of,
            self.notice as Option<Month>,
            clock.now()
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }

    /// Returns the file that is to be merged. It is locked until the transaction ends, so that it is not swept or
    /// merged twice.
    ///
    /// # Errors
    /// [`ImportError::Forgotten`] if the file is not there any more.
    pub async fn find(
        tx: &mut TenantTx,
        kind: ImportKind,
        import: BatchId,
    ) -> Result<Self, ImportError> {
        let found = sqlx::query!(
            r#"select file_name, file_sha256, reading, headings as "mapping: Json<Mapping>", as_of,
                      notice_month as "notice: Month"
               from staged_files where tenant_id = $1 and id = $2 and kind = $3 for update"#,
            tx.tenant() as TenantId,
            import as BatchId,
            kind.name()
        )
        .fetch_optional(tx.conn())
        .await?
        .ok_or(ImportError::Forgotten)?;
        Ok(Self {
            kind,
            name: found.file_name,
            sha256: found.file_sha256,
            reading: found.reading,
            mapping: found.mapping.0,
            as_of: found.as_of,
            notice: found.notice,
        })
    }
}

/// Deletes a staged file with its rows, because it was merged or will not be merged.
pub async fn forget(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from staged_files where tenant_id = $1 and id = $2",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    forget_rows(tx, import).await
}

/// Deletes the union's oldest file that has waited too long; the process that was to merge it was probably killed.
/// Returns true if there may be more.
pub async fn sweep(tx: &mut TenantTx, clock: &Clock) -> Result<bool, sqlx::Error> {
    // If the file is being merged, this statement waits. Afterwards the file is gone.
    let swept = sqlx::query_scalar!(
        r#"delete from staged_files
           where tenant_id = $1
             and id = (select id from staged_files where tenant_id = $1 and staged_at < $2
                       order by staged_at limit 1)
           returning id as "id: BatchId""#,
        tx.tenant() as TenantId,
        clock.now() - WAITS_AT_MOST
    )
    .fetch_optional(tx.conn())
    .await?;
    match swept {
        Some(import) => forget_rows(tx, import).await.map(|()| true),
        None => Ok(false),
    }
}

async fn forget_rows(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    sqlx::query!(
        "delete from staged_members where tenant_id = $1 and import_id = $2",
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from staged_expenses where tenant_id = $1 and import_id = $2",
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from staged_claims where tenant_id = $1 and import_id = $2",
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
