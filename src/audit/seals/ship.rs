//! Takes seals and lines out of the database, into files that only grow. A copy on a store that never overwrites shows
//! what not even the database's superuser could undo.

use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::seal::{self, Seal};
use super::stored::{self, Place};
use crate::base::files;
use crate::db::TenantTx;

/// Seals that are read at once.
const SEALS: i64 = 20;

/// A seal as its file keeps it. Its hash stands for its lines, which are in a file beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedSeal {
    pub no: i64,
    pub encoding: i16,
    pub count: i32,
    pub first_id: Uuid,
    pub last_id: Uuid,
    pub last_at: DateTime<Utc>,
    #[serde(with = "in_base64")]
    pub prev_hash: Vec<u8>,
    #[serde(with = "in_base64")]
    pub hash: Vec<u8>,
    pub sealed_at: DateTime<Utc>,
}

impl From<&Seal> for ShippedSeal {
    fn from(seal: &Seal) -> Self {
        Self {
            no: seal.no,
            encoding: seal.encoding,
            count: seal.count,
            first_id: seal.first_id,
            last_id: seal.last_id,
            last_at: seal.last_at,
            prev_hash: seal.prev_hash.clone(),
            hash: seal.hash.clone(),
            sealed_at: seal.sealed_at,
        }
    }
}

mod in_base64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

/// The result of shipping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Shipped {
    pub seals: i64,
    pub lines: i64,
}

/// The reason why nothing more was shipped.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// The last seal that was shipped is not the database's any more; `verify` tells more.
    #[error("seal {0} is another than the one that was shipped, or is gone")]
    Forked(i64),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The files of a union in a folder.
#[derive(Debug)]
pub struct ShippedFiles {
    seals: PathBuf,
    lines: PathBuf,
}

impl ShippedFiles {
    #[must_use]
    pub fn new(folder: &Path, slug: &str) -> Self {
        Self {
            seals: folder.join(format!("{slug}.seals.jsonl")),
            lines: folder.join(format!("{slug}.lines.jsonl")),
        }
    }

    /// Reads the seals; none if none were shipped. What is no seal is left out: a power cut leaves half a record, and the
    /// whole one comes after it. A seal that is missing shows by its number.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn seals(&self) -> io::Result<Vec<ShippedSeal>> {
        let file = match files::open(&self.seals) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut seals = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            seals.extend(serde_json::from_slice::<ShippedSeal>(&line?));
        }
        Ok(seals)
    }

    /// Appends the seals that are not there yet, each after its lines.
    ///
    /// # Errors
    /// [`ShipError::Forked`] if the database's trail doesn't go on from what was shipped.
    pub async fn ship(&self, tx: &mut TenantTx) -> Result<Shipped, ShipError> {
        let last = self.seals()?.pop();
        let (mut place, mut no) = (Place::BEGINNING, 0);
        if let Some(last) = last {
            let found = seal::after(tx, last.no - 1, 1).await?;
            let same = found.first().filter(|seal| seal.no == last.no && seal.hash == last.hash);
            let same = same.ok_or(ShipError::Forked(last.no))?;
            (place, no) = (same.last(), same.no);
        }
        let mut shipped = Shipped::default();
        loop {
            let seals = seal::after(tx, no, SEALS).await?;
            if seals.is_empty() {
                return Ok(shipped);
            }
            for seal in seals {
                let lines = stored::between(tx, place, seal.last(), i64::from(seal.count)).await?;
                append(&self.lines, &lines)?;
                append(&self.seals, &[ShippedSeal::from(&seal)])?;
                shipped.seals += 1;
                shipped.lines += i64::from(seal.count);
                (place, no) = (seal.last(), seal.no);
            }
        }
    }
}

/// Appends records, and waits until they are on disk.
fn append(path: &Path, records: &[impl Serialize]) -> io::Result<()> {
    let mut text = Vec::new();
    for record in records {
        serde_json::to_writer(&mut text, record)?;
        text.push(b'\n');
    }
    files::append_lines(path, &text)
}
