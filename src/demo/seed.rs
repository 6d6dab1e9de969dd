//! Fills an empty database: the unions of `tenants/`, and people and expenses of `infra/demo`, through the importers that
//! an operator uses.

use std::collections::HashSet;
use std::io::Cursor;

use anyhow::Context as _;
use rust_embed::RustEmbed;

use super::people::{self, DemoPerson, Registered};
use crate::auth::credentials::hashing::PasswordHasher;
use crate::base::clock::Clock;
use crate::base::ids::BatchId;
use crate::base::month::Month;
use crate::db::actor::Actor;
use crate::db::{Db, TenantTx};
use crate::expenses::import::{self as expenses, ExpensesImport, Format, Strangers};
use crate::expenses::notices;
use crate::import::ImportRun;
use crate::import::mapping::Mapping;
use crate::import::source::Source;
use crate::members::import::{self as members, MembersImport};
use crate::members::roster::{self, RosterFilter, Standing};
use crate::tenant::directory::Tenant;
use crate::tenant::{file, registry};

#[derive(RustEmbed)]
#[folder = "tenants/"]
struct TenantFiles;

#[derive(RustEmbed)]
#[folder = "infra/demo/"]
struct DemoFiles;

/// The name of the demo on the trail.
const BY: &str = "demo";
/// More than any union of the demo has.
const MOST_BEGINNERS: i64 = 1_000;

