//! A seal: the hashes of a batch of lines, and of the seal before.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::stored::{ENCODING, Encoder, HASH, Place, StoredLine};
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// The bytes that a seal keeps of a line.
const ENTRY: usize = 8 + 8 + 16 + HASH;

/// The `prev_hash` of a union's first seal.
pub(super) const NOTHING: [u8; HASH] = [0; HASH];

/// A line that a seal covers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub place: Place,
    pub hash: [u8; HASH],
}

/// A seal as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    pub no: i64,
    pub encoding: i16,
    pub first_id: Uuid,
    pub last_written_in: i64,
    pub last_at: DateTime<Utc>,
    pub last_id: Uuid,
    pub count: i32,
    pub lines: Vec<u8>,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
    pub sealed_at: DateTime<Utc>,
}

impl Seal {
    /// Makes the seal after another. Returns `None` if there are no lines.
    pub fn of(
        tenant: TenantId,
        before: Option<&LastSeal>,
        lines: &[StoredLine],
        sealed_at: DateTime<Utc>,
    ) -> Option<Self> {
        let (first, last) = (lines.first()?, lines.last()?);
        let mut entries = Vec::with_capacity(lines.len() * ENTRY);
        for line in lines {
            entries.extend_from_slice(&line.written_in.to_be_bytes());
            entries.extend_from_slice(&line.at.timestamp_micros().to_be_bytes());
            entries.extend_from_slice(line.id.as_bytes());
            entries.extend_from_slice(&line.hash(tenant));
        }
        let mut seal = Self {
            no: before.map_or(1, |before| before.no + 1),
            encoding: ENCODING,
            first_id: first.id,
            last_written_in: last.written_in,
            last_at: last.at,
            last_id: last.id,
            count: i32::try_from(lines.len()).ok()?,
            lines: entries,
            prev_hash: before.map_or(NOTHING.to_vec(), |before| before.hash.clone()),
            hash: Vec::new(),
            sealed_at,
        };
        seal.hash = seal.own_hash(tenant).to_vec();
        Some(seal)
    }

    /// Returns the hash that the seal has to have.
    pub fn own_hash(&self, tenant: TenantId) -> [u8; HASH] {
        let mut bytes = Encoder(Sha256::new());
        bytes.text(Some("kosmo seal"));
        bytes.number(Some(self.encoding.into()));
        bytes.id(Some(tenant.0));
        bytes.number(Some(self.no));
        bytes.id(Some(self.first_id));
        bytes.number(Some(self.last_written_in));
        bytes.number(Some(self.last_at.timestamp_micros()));
        bytes.id(Some(self.last_id));
        bytes.number(Some(self.count.into()));
        bytes.bytes(Some(&self.lines));
        bytes.bytes(Some(&self.prev_hash));
        bytes.number(Some(self.sealed_at.timestamp_micros()));
        bytes.0.finalize().into()
    }

    pub const fn last(&self) -> Place {
        Place { written_in: self.last_written_in, at: self.last_at, id: self.last_id }
    }

    /// Returns the lines that it covers, in order. What can't be read is left out; the seal's hash doesn't fit then.
    pub fn entries(&self) -> Vec<Entry> {
        self.lines.chunks_exact(ENTRY).filter_map(entry).collect()
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let (written_in, rest) = bytes.split_first_chunk::<8>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let place = Place {
        written_in: i64::from_be_bytes(*written_in),
        at: DateTime::from_timestamp_micros(i64::from_be_bytes(*at))?,
        id: Uuid::from_bytes(*id),
    };
    Some(Entry { place, hash: rest.try_into().ok()? })
}

/// The newest seal of a union.
#[derive(Debug, Clone)]
pub(super) struct LastSeal {
    pub no: i64,
    pub hash: Vec<u8>,
    written_in: i64,
    at: DateTime<Utc>,
    id: Uuid,
}

impl LastSeal {
    pub const fn place(&self) -> Place {
        Place { written_in: self.written_in, at: self.at, id: self.id }
    }
}

pub(super) async fn last(tx: &mut TenantTx) -> Result<Option<LastSeal>, sqlx::Error> {
    sqlx::query_as!(
        LastSeal,
        "select no, hash, last_written_in as written_in, last_at as at, last_id as id
         from audit_seals where tenant_id = $1 order by no desc limit 1",
        tx.tenant() as TenantId
    )
    .fetch_optional(tx.conn())
    .await
}

/// Reads seals after a number, in their order.
pub(super) async fn after(
    tx: &mut TenantTx,
    no: i64,
    limit: i64,
) -> Result<Vec<Seal>, sqlx::Error> {
    sqlx::query_as!(
        Seal,
        "select no, encoding, first_id, last_written_in, last_at, last_id, count, lines, prev_hash,
                hash, sealed_at
         from audit_seals where tenant_id = $1 and no > $2 order by no limit $3",
        tx.tenant() as TenantId,
        no,
        limit
    )
    .fetch_all(tx.conn())
    .await
}
