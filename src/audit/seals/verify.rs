//! Compares a union's trail with its seals, and with those that were shipped.

use std::collections::HashMap;

use chrono::{DateTime, Months, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::seal::{self, NOTHING, Seal};
use super::ship::ShippedSeal;
use super::stored::{self, Place};
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::TenantTx;

/// Lines may be deleted after this time.
const KEPT_MONTHS: u32 = 6 * 12;
/// Seals that are read at once.
const SEALS: i64 = 20;
/// Where more lines than this were inserted after one another, the rest isn't listed.
const MOST_INSERTED: i64 = 1_000;

/// A fault at one place of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A seal before others is gone.
    SealMissing,
    /// A seal doesn't fit its own hash.
    SealChanged,
    /// A seal doesn't follow from the one before it.
    ChainBroken,
    LineMissing,
    LineChanged,
    /// A line stands where none was when it was sealed, or where none can be yet.
    LineInserted,
    /// The newest seals, with their lines, were cut off after they had been shipped.
    TailCut,
    /// A seal is another than the one that was shipped.
    SealReplaced,
    /// Shipped seals are gone from their file.
    ShippedMissing,
}

/// A fault and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub fault: Fault,
    /// The seal at which it shows; none for lines that aren't sealed yet.
    pub seal: Option<i64>,
    pub line: Option<Uuid>,
    /// The time of the line, or the last line's of the seal.
    pub at: Option<DateTime<Utc>>,
}

/// The numbers of seals and lines that were compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    pub seals: i64,
    pub lines: i64,
    /// Lines that were deleted after their time.
    pub expired: i64,
    /// Lines that wait for a seal, and since when.
    pub unsealed: i64,
    pub unsealed_since: Option<DateTime<Utc>>,
    pub findings: Vec<Finding>,
}

/// Compares a union's lines with its seals, and these with `shipped`.
pub async fn verify(
    tx: &mut TenantTx,
    clock: &Clock,
    shipped: &[ShippedSeal],
) -> Result<Verified, sqlx::Error> {
    let kept_since = clock.now().checked_sub_months(Months::new(KEPT_MONTHS));
    let mut walk = Walk {
        kept_since: kept_since.unwrap_or(DateTime::UNIX_EPOCH),
        told: Verified::default(),
        no: 0,
        hash: NOTHING.to_vec(),
        place: Place::BEGINNING,
        hashes: HashMap::new(),
    };
    loop {
        let seals = seal::after(tx, walk.no, SEALS).await?;
        if seals.is_empty() {
            break;
        }
        for seal in &seals {
            walk.pass(tx, seal, !shipped.is_empty()).await?;
        }
    }
    walk.compare(shipped);
    walk.look_beyond(tx).await?;
    Ok(walk.told)
}

/// The way along the seals.
struct Walk {
    kept_since: DateTime<Utc>,
    told: Verified,
    /// The last seal that was passed, its hash, and the last line that it covers.
    no: i64,
    hash: Vec<u8>,
    place: Place,
    /// The hashes of all seals, if they are wanted later.
    hashes: HashMap<i64, Vec<u8>>,
}

impl Walk {
    fn find(&mut self, fault: Fault, seal: Option<i64>, line: Option<Place>) {
        let (line, at) = (line.map(|line| line.id), line.map(|line| line.at));
        self.told.findings.push(Finding { fault, seal, line, at });
    }

    async fn pass(
        &mut self,
        tx: &mut TenantTx,
        seal: &Seal,
        keeps_hash: bool,
    ) -> Result<(), sqlx::Error> {
        let entries = seal.entries();
        if seal.no != self.no + 1 {
            for no in self.no + 1..seal.no {
                self.find(Fault::SealMissing, Some(no), None);
            }
            // The lines of the seals that are gone belong to none.
            if let Some(first) = entries.first() {
                let id = Uuid::from_u128(first.place.id.as_u128().saturating_sub(1));
                self.place = Place { id, ..first.place };
            }
        } else if seal.prev_hash != self.hash {
            self.find(Fault::ChainBroken, Some(seal.no), None);
        }
        if seal.own_hash(tx.tenant()).as_slice() != seal.hash {
            self.find(Fault::SealChanged, Some(seal.no), Some(seal.last()));
        }
        self.compare_lines(tx, seal, &entries).await?;
        self.told.seals += 1;
        (self.no, self.hash, self.place) = (seal.no, seal.hash.clone(), seal.last());
        if keeps_hash {
            self.hashes.insert(seal.no, seal.hash.clone());
        }
        Ok(())
    }

    async fn compare_lines(
        &mut self,
        tx: &mut TenantTx,
        seal: &Seal,
        entries: &[seal::Entry],
    ) -> Result<(), sqlx::Error> {
        let no = Some(seal.no);
        let tenant = tx.tenant();
        let limit = i64::from(seal.count) + MOST_INSERTED;
        let lines = stored::between(tx, self.place, seal.last(), limit).await?;
        let mut lines = lines.iter().peekable();
        for entry in entries {
            while let Some(line) = lines.next_if(|line| line.place() < entry.place) {
                self.find(Fault::LineInserted, no, Some(line.place()));
            }
            match lines.next_if(|line| line.place() == entry.place) {
                Some(line) if line.hash(tenant) == entry.hash => self.told.lines += 1,
                Some(line) => self.find(Fault::LineChanged, no, Some(line.place())),
                None if entry.place.at < self.kept_since => self.told.expired += 1,
                None => self.find(Fault::LineMissing, no, Some(entry.place)),
            }
        }
        for line in lines {
            self.find(Fault::LineInserted, no, Some(line.place()));
        }
        Ok(())
    }

    /// Compares the seals that were passed with those that were shipped.
    fn compare(&mut self, shipped: &[ShippedSeal]) {
        let mut before = 0;
        for seal in shipped {
            for no in before + 1..seal.no {
                self.find(Fault::ShippedMissing, Some(no), None);
            }
            before = seal.no;
            let last = Place { written_in: 0, at: seal.last_at, id: seal.last_id };
            match self.hashes.get(&seal.no) {
                Some(hash) if *hash == seal.hash => {}
                Some(_) => self.find(Fault::SealReplaced, Some(seal.no), Some(last)),
                None if seal.no > self.no => self.find(Fault::TailCut, Some(seal.no), Some(last)),
                // It is told already.
                None => {}
            }
        }
    }

    /// Looks at the lines that no seal covers yet.
    async fn look_beyond(&mut self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        let next = sqlx::query_scalar!(
            r#"select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as "next!""#
        )
        .fetch_one(tx.conn())
        .await?;
        let place = self.place;
        let waiting = sqlx::query!(
            r#"select count(*) as "lines!", min(at) as since from audit_events
               where tenant_id = $1 and (written_in, at, id) > ($2, $3, $4)"#,
            tx.tenant() as TenantId,
            place.written_in,
            place.at,
            place.id
        )
        .fetch_one(tx.conn())
        .await?;
        (self.told.unsealed, self.told.unsealed_since) = (waiting.lines, waiting.since);
        // A line that was written while this looks on has a number below the next one's of that moment.
        let end = Place::before_transaction(i64::MAX);
        let after = Place::before_transaction(next + LEEWAY);
        for line in stored::between(tx, after, end, MOST_INSERTED).await? {
            self.find(Fault::LineInserted, None, Some(line.place()));
        }
        Ok(())
    }
}

/// No more transactions than this begin while the trail is looked at.
const LEEWAY: i64 = 1_000_000;
