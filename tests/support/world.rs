//! The product running inside the test's own process, with five unions and their people.

mod registered;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::Router;
use kosmo::app;
use kosmo::base::clock::Clock;
use kosmo::base::ids::{BatchId, TenantId};
use kosmo::base::month::Month;
use kosmo::base::sealed::Sealer;
use kosmo::config::Settings;
use kosmo::db::actor::Actor;
use kosmo::db::{Db, DbRole};
use kosmo::expenses::import::{self as expenses, ExpensesImport, Format, Imported, Strangers};
use kosmo::expenses::notices::{self, Published};
use kosmo::import::mapping::Mapping;
use kosmo::import::source::Source;
use kosmo::import::{Counts, ImportError, ImportRun, RowErrors};
use kosmo::mail::delivery;
use kosmo::mail::delivery::sender::Sender;
use kosmo::members::import::{self as members, MembersImport};
use kosmo::tenant::directory::Tenant;
use kosmo::tenant::file;
use kosmo::tenant::policy::TenantConfig;
use kosmo::tenant::registry::{self, Applied};
use kosmo::web::state::AppState;
use mail_parser::MessageParser;
use tempfile::TempDir;

use super::browser::{Browser, Page};
use super::database::TestDatabase;
use super::people::{self, GORO, JIRO, Person, SABURO, TARO};
use super::worker::BackgroundWorker;

pub const UNIONS: [&str; 5] = ["jomkenpo", "jrckenpo", "kddikenpo", "klinekenpo", "nideckenpo"];

/// The time at which the tests' clock starts: a Saturday at ten in the morning in Japan.
const START: &str = "2026-11-21T01:00:00Z";

/// Returns the actor of changes that a test makes itself.
pub fn tester() -> Actor {
    Actor::operator("test")
}

/// The result of importing a members file.
pub struct ImportedMembers {
    pub counts: Counts,
    pub bad_addresses: RowErrors,
}

pub struct World {
    /// It is dropped before the database.
    background: OnceLock<BackgroundWorker>,
    pub app: AppState,
    pub router: Router,
    pub clock: Clock,
    pub database: TestDatabase,
    pub operator: Db,
    pub worker: Db,
    folder: TempDir,
}

impl World {
    /// Makes the five unions without people.
    pub async fn empty() -> Self {
        let database = TestDatabase::new().await;
        let clock = Clock::test(START.parse().expect("a time"));
        let operator = Db::new(database.options.clone(), DbRole::Operator, 4);
        for slug in UNIONS {
            apply(&operator, &clock, &union_file(slug)).await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let app = start(&settings(folder.path()), &database, &clock).await;
        Self {
            background: OnceLock::new(),
            router: app::router(app.clone()),
            worker: Db::new(database.options.clone(), DbRole::Worker, 4),
            folder,
            app,
            clock,
            database,
            operator,
        }
    }

    /// Makes the five unions with the people of [`people`], some of them registered.
    pub async fn new() -> Self {
        let world = Self::empty().await;
        for slug in UNIONS {
            world.import_members(slug, &people::members(slug)).await.expect("the members import");
        }
        world
            .import_expenses("klinekenpo", &people::expenses())
            .await
            .expect("the expenses import");
        for person in [TARO, GORO, JIRO, SABURO] {
            world.register(person).await;
        }
        world
    }

    /// Starts the server again with other settings. Browsers opened from now on use it.
    pub async fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = self.settings();
        change(&mut settings);
        self.app = start(&settings, &self.database, &self.clock).await;
        self.router = app::router(self.app.clone());
    }

    /// The server's, as they were when it first started.
    pub fn settings(&self) -> Settings {
        settings(self.folder.path())
    }

    pub fn union(&self, slug: &str) -> Arc<Tenant> {
        let mut all = self.app.directory.all().into_iter();
        all.find(|tenant| tenant.config.slug.as_str() == slug).expect("a union")
    }

    pub fn tenant(&self, slug: &str) -> TenantId {
        self.union(slug).id
    }

    /// Opens a new browser at a union's canonical host.
    pub fn browser(&self, slug: &str) -> Browser {
        let host = if slug == "klinekenpo" { "www.klinekenpo" } else { slug };
        Browser::new(self.router.clone(), &format!("{host}.localhost:8080"))
    }

