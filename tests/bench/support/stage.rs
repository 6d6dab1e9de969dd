//! The setting of the measurements: unions with their people in a private PostgreSQL, and the
//! programs that work on them.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use kosmo::auth::credentials::hashing::PasswordHasher;
use kosmo::base::clock::Clock;
use kosmo::base::ids::TenantId;
use kosmo::base::sealed::Sealer;
use kosmo::config::HashingSettings;
use kosmo::db::local::{LocalPostgres, find_binaries};
use kosmo::db::{Db, DbRole};
use kosmo::tenant::registry;
use kosmo::tenant::terms::{self, Terms};

use crate::support::files::{self, ONE_FAMILY, PEOPLE, PEOPLE_NEXT_DOOR, People};
use crate::support::http::Connection;
use crate::tell;

/// A union that signs in with a password only, so that no mail is needed.
pub(crate) const UNION: &str = "jrckenpo";
/// Another union with the same policy.
pub(crate) const NEIGHBOUR: &str = "tonarikenpo";
/// A union that mails a code after the right password.
pub(crate) const MAILING_UNION: &str = "nideckenpo";
/// The header with a request's client address.
pub(crate) const CLIENT_ADDRESS: &str = "x-client-address";
pub(crate) const PASSWORD: &str = "Umikaze-2026";
/// The server's login in production has these settings (`infra/production/roles.sql`).
const SERVER_OPTIONS: &str = "&options[plan_cache_mode]=force_generic_plan&options[jit]=off";
const TENANTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tenants");
const KOSMO: &str = env!("CARGO_BIN_EXE_kosmo");

const READY_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct Stage<'s> {
    pub(crate) folder: &'s Path,
    url: String,
}

impl<'s> Stage<'s> {
    /// Imports the unions and their people, as an operator does.
    pub(crate) async fn set(postgres: &LocalPostgres, folder: &'s Path) -> anyhow::Result<Self> {
        tell("unions with their people");
        let stage = Self { folder, url: postgres.url() };
        std::fs::write(stage.sealing_keys(), Sealer::new_file())?;
        succeed(&mut stage.kosmo(["migrate"]))?;
        let unions = [(UNION, PEOPLE), (NEIGHBOUR, PEOPLE_NEXT_DOOR), (MAILING_UNION, ONE_FAMILY)];
        let worker = Worker::start(&stage)?;
        for (union, people) in unions {
            stage.bring_in(union, people)?;
        }
        drop(worker);
        // This makes it like a database that has been in use for a while.
        stage.sql("vacuum analyze")?;
        let db = Db::new(postgres.options(), DbRole::Operator, 2);
        let hasher = PasswordHasher::new(&HashingSettings::default());
        let hash = hasher.hash_patiently(TenantId(uuid::Uuid::nil()), &PASSWORD.into()).await?;
        for (union, people) in unions {
            register_subscribers(&stage, &db, union, people, &hash).await?;
        }
        db.close().await;
        Ok(stage)
    }

    fn bring_in(&self, union: &str, people: People) -> anyhow::Result<()> {
        let shipped = if union == NEIGHBOUR { UNION } else { union };
        let policy = std::fs::read_to_string(format!("{TENANTS}/{shipped}.toml"))?;
        let (file, members) = (self.file("union.toml"), self.file("members.csv"));
        std::fs::write(&file, policy.replace(shipped, union))?;
        files::write_members(&members, people)?;
        succeed(self.kosmo(["tenant", "apply"]).arg(&file))?;
        succeed(self.kosmo(["members", "import", "--tenant", union]).arg(&members)).map(drop)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn sealing_keys(&self) -> PathBuf {
        self.file("sealing.keys")
    }

    /// Makes a command of the product, as an operator runs it.
    pub(crate) fn kosmo<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(KOSMO);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"KOSMO_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            // No kosmo.toml of the caller must be read.
            .current_dir(self.folder)
            .env("KOSMO_DATABASE__URL", &self.url)
            .env("KOSMO_DATA_DIR", self.folder)
            .env("KOSMO_SEALING__KEYS_FILE", self.sealing_keys())
            .env("KOSMO_LOG__FILTER", "warn")
            .stdin(Stdio::null());
        command
    }

