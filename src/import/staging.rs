//! Reads a file into its staging table. A thread reads the next rows while the previous ones are written.
//!
//! PostgreSQL allows no COPY into a table with row-level security. So some thousands of rows go in one statement,
//! with one array for each column (`unnest`). This is about as fast, and the statement is checked at compile time
//! like any other. The statement also reads the row of the staged file, so that it runs on the machine that has the
//! union's rows (`infra/scale`).

use std::future::Future;

use tokio::sync::mpsc;

use super::{ImportError, ProgressFn};
use crate::base::ids::BatchId;
use crate::db::TenantTx;

/// The number of rows in a batch. It is large enough that round trips to the database cost little, and small enough
/// that a batch needs little memory.
const BATCH: usize = 4_000;
/// The number of batches that may be read before the database takes them.
const AHEAD: usize = 2;

/// Reads a file's rows, and collects their mistakes.
pub trait RowReader: Send + 'static {
    type Batch: Batch;

    /// Reads a row, and adds it to the batch if it has no mistake. Returns false at the end of the file.
    ///
    /// # Errors
    /// Returns an error if the rest of the file can't be read. Mistakes of a single row are collected instead.
    fn read(&mut self, batch: &mut Self::Batch) -> Result<bool, ImportError>;

    /// Returns the number of bytes of the file that were read so far.
    fn bytes_read(&self) -> u64;
}

/// A batch of rows for a staging table; see [`batch!`].
pub trait Batch: Default + Send + 'static {
    /// Returns the number of rows.
    fn count(&self) -> usize;

    /// Writes the rows under an import's id.
    fn insert(
        self,
        tx: &mut TenantTx,
        import: BatchId,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Writes all rows of a file, while a thread of its own reads them. Returns the reader, which holds the mistakes that
/// it found.
pub async fn stage<R: RowReader>(
    tx: &mut TenantTx,
    import: BatchId,
    reader: R,
    progress: &mut ProgressFn<'_>,
) -> Result<R, ImportError> {
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let reading = tokio::task::spawn_blocking(move || read_all(reader, &sender));
    while let Some((batch, bytes)) = batches.recv().await {
        R::Batch::insert(batch, tx, import).await?;
        progress(bytes);
    }
    // If the reader panicked, the channel has ended, too.
    reading.await.unwrap_or(Err(ImportError::Stopped))
}

fn read_all<R: RowReader>(
    mut reader: R,
    batches: &mpsc::Sender<(R::Batch, u64)>,
) -> Result<R, ImportError> {
    let mut more = true;
    while more {
        let mut batch = R::Batch::default();
        while more && batch.count() < BATCH {
            more = reader.read(&mut batch)?;
        }
        let bytes = reader.bytes_read();
        if batch.count() > 0 && batches.blocking_send((batch, bytes)).is_err() {
            // The writer has failed and no longer receives batches.
            return Err(ImportError::Stopped);
        }
    }
    Ok(reader)
}

/// Declares a row of a staging table, and a batch of such rows that a statement can take: one array for each column.
macro_rules! batch {
    (
        $(#[$doc:meta])*
        $visibility:vis struct $row:ident in $batch:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        $visibility struct $row {
            $($(#[$field_doc])* $visibility $field: $type,)*
        }

        /// A batch of rows, stored by column.
        #[derive(Default)]
        $visibility struct $batch {
            $($field: Vec<$type>,)*
        }

        impl $batch {
            $visibility fn push(&mut self, row: $row) {
                $(self.$field.push(row.$field);)*
            }
        }
    };
}

pub(crate) use batch;