/// Brings in the unions that the database doesn't know; those it knows stay as they are.
pub(super) async fn unions(db: &Db) -> anyhow::Result<()> {
    let mut tx = db.platform().await?;
    for path in TenantFiles::iter() {
        let text = TenantFiles::get(&path).context("an embedded file")?;
        let config = file::parse(std::str::from_utf8(&text.data)?)
            .map_err(|problems| anyhow::anyhow!("tenants/{path}: {}", problems[0]))?;
        if registry::find(&mut tx, config.slug.as_str()).await?.is_none() {
            registry::apply(&mut tx, &Clock::System, &config, BY, "最初の登録").await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

/// Brings in a union's people and expenses, unless it has people already. Gives those who can sign
/// in; none for a union that the demo has no files of.
pub(super) async fn people(
    db: &Db,
    worker: &Db,
    hasher: &PasswordHasher,
    tenant: &Tenant,
) -> anyhow::Result<Vec<DemoPerson>> {
    let slug = tenant.config.slug.as_str();
    let Some(members) = DemoFiles::get(&format!("{slug}/members.csv")) else {
        return Ok(Vec::new());
    };
    let registered = DemoFiles::get("registered.csv").context("infra/demo/registered.csv")?;
    let registered: Vec<Registered> = csv::Reader::from_reader(registered.data.as_ref())
        .deserialize()
        .collect::<Result<_, _>>()
        .context("infra/demo/registered.csv")?;
    let everyone = people::of(tenant, &members.data, &registered)
        .with_context(|| format!("infra/demo/{slug}/members.csv"))?;
    let seeding = Seeding { db, worker, hasher, tenant };
    if seeding.is_empty().await? {
        seeding.seed(&members.data).await?;
    }
    Ok(everyone)
}

/// Returns the list of the unions' staff.
pub(super) fn staff() -> anyhow::Result<Vec<u8>> {
    let list = DemoFiles::get("staff.csv").context("infra/demo/staff.csv")?;
    Ok(list.data.into_owned())
}

/// Returns the user IDs of a union's people who have yet to do the first sign-in.
pub(super) async fn beginners(db: &Db, tenant: &Tenant) -> anyhow::Result<HashSet<String>> {
    let mut tx = db.tenant(tenant.id, &actor()).await?;
    let mut all = HashSet::new();
    for standing in [Standing::Migrated, Standing::Letter] {
        let filter = RosterFilter { standing: Some(standing), ..RosterFilter::default() };
        let listed = roster::list(&mut tx, filter, MOST_BEGINNERS).await?;
        all.extend(listed.into_iter().filter_map(|member| member.user_id));
    }
    tx.commit().await?;
    Ok(all)
}

struct Seeding<'s> {
    db: &'s Db,
    worker: &'s Db,
    hasher: &'s PasswordHasher,
    tenant: &'s Tenant,
}

impl Seeding<'_> {
    async fn is_empty(&self) -> anyhow::Result<bool> {
        let mut tx = self.db.tenant(self.tenant.id, &actor()).await?;
        Ok(registry::people(&mut tx).await?.members == 0)
    }

    /// All of a union in one transaction; what takes its time comes before it. What was read for it is swept, should it
    /// not come that far.
    async fn seed(&self, members: &[u8]) -> anyhow::Result<()> {
        let members_run = run();
        self.stage_members(&members_run, members).await?;
        let expenses_run = self.stage_expenses().await?;
        let mut tx = self.worker.tenant(self.tenant.id, &actor()).await?;
        members::merge(&mut tx, &Clock::System, &members_run)
            .await
            .map_err(|error| self.explain("members.csv", &error))?;
        if let Some(run) = expenses_run {
            self.merge_expenses(&mut tx, &run).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn stage_members(&self, run: &ImportRun, members: &[u8]) -> anyhow::Result<()> {
        let source = Source::new("members.csv", Cursor::new(members.to_vec()))?;
        let import = MembersImport {
            run,
            clock: &Clock::System,
            policy: &self.tenant.config,
            hasher: self.hasher,
            mapping: &Mapping::default(),
            as_of: Clock::System.today(),
            skips_bad_addresses: false,
        };
        let staged = import.stage(self.db, self.tenant.id, &actor(), &source, &mut |_| {}).await;
        staged.map(drop).map_err(|error| self.explain("members.csv", &error))
    }

    /// Gives the run that merges them; `None` for a union that the demo has no expenses of.
    async fn stage_expenses(&self) -> anyhow::Result<Option<ImportRun>> {
        let name = format!("{}/expenses.csv", self.tenant.config.slug);
        let Some(expenses) = DemoFiles::get(&name) else { return Ok(None) };
        let last_month = Month::of(Clock::System.today()).plus(-1);
        let source = Source::new("expenses.csv", Cursor::new(up_to(last_month, &expenses.data)?))?;
        let (run, mapping) = (run(), Mapping::default());
        ExpensesImport { run: &run, clock: &Clock::System, format: Format::Csv(&mapping) }
            .stage(self.db, self.tenant.id, &actor(), &source, &mut |_| {})
            .await
            .map_err(|error| self.explain("expenses.csv", &error))?;
        Ok(Some(run))
    }

    async fn merge_expenses(&self, tx: &mut TenantTx, run: &ImportRun) -> anyhow::Result<()> {
        let imported = expenses::merge(tx, &Clock::System, run, Strangers::Refused)
            .await
            .map_err(|error| self.explain("expenses.csv", &error))?;
        for month in imported.unpublished {
            notices::publish(tx, &Clock::System, month, BY).await?;
        }
        Ok(())
    }

    fn explain(&self, file: &str, error: &crate::import::ImportError) -> anyhow::Error {
        let first = match error {
            crate::import::ImportError::Rows(errors) => {
                errors.told.first().map(ToString::to_string)
            }
            _ => None,
        };
        let slug = &self.tenant.config.slug;
        anyhow::anyhow!("infra/demo/{slug}/{file}: {error}: {}", first.unwrap_or_default())
    }
}

fn actor() -> Actor {
    Actor::operator(BY)
}

fn run() -> ImportRun {
    ImportRun { batch: BatchId::new(&Clock::System), by: BY.to_owned(), dry_run: false }
}

/// Moves the months of an expenses file so that its newest notice is `newest`: a demo started next
/// year has a last month, too.
fn up_to(newest: Month, expenses: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut reader = csv::Reader::from_reader(expenses);
    let headings = reader.headers()?.clone();
    let place = |name: &str| headings.iter().position(|heading| heading == name);
    let notice = place("通知年月").context("通知年月")?;
    let treatment = place("診療年月").context("診療年月")?;
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>()?;
    let months = rows.iter().filter_map(|row| Month::parse(&row[notice]));
    let Some(last) = months.max() else { return Ok(expenses.to_vec()) };
    let shift = newest.since(last);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headings)?;
    for row in &rows {
        writer.write_record(row.iter().enumerate().map(|(column, value)| {
            let month = Month::parse(value).filter(|_| column == notice || column == treatment);
            month.map_or_else(|| value.to_owned(), |month| month.plus(shift).to_string())
        }))?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_the_unions_that_ship_are_right() {
        let mut slugs: Vec<_> = TenantFiles::iter()
            .map(|path| {
                let text = TenantFiles::get(&path).unwrap();
                let config = file::parse(std::str::from_utf8(&text.data).unwrap());
                config.unwrap_or_else(|problems| panic!("{path}: {problems:?}")).slug.to_string()
            })
            .collect();
        slugs.sort();
        assert_eq!(slugs, ["jomkenpo", "jrckenpo", "kddikenpo", "klinekenpo", "nideckenpo"]);
    }

    #[test]
    fn the_newest_notice_is_last_months() {
        let file = "通知年月,診療年月,日数\n2026-09,2026-07,1\n2026-10,2026-08,2\n";
        let moved = up_to(Month::new(2027, 2).unwrap(), file.as_bytes()).unwrap();
        let expected = "通知年月,診療年月,日数\n2027-01,2026-11,1\n2027-02,2026-12,2\n";
        assert_eq!(String::from_utf8(moved).unwrap(), expected);
    }
}
