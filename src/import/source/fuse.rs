//! The fuse stops a row without end before it fills the memory.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::wrong::wrong;

/// A longer row is no real row. It comes from a quotation mark that was never closed.
const LONGEST_ROW: u64 = 256 * 1024;

/// Blows if a single row is longer than [`LONGEST_ROW`]. It also counts the bytes that were read.
#[derive(Debug, Clone, Default)]
pub struct Fuse {
    total: Arc<AtomicU64>,
    since_row: Arc<AtomicU64>,
}

impl Fuse {
    /// Tells the fuse that a row has ended.
    pub fn reset(&self) {
        self.since_row.store(0, Relaxed);
    }

    /// Returns the number of bytes of the file that were read so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }
}

/// A reader that counts its bytes, and fails if the fuse has blown.
pub(super) struct Metered<R> {
    pub(super) inner: R,
    pub(super) fuse: Fuse,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.fuse.since_row.load(Relaxed) > LONGEST_ROW {
            return Err(wrong(&format!(
                "1行が{}KBを超えています（閉じられていない引用符「\"」がないか確認してください）",
                LONGEST_ROW / 1024
            )));
        }
        let count = self.inner.read(buffer)?;
        self.fuse.total.fetch_add(count as u64, Relaxed);
        self.fuse.since_row.fetch_add(count as u64, Relaxed);
        Ok(count)
    }
}