    /// Makes a psql command as the cluster's superuser: only that may COPY into a table with
    /// row-level security.
    pub(crate) fn psql(&self, sql: &str) -> Command {
        let mut command = postgres_program("psql");
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.url])
            .env("PGCLIENTENCODING", "UTF8")
            .stdin(Stdio::null());
        command
    }

    /// Returns psql's output.
    pub(crate) fn sql(&self, sql: &str) -> anyhow::Result<String> {
        succeed(&mut self.psql(sql)).map(|answer| answer.trim().to_owned())
    }

    /// Makes a pgbench command with the server's role, within the union.
    pub(crate) fn pgbench(&self) -> anyhow::Result<Command> {
        let tenant = self.sql(&format!("select id from tenants where slug = '{UNION}'"))?;
        let mut command = postgres_program("pgbench");
        let role = DbRole::Server.name();
        command
            .arg(&self.url)
            .env("PGOPTIONS", format!("-c role={role} -c kosmo.tenant_id={tenant}"))
            .stdin(Stdio::null());
        Ok(command)
    }
}

/// Finds a client program beside the server's, or on `PATH`.
fn postgres_program(name: &str) -> Command {
    let beside = find_binaries().map(|folder| folder.join(name)).filter(|path| path.is_file());
    Command::new(beside.unwrap_or_else(|| name.into()))
}

/// Runs a program to its end, and returns its stdout.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.stderr(Stdio::inherit()).output().with_context(|| program.clone())?;
    ensure!(output.status.success(), "{program} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// Makes all subscribers of a union what the first sign-in would make of them.
async fn register_subscribers(
    stage: &Stage<'_>,
    db: &Db,
    union: &str,
    people: People,
    password_hash: &str,
) -> anyhow::Result<()> {
    let mut tx = db.platform().await?;
    let tenant = registry::get(&mut tx, union).await?.id;
    let terms = Terms::of(tenant, &terms::load_all(&mut tx).await?).context("terms of use")?;
    tx.commit().await?;
    let terms = terms.in_force(Clock::System.now()).id;
    let registered = stage.sql(&format!(
        "with owned as (
             update logins
             set password_hash = '{password_hash}', password_set_at = now(), registered_at = now(),
                 email_confirmed_at = case when email is not null then now() end
             where tenant_id = '{tenant}' and realm = 'subscriber' and password_hash is null
             returning id
         ), known as (
             update subscribers
             set initial_credential = null, initial_issued_at = null, initial_password_hash = null,
                 birthdate_confirmed_at = now(), user_id_chosen_at = now()
             from owned where tenant_id = '{tenant}' and login_id = owned.id
         ), agreed as (
             insert into terms_agreements (tenant_id, realm, login_id, terms_id, agreed_at)
             select '{tenant}', 'subscriber', id, '{terms}', now() from owned
         )
         select count(*) from owned"
    ))?;
    ensure!(registered == people.subscribers.to_string(), "{registered} subscribers of {union}");
    Ok(())
}

/// A running `kosmo worker`, for commands that wait for one. It ends when this is dropped.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(stage: &Stage<'_>) -> anyhow::Result<Self> {
        stage.kosmo(["worker"]).spawn().map(Self).context("kosmo worker")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `kosmo serve`, which ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts it, and waits until it is ready.
    pub(crate) fn start(stage: &Stage<'_>) -> anyhow::Result<Self> {
        tell("the server");
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let child = stage
            .kosmo(["serve"])
            .env("KOSMO_DATABASE__URL", format!("{}{SERVER_OPTIONS}", stage.url))
            .env("KOSMO_LISTEN", address.to_string())
            .env("KOSMO_SITE__CLIENT_ADDRESS_HEADER", CLIENT_ADDRESS)
            // A flood is refused thousands of times, with a warning each time.
            .env("KOSMO_LOG__FILTER", "error")
            .spawn()
            .context("kosmo serve")?;
        let mut server = Self { child, address };
        let began = Instant::now();
        while !server.is_ready() {
            if let Some(status) = server.child.try_wait()? {
                bail!("kosmo serve ended at once: {status}");
            }
            ensure!(began.elapsed() < READY_TIMEOUT, "kosmo serve does not get ready");
            std::thread::sleep(POLL_EVERY);
        }
        Ok(server)
    }

    /// Begins a request to a union's host: the request line, then `Host`.
    pub(crate) fn request(&self, union: &str, line: &str) -> String {
        format!("{line} HTTP/1.1\r\nHost: {union}.localhost:{}\r\n", self.address.port())
    }

    fn is_ready(&self) -> bool {
        let request = format!("{}\r\n", self.request(UNION, "GET /readyz"));
        Connection::open(self.address)
            .and_then(|mut connection| Ok(connection.send(request.as_bytes())?.status == 200))
            .unwrap_or(false)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