    /// Gives user ID and password, and returns the answer.
    pub async fn give_password(&self, browser: &mut Browser, person: Person) -> Page {
        // Mails are told apart by their time.
        self.clock.advance(chrono::Duration::milliseconds(1));
        browser.get("/sign-in").await;
        let fields = [("user_id", person.user_id), ("password", person.password)];
        browser.post("/sign-in", &fields).await
    }

    /// Signs a registered person in completely.
    pub async fn sign_in(&self, person: Person) -> Browser {
        let mut browser = self.browser(person.union);
        let page = self.give_password(&mut browser, person).await;
        let mut page = browser.follow(page).await;
        if page.heading().contains("メール認証") {
            let code = self.mailed_code(person.email).await;
            let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
            page = browser.follow(answer).await;
        }
        assert!(page.heading().starts_with("ようこそ"), "{}", page.text());
        browser
    }

    /// Delivers due mail, and returns the six digits of the newest mail with a code.
    pub async fn mailed_code(&self, address: &str) -> String {
        self.deliver().await;
        let mails = self.mails_to(address).into_iter();
        let mut codes = mails.filter(|mail| mail.starts_with("【KOSMOWeb】ワンタイムパスワード"));
        let text = codes.next_back().expect("a mail");
        let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
        text.split_whitespace().find(digits).expect("six digits").to_owned()
    }

    pub async fn deliver(&self) {
        let sender = Sender::File(self.mail_folder());
        delivery::deliver(&self.worker, &self.clock, &sender).await.expect("the outbox");
    }

    pub async fn deliver_into(&self, folder: PathBuf) {
        delivery::deliver(&self.worker, &self.clock, &Sender::File(folder))
            .await
            .expect("the outbox");
    }

