//! Reads a file into its staging table, with reading and writing at the same time.
//!
//! PostgreSQL takes no COPY into a table with row-level security. So rows go in some thousands at a time, as an array
//! a column (`unnest`), which is about as fast, and such a statement is checked at compile time like any other. It reads
//! the row of the staged file along, so that it runs on the machine that has the union's rows (`infra/scale`).

use std::future::Future;

use tokio::sync::mpsc;

use super::{ImportError, Progress};
use crate::base::ids::BatchId;
use crate::db::TenantTx;

/// Rows of a batch: enough that the way to the database and back doesn't count, and few enough for the memory.
const BATCH: usize = 4_000;
/// Batches that are read ahead of the database.
const AHEAD: usize = 2;

/// Reads a file's rows, and notes what is wrong with them.
pub trait Reader: Send + 'static {
    type Batch: Batch;

    /// Reads a row, and adds it to the batch if there is nothing wrong with it. Returns false at the file's end.
    ///
    /// # Errors
    /// What makes the rest of the file unreadable.
    fn read(&mut self, batch: &mut Self::Batch) -> Result<bool, ImportError>;

    /// Bytes of the file read so far.
    fn bytes_read(&self) -> u64;
}

/// Rows of a staging table; see [`batch!`].
pub trait Batch: Default + Send + 'static {
    /// The number of rows.
    fn count(&self) -> usize;

    /// Writes the rows, as those of an import.
    fn insert(
        self,
        tx: &mut TenantTx,
        import: BatchId,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Writes all rows of a file, while a thread of its own reads them. Gives the reader back, with what it noted.
///
/// # Errors
/// The file's, and the database's.
pub async fn stage<R: Reader>(
    tx: &mut TenantTx,
    import: BatchId,
    reader: R,
    progress: &mut Progress<'_>,
) -> Result<R, ImportError> {
    let (sender, mut batches) = mpsc::channel(AHEAD);
    let reading = tokio::task::spawn_blocking(move || read_all(reader, &sender));
    while let Some((batch, bytes)) = batches.recv().await {
        R::Batch::insert(batch, tx, import).await?;
        progress(bytes);
    }
    // A reader that panicked has ended the channel, too.
    reading.await.unwrap_or(Err(ImportError::Stopped))
}

fn read_all<R: Reader>(
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
            // Nobody waits for them any more.
            return Err(ImportError::Stopped);
        }
    }
    Ok(reader)
}

/// Declares a row of a staging table, and a batch of such rows as one statement takes them: an array a column.
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

        /// Rows, column by column.
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
