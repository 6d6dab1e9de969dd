//! Lines of the trail for a file.

use crate::audit::{LineKey, find};
use crate::console::trail::lines;
use crate::console::trail::query::Wanted;
use crate::db::TenantTx;
use crate::web::trail::TrailLineView;

/// A file has no more lines, whoever lets it be taken away.
pub(super) const MOST_WITH_APPROVAL: i64 = 20_000;
/// Lines that are read at once.
const BATCH: i64 = 500;

/// Counts lines up to one more than `most`.
pub(super) async fn count(
    tx: &mut TenantTx,
    wanted: &Wanted,
    most: i64,
) -> Result<i64, sqlx::Error> {
    let filter = lines::filter(tx, wanted).await?;
    let found = find::find(tx, &filter, None, most + 1).await?;
    Ok(i64::try_from(found.len()).unwrap_or(i64::MAX))
}

/// Reads all lines in batches, up to one more than `most`.
pub(super) async fn read(
    tx: &mut TenantTx,
    wanted: &Wanted,
    most: i64,
) -> Result<Vec<TrailLineView>, sqlx::Error> {
    let filter = lines::filter(tx, wanted).await?;
    let (mut views, mut before): (Vec<TrailLineView>, Option<LineKey>) = (Vec::new(), None);
    loop {
        let left = most + 1 - i64::try_from(views.len()).unwrap_or(i64::MAX);
        let batch = lines::read(tx, &filter, before, left.min(BATCH)).await?;
        let Some(last) = batch.last() else { return Ok(views) };
        before = Some(last.key());
        views.append(&mut lines::views(tx, &batch).await?);
    }
}
