//! Imports a file of members: all of it or nothing.
//!
//! The file's rows go into a staging table while they are read, so that memory stays flat. Then [`merge`] makes the
//! registry equal to them. A person is known by the union's own lasting code, so that a change of symbol and number
//! keeps the account (seed 000 A11).

pub mod job;
mod letters;
mod row;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use self::row::{MemberReader, Rules};
use super::{check, merge};
use crate::auth::credentials::hashing::PasswordHasher;
use crate::base::clock::Clock;
use crate::base::ids::TenantId;
use crate::db::actor::Actor;
use crate::db::{Db, TenantTx};
use crate::import::batches;
use crate::import::kind::ImportKind;
use crate::import::mapping::Mapping;
use crate::import::source::Source;
use crate::import::staged::{self, StagedFile};
use crate::import::{Counts, ImportError, ImportRun, ProgressFn, RowErrors, staging};
use crate::tenant::policy::TenantConfig;

/// Everything that is needed to read a file, besides the file itself.
pub struct MembersImport<'i> {
    pub run: &'i ImportRun,
    pub clock: &'i Clock,
    pub policy: &'i TenantConfig,
    pub hasher: &'i PasswordHasher,
    pub mapping: &'i Mapping,
    /// The day for which the file is correct. Changed symbols and numbers are valid from this day.
    pub as_of: NaiveDate,
    /// If true, an address that can't be read is left out, and the person is imported. If false, it is a mistake of
    /// the file.
    pub skips_bad_addresses: bool,
}

impl MembersImport<'_> {
    /// Reads the file and keeps its rows, to be merged under the run's id. Returns the addresses that were left out.
    ///
    /// # Errors
    /// [`ImportError::Rows`] with the mistakes of the file by row and column. Then nothing was kept.
    pub async fn stage(
        &self,
        db: &Db,
        tenant: TenantId,
        actor: &Actor,
        source: &Source,
        progress: &mut ProgressFn<'_>,
    ) -> Result<RowErrors, ImportError> {
        // A dry run is rolled back, so it needs no hashes.
        let hashes = match self.run.dry_run {
            true => HashMap::new(),
            false => {
                let (hasher, mapping) = (self.hasher, self.mapping);
                letters::hash_passwords(hasher, db, tenant, actor, source, mapping).await?
            }
        };
        let reader = MemberReader::open(source, self.mapping, self.rules(), hashes)?;
        let mut file =
            StagedFile::new(ImportKind::Members, source, String::new(), self.mapping.clone());
        file.as_of = Some(self.as_of);
        let import = self.run.batch;
        let mut tx = db.tenant(tenant, actor).await?;
        file.keep(&mut tx, self.clock, import).await?;
        let MemberReader { mut errors, bad_addresses, unread, .. } =
            staging::stage(&mut tx, import, reader, progress).await?;
        if !errors.is_empty() {
            // The rows are also checked as a whole now, so that the operator sees all mistakes at once. If there is
            // no mistake so far, `merge` does this check.
            check::check(&mut tx, import, &file, &unread, &mut errors).await?;
            errors.into_result()?;
        }
        tx.commit().await?;
        Ok(bad_addresses)
    }

    fn rules(&self) -> Rules {
        Rules {
            insurer_numbers: self.policy.insurer_numbers.clone(),
            has_letters: self.policy.first_sign_in.letter.is_some(),
            has_formula: self.policy.first_sign_in.formula.is_some(),
            skips_bad_addresses: self.skips_bad_addresses,
            clock: self.clock.clone(),
        }
    }
}

/// Makes the registry equal to a staged file, and deletes the staged file. The caller commits. After a dry run it
/// drops the transaction instead, and the staged file stays.
///
/// # Errors
/// [`ImportError::Rows`] with the mistakes of the file by row and column. [`ImportError::Forgotten`] if the staged
/// file is not there any more.
pub async fn merge(
    tx: &mut TenantTx,
    clock: &Clock,
    run: &ImportRun,
) -> Result<Counts, ImportError> {
    batches::lock(tx, ImportKind::Members).await?;
    let file = StagedFile::find(tx, ImportKind::Members, run.batch).await?;
    let as_of = file.as_of.ok_or(ImportError::Forgotten)?;
    let mut errors = RowErrors::default();
    check::check(tx, run.batch, &file, &HashSet::new(), &mut errors).await?;
    errors.into_result()?;
    let counts = merge::merge(tx, clock, run.batch, as_of).await?;
    batches::record(tx, clock, run, &file, counts).await?;
    staged::forget(tx, run.batch).await?;
    Ok(counts)
}