    /// Returns subject and text of the mails to an address, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.mail_folder()) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        paths
            .into_iter()
            .filter_map(|path| {
                let bytes = std::fs::read(path).expect("a mail");
                let mail = MessageParser::default().parse(&bytes).expect("a mail");
                let to = mail.to()?.first()?.address()?.to_owned();
                let text = format!("{}\n{}", mail.subject()?, mail.body_text(0)?);
                (to == address).then_some(text)
            })
            .collect()
    }

    fn mail_folder(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// Writes a file for a command to read.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("the file is written");
        path
    }

    /// Makes a person what the first sign-in makes of them, without its pages.
    pub async fn import_members(&self, slug: &str, file: &str) -> Result<Counts, ImportError> {
        self.import_members_as_of(slug, file.as_bytes(), self.clock.today(), false).await
    }

    pub async fn import_members_as_of(
        &self,
        slug: &str,
        file: &[u8],
        as_of: chrono::NaiveDate,
        dry_run: bool,
    ) -> Result<Counts, ImportError> {
        let imported = self.import_members_file(slug, file, as_of, dry_run, false).await?;
        Ok(imported.counts)
    }

    /// Imports a file in which bad addresses are either left out or refused.
    pub async fn import_members_file(
        &self,
        slug: &str,
        file: &[u8],
        as_of: chrono::NaiveDate,
        dry_run: bool,
        skips_bad_addresses: bool,
    ) -> Result<ImportedMembers, ImportError> {
        let config = union_file(slug);
        let import = MembersImport {
            run: &self.run(dry_run),
            clock: &self.clock,
            policy: &config,
            hasher: &self.app.hasher,
            mapping: &Mapping::default(),
            as_of,
            skips_bad_addresses,
        };
        let source = Source::new("members.csv", Cursor::new(file.to_vec()))?;
        let tenant = self.tenant(slug);
        let bad_addresses =
            import.stage(&self.operator, tenant, &tester(), &source, &mut |_| {}).await?;
        let mut tx = self.worker.tenant(tenant, &tester()).await?;
        let counts = members::merge(&mut tx, &self.clock, import.run).await?;
        if !dry_run {
            tx.commit().await?;
        }
        Ok(ImportedMembers { counts, bad_addresses })
    }

    /// Imports expenses, and publishes their months of notice.
    pub async fn import_expenses(&self, slug: &str, file: &str) -> Result<Imported, ImportError> {
        let imported = self.stage_expenses(slug, file).await?;
        for month in &imported.unpublished {
            self.publish_notice(slug, *month).await;
        }
        Ok(imported)
    }

    /// Imports expenses without publishing them.
    pub async fn stage_expenses(&self, slug: &str, file: &str) -> Result<Imported, ImportError> {
        self.import_expenses_file(slug, file.as_bytes()).await
    }

    /// Does what [`World::stage_expenses`] does, for a file in any encoding.
    pub async fn import_expenses_file(
        &self,
        slug: &str,
        file: &[u8],
    ) -> Result<Imported, ImportError> {
        self.import_as(slug, file, Format::Csv(&Mapping::default())).await
    }

    /// Imports claims for a month of notice, and publishes it.
    pub async fn import_uke(
        &self,
        slug: &str,
        file: &[u8],
        notice: Month,
    ) -> Result<Imported, ImportError> {
        let imported = self.import_as(slug, file, Format::Uke { notice }).await?;
        for month in &imported.unpublished {
            self.publish_notice(slug, *month).await;
        }
        Ok(imported)
    }

    async fn import_as(
        &self,
        slug: &str,
        file: &[u8],
        format: Format<'_>,
    ) -> Result<Imported, ImportError> {
        let (run, tenant) = (self.run(false), self.tenant(slug));
        let import = ExpensesImport { run: &run, clock: &self.clock, format };
        let source = Source::new("expenses", Cursor::new(file.to_vec()))?;
        import.stage(&self.operator, tenant, &tester(), &source, &mut |_| {}).await?;
        let mut tx = self.worker.tenant(tenant, &tester()).await?;
        let imported = expenses::merge(&mut tx, &self.clock, &run, Strangers::Refused).await?;
        tx.commit().await?;
        Ok(imported)
    }

    pub async fn publish_notice(&self, slug: &str, month: Month) -> Published {
        let mut tx = self.worker.tenant(self.tenant(slug), &tester()).await.expect("a transaction");
        let published = notices::publish(&mut tx, &self.clock, month, "test").await;
        tx.commit().await.expect("a commit");
        published.expect("a month to publish")
    }

    pub fn run(&self, dry_run: bool) -> ImportRun {
        ImportRun { batch: BatchId::new(&self.clock), by: "test".to_owned(), dry_run }
    }

    /// Starts a worker for the commands that wait for one.
    pub fn start_worker(&self) {
        let (options, sealer) = (&self.database.options, &self.app.sealer);
        self.background.get_or_init(|| BackgroundWorker::start(options.clone(), sealer.clone()));
    }

    /// Changes a union's policy as the operator would.
    pub async fn change_policy(&self, slug: &str, change: impl FnOnce(&mut TenantConfig)) {
        let mut config = union_file(slug);
        change(&mut config);
        apply(&self.operator, &self.clock, &config).await;
        self.app.directory.refresh(&self.app.db).await.expect("the directory");
    }

    /// Changes the database directly, without row-level security.
    pub async fn execute(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let mut database = self.database.admin().await;
        sqlx::query(statement).execute(&mut database).await.expect("a change");
    }

    /// Reads one number from the database, without row-level security.
    pub async fn count(&self, query: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        sqlx::query_scalar(query)
            .fetch_one(&mut self.database.admin().await)
            .await
            .expect("a number")
    }
}

async fn start(settings: &Settings, database: &TestDatabase, clock: &Clock) -> AppState {
    app::build(settings, database.options.clone(), clock.clone())
        .await
        .expect("the server can be put together")
}

/// Returns settings of a server that keeps its files in this folder.
pub fn settings(folder: &Path) -> Settings {
    let keys = folder.join("sealing.keys");
    if !keys.exists() {
        std::fs::write(&keys, Sealer::new_file()).expect("the keys are written");
    }
    let mut settings = Settings::default();
    settings.database.max_connections = 8;
    settings.sealing.keys_file = Some(keys);
    settings
}

pub async fn apply(operator: &Db, clock: &Clock, config: &TenantConfig) -> Applied {
    let mut tx = operator.platform().await.expect("a transaction");
    let applied = registry::apply(&mut tx, clock, config, "test", "").await.expect("the policy");
    tx.commit().await.expect("a commit");
    applied
}

/// Reads a union's file as it ships.
pub fn union_file(slug: &str) -> TenantConfig {
    let path = format!("{}/tenants/{slug}.toml", env!("CARGO_MANIFEST_DIR"));
    file::parse(&std::fs::read_to_string(path).expect("a tenant file")).expect("a right one")
}
