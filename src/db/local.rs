//! A private PostgreSQL for the demo and the tests, started from the server binaries that are
//! installed.
//!
//! It has a data directory of its own, listens on a unix socket only, and ends with its parent.
//! PostgreSQL refuses to run as root, so for root it runs as `postgres` or `nobody`. If that user
//! can't reach the folder (below `/root`, say), the cluster lives in `/var/tmp` instead.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use sha2::{Digest as _, Sha256};
use sqlx::postgres::PgConnectOptions;

use crate::base::files;

/// The cluster's superuser.
const ADMIN: &str = "kosmo_admin";
/// The path of a unix socket has at most 107 bytes, and ends in `/.s.PGSQL.5432`.
const LONGEST_SOCKET_FOLDER: usize = 90;
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(20);

/// A running server; [`LocalPostgres::stop`] ends it.
#[derive(Debug)]
pub struct LocalPostgres {
    cluster: Cluster,
    child: Child,
}

/// A server's files, and the user that runs its programs.
#[derive(Debug)]
struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    user: Option<ServerUser>,
}

#[derive(Debug, Clone, Copy)]
struct ServerUser {
    uid: u32,
    gid: u32,
}

impl LocalPostgres {
    /// Starts the cluster of `folder`, and creates it first if there is none. A server left over by
    /// a killed run is stopped. Call it from a thread that lives as long as the server should: the
    /// kernel ends the server with that thread.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let binaries = find_binaries().context(
            "PostgreSQLサーバーがインストールされていません。infra/dev/setup.sh を実行してください",
        )?;
        let user = server_user()?;
        let folder = reachable(folder, user)?;
        let cluster = Cluster { binaries, folder, user };
        if !cluster.data().join("PG_VERSION").exists() {
            cluster.create().await?;
        }
        cluster.end_leftover()?;
        let mut child = cluster.launch()?;
        cluster.wait_until_ready(&mut child).await?;
        Ok(Self { cluster, child })
    }

    /// Returns how to connect as the cluster's superuser.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new().socket(&self.cluster.folder).username(ADMIN).database("postgres")
    }

    /// Returns the same as a URL for another program: `postgresql:///postgres?host=…&user=…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgresql:///postgres?host={}&user={ADMIN}", self.cluster.folder.display())
    }

    /// Deletes the cluster of `folder`, which must not be running.
    pub fn delete(folder: &Path) -> anyhow::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(reachable(folder, server_user()?)?)?;
        }
        Ok(())
    }

    /// Closes connections, stops the server and waits until its files are safe.
    pub fn stop(mut self) {
        if !self.cluster.pg_ctl(&["-m", "fast", "-w", "stop"]) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Creates the cluster under another name and renames it when complete, so that a killed run
    /// leaves no half of one.
    async fn create(&self) -> anyhow::Result<()> {
        let making = self.folder.join("making");
        if making.exists() {
            fs::remove_dir_all(&making)?;
        }
        let output = self
            .command("initdb")
            .arg("-D")
            .arg(&making)
            .args(["-U", ADMIN, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"])
            .output()
            .context("initdb を起動できません")?;
        ensure!(
            output.status.success(),
            "initdb に失敗しました: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        tokio::fs::rename(&making, self.data()).await?;
        Ok(())
    }

    fn end_leftover(&self) -> anyhow::Result<()> {
        if self.pg_ctl(&["status"]) {
            // It may be ending by itself right now, together with the process that started it.
            let ended = self.pg_ctl(&["-m", "fast", "-w", "stop"]) || !self.pg_ctl(&["status"]);
            ensure!(
                ended,
                "{} に残っているPostgreSQLサーバーが止まりません",
                self.folder.display()
            );
        }
        // A stale pid file whose number another process has now would prevent the start.
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
        Ok(())
    }

    fn launch(&self) -> anyhow::Result<Child> {
        let log = files::create_empty(&self.log())?;
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(&self.folder)
            .args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        die_with_parent(&mut command);
        command.spawn().context("postgres を起動できません")
    }

    async fn wait_until_ready(&self, child: &mut Child) -> anyhow::Result<()> {
        let pid_file = self.data().join("postmaster.pid");
        let mut waited = Duration::ZERO;
        loop {
            let text = files::read_to_string(&pid_file).unwrap_or_default();
            if text.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            if let Some(status) = child.try_wait()? {
                let log = files::read_to_string(&self.log()).unwrap_or_default();
                bail!("PostgreSQLサーバーがすぐに終了しました（{status}）: {log}");
            }
            ensure!(
                waited < START_TIMEOUT,
                "PostgreSQLサーバーが起動しません。記録を見てください: {}",
                self.log().display()
            );
            tokio::time::sleep(POLL_EVERY).await;
            waited += POLL_EVERY;
        }
    }

    fn pg_ctl(&self, arguments: &[&str]) -> bool {
        self.command("pg_ctl")
            .arg("-D")
            .arg(self.data())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        // Ctrl-C must reach only us: we stop the server last.
        command.current_dir("/").env("LC_ALL", "C").process_group(0);
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }
}

/// Finds the folder of the newest server binaries: on `PATH`, or where Debian installs them.
#[must_use]
pub fn find_binaries() -> Option<PathBuf> {
    let has_server = |folder: &PathBuf| {
        ["initdb", "postgres", "pg_ctl"].iter().all(|program| folder.join(program).is_file())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&path).find(has_server) {
        return Some(folder);
    }
    let version = |folder: &PathBuf| folder.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("bin"))
        .filter(has_server)
        .max_by_key(version)
}

fn own_uid() -> std::io::Result<u32> {
    Ok(fs::metadata("/proc/self")?.uid())
}

/// Returns the user as whom root has to run the server, or `None` if this process is not root's.
fn server_user() -> anyhow::Result<Option<ServerUser>> {
    if own_uid()? != 0 {
        return Ok(None);
    }
    let passwd = files::read_to_string(Path::new("/etc/passwd"))?;
    let find = |name: &str| {
        let fields: Vec<&str> =
            passwd.lines().map(|line| line.split(':').collect()).find(|f: &Vec<_>| f[0] == name)?;
        Some(ServerUser { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .map(Some)
        .context("rootで動いていますが、ユーザー postgres も nobody もありません")
}

/// Returns a folder that the cluster's user can reach and whose socket paths are short enough.
fn reachable(wanted: &Path, user: Option<ServerUser>) -> anyhow::Result<PathBuf> {
    files::create_folder(wanted)?;
    let wanted = fs::canonicalize(wanted)?;
    let short = wanted.as_os_str().len() <= LONGEST_SOCKET_FOLDER;
    let folder = if short && user.is_none_or(|user| can_traverse(&wanted, user)) {
        wanted
    } else {
        let key = Sha256::digest(wanted.as_os_str().as_encoded_bytes());
        let key: String = key.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let folder = PathBuf::from(format!("/var/tmp/kosmo-{key}"));
        files::create_folder(&folder)?;
        // The name can be guessed, so another user may have created it before us.
        let made = fs::symlink_metadata(&folder)?;
        let owners = [Some(own_uid()?), user.map(|user| user.uid)];
        ensure!(
            made.is_dir() && owners.contains(&Some(made.uid())),
            "{} はほかのユーザーが作ったものです。削除してから実行してください",
            folder.display()
        );
        folder
    };
    if let Some(user) = user {
        std::os::unix::fs::chown(&folder, Some(user.uid), Some(user.gid))?;
    }
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

fn can_traverse(folder: &Path, user: ServerUser) -> bool {
    folder.ancestors().skip(1).all(|parent| {
        fs::metadata(parent).is_ok_and(|meta| {
            let mode = meta.permissions().mode();
            mode & 0o001 != 0
                || (meta.uid() == user.uid && mode & 0o100 != 0)
                || (meta.gid() == user.gid && mode & 0o010 != 0)
        })
    })
}

/// If the demo is killed outright, its database ends too.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "prctl between fork and exec; it is async-signal-safe")]
fn die_with_parent(command: &mut Command) {
    // SAFETY: the closure makes one system call, touches no memory and takes no lock.
    unsafe {
        command.pre_exec(|| {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT) == -1 {
                return Err(std::io::Error::last_os_error());
            }
            Ok(())
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut Command) {}
