//! The real program, run as `kosmo demo` in a temporary folder.

pub mod sample;
mod seed;

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr as _;

use mail_parser::{Address, MessageParser};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tempfile::TempDir;

use crate::support::net::{ask, free_address};
use crate::support::wait::{wait_for, wait_until, waited_for};

const CODE_MAIL: &str = "【KOSMOWeb】ワンタイムパスワードのお知らせ";
/// The usual host below which a demo's unions are.
const USUAL_BASE: &str = "localhost";

/// A running demo. [`Demo::stop`] ends it as Ctrl-C does; dropping it kills it.
pub(crate) struct Demo {
    program: Child,
    folder: TempDir,
    address: SocketAddr,
    /// The host below which its unions are.
    base: &'static str,
    people: Vec<Person>,
    staff: Vec<StaffMember>,
    read: BTreeSet<PathBuf>,
}

/// An entry of `demo.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Person {
    pub(crate) union: String,
    pub(crate) url: String,
    pub(crate) state: String,
    pub(crate) user_id: String,
    pub(crate) password: String,
    /// Formatted as `1979-08-22`.
    pub(crate) birthdate: String,
    pub(crate) insurer_number: String,
    pub(crate) email: Option<String>,
}

/// An entry of `demo.json` about a staff member.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StaffMember {
    pub(crate) union: String,
    pub(crate) url: String,
    pub(crate) role: String,
    pub(crate) user_id: String,
    pub(crate) password: String,
    /// The app's secret in base 32.
    pub(crate) totp_secret: String,
}

impl Person {
    /// Returns the union's word for a user ID.
    pub(crate) fn user_id_label(&self) -> &'static str {
        if self.url.contains("//jrckenpo.") { "ユーザーID" } else { "ユーザID" }
    }

    pub(crate) fn address(&self) -> &str {
        self.email.as_deref().expect("somebody with a mail address")
    }

    /// Returns the birthdate in the form that 「生年月日の入力」 asks for: `19790822`.
    pub(crate) fn birthdate_digits(&self) -> String {
        self.birthdate.replace('-', "")
    }
}

/// A mail as its recipient reads it.
#[derive(Debug)]
pub(crate) struct Mail {
    path: PathBuf,
    to: String,
    pub(crate) from: String,
    subject: String,
    pub(crate) text: String,
}

impl Demo {
    /// Starts on a copy of what the first start made, and waits until it serves.
    pub(crate) fn start() -> Self {
        Self::start_below(USUAL_BASE)
    }

    /// Does what [`Demo::start`] does, with the unions below another host.
    pub(crate) fn start_below(base: &'static str) -> Self {
        let folder = new_folder();
        seed::copy_to(&data(folder.path()));
        Self::start_in(folder, base)
    }

    /// Starts as on the first day, in an empty folder, and waits until it serves.
    pub(crate) fn start_from_nothing() -> Self {
        Self::start_in(new_folder(), USUAL_BASE)
    }

    fn start_in(folder: TempDir, base: &'static str) -> Self {
        let address = free_address();
        let program = launch(folder.path(), address, base);
        let (people, staff, read) = (vec![], vec![], BTreeSet::new());
        let mut demo = Self { program, folder, address, base, people, staff, read };
        demo.wait_until_ready();
        demo
    }

    /// Kills the demo as a power cut would, and starts it again in the same folder.
    pub(crate) fn kill_and_restart(&mut self) {
        self.program.kill().expect("a running program");
        self.program.wait().expect("a child");
        self.program = launch(self.folder.path(), self.address, self.base);
        self.wait_until_ready();
    }

    /// Presses Ctrl-C, and checks that the demo ends in order and leaves nothing running.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    /// Does what [`Demo::stop`] does, and keeps what it leaves behind.
    pub(crate) fn stop_and_copy_to(mut self, folder: &Path) {
        self.end();
        seed::copy(&self.data(), folder);
    }

    fn end(&mut self) {
        let database = self.database_process().expect("a running database");
        signal("INT", self.program.id());
        let ended = wait_for("Ctrl-C ends the demo", || self.program.try_wait().expect("a child"));
        assert_eq!(ended.code(), Some(0));
        assert!(!signal("0", database), "the database is left running");
        assert_eq!(self.database_process(), None, "the database did not end in order");
        assert!(TcpStream::connect(self.address).is_err(), "somebody still listens");
        let said = fs::read_to_string(self.folder.path().join("stdout")).expect("what it printed");
        assert!(said.ends_with("停止しました。\n"), "{said}");
    }

    fn wait_until_ready(&mut self) {
        wait_until("the demo is ready", || {
            assert_eq!(self.program.try_wait().expect("a child"), None, "the demo ended at once");
            is_ready(self.address)
        });
        let list = fs::read(self.data().join("demo.json")).expect("demo.json");
        let all: Vec<Value> = serde_json::from_slice(&list).expect("a list");
        let (staff, people): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| one["state"] == "staff");
        self.people = serde_json::from_value(people.into()).expect("a list of people");
        self.staff = serde_json::from_value(staff.into()).expect("a list of staff");
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns an origin such as `http://jomkenpo.localhost:40123`.
    pub(crate) fn origin(&self, host: &str) -> String {
        format!("http://{host}.{}:{}", self.base, self.address.port())
    }

    pub(crate) fn person(&self, user_id: &str) -> Person {
        let found = self.people.iter().find(|person| person.user_id == user_id);
        found.unwrap_or_else(|| panic!("the demo has no {user_id}")).clone()
    }

    /// Returns the first staff member of this union and role.
    pub(crate) fn staff(&self, union: &str, role: &str) -> StaffMember {
        let found = self.staff.iter().find(|one| one.union == union && one.role == role);
        found.unwrap_or_else(|| panic!("{union} has no {role}")).clone()
    }

    /// Returns another staff member of the same union and role.
    pub(crate) fn someone_else(&self, one: &StaffMember) -> StaffMember {
        let is_other = |other: &&StaffMember| {
            other.union == one.union && other.role == one.role && other.user_id != one.user_id
        };
        self.staff.iter().find(is_other).expect("a colleague").clone()
    }

    /// Returns the first person of this union and state.
    pub(crate) fn someone(&self, union: &str, state: &str) -> Person {
        let mut people = self.people.iter();
        let found = people.find(|person| person.union == union && person.state == state);
        found.unwrap_or_else(|| panic!("{union} has nobody who is {state}")).clone()
    }

    /// Returns the code of the newest mail with one.
    pub(crate) fn mailed_code(&mut self, person: &Person) -> String {
        let mail = self.next_mail(person.address(), CODE_MAIL);
        let mut numbers = mail.text.split(|c: char| !c.is_ascii_digit());
        let code = numbers.find(|digits| digits.len() == 6);
        code.unwrap_or_else(|| panic!("no six digits in: {}", mail.text)).to_owned()
    }

    /// F6: returns the link of the newest 「メールアドレスの確認」, which must be unbroken in the
    /// mail's text.
    pub(crate) fn mailed_link(&mut self, person: &Person) -> String {
        let mail = self.next_mail(person.address(), "【KOSMOWeb管理者】メールアドレスの確認");
        let mut words = mail.text.split_whitespace();
        let link = words.find(|word| word.contains("/confirm-email?token="));
        link.unwrap_or_else(|| panic!("no link in: {}", mail.text)).to_owned()
    }

    /// Waits for an unread mail with this subject. If there are several, returns the newest.
    pub(crate) fn next_mail(&mut self, address: &str, subject: &str) -> Mail {
        let mut mails = wait_for(subject, || {
            let mut mails = self.mails(address);
            mails.retain(|mail| mail.subject == subject);
            let newest = mails.last()?;
            (!self.read.contains(&newest.path)).then_some(mails)
        });
        self.read.extend(mails.iter().map(|mail| mail.path.clone()));
        mails.pop().expect("a mail")
    }

    /// Counts the codes that were mailed to a person.
    pub(crate) fn codes_to(&self, person: &Person) -> usize {
        let mails = self.mails(person.address());
        mails.iter().filter(|mail| mail.subject == CODE_MAIL).count()
    }

    /// Returns the mails, oldest first: a mail's file name begins with its time.
    fn mails(&self, address: &str) -> Vec<Mail> {
        let mut mails: Vec<Mail> = fs::read_dir(self.data().join("mail"))
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .filter_map(read_mail)
            .filter(|mail| mail.to == address)
            .collect();
        mails.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        mails
    }

    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        let mut database = self.database().await;
        sqlx::query_scalar(query).fetch_one(&mut database).await.expect(query)
    }

    /// S4: lets six minutes pass for everybody's proofs, and for the mailed codes.
    pub(crate) async fn let_proofs_age(&self) {
        let mut database = self.database().await;
        for age in [
            "update sessions set reauthenticated_at = reauthenticated_at - interval '6 minutes'",
            "update email_codes set sent_at = sent_at - interval '6 minutes'",
        ] {
            sqlx::query(age).execute(&mut database).await.expect(age);
        }
    }

    /// L4: lets half a minute pass since the last use of everybody's apps, so that the code used then
    /// counts as a new one.
    pub(crate) async fn let_codes_age(&self) {
        let age = "update devices set last_step = last_step - 1 where kind = 'totp'";
        sqlx::query(age).execute(&mut self.database().await).await.expect(age);
    }

    /// Connects as the superuser, to change times that a test can't wait for.
    pub(crate) async fn database(&self) -> PgConnection {
        let url = fs::read_to_string(self.data().join("database_url")).expect("database_url");
        let options = PgConnectOptions::from_str(&url).expect("a URL");
        options.connect().await.expect("the database")
    }

    /// Changes lines of a union's file and applies it, as an operator does.
    pub(crate) fn change_policy(&self, union: &str, was: &str, now: &str) {
        let shipped = format!("{}/tenants/{union}.toml", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(shipped).expect("a tenant file");
        assert!(text.contains(was), "{union} has no {was}");
        let file = self.folder.path().join(format!("{union}.toml"));
        fs::write(&file, text.replacen(was, now, 1)).expect("a file");
        self.command(&["tenant", "apply", &file.to_string_lossy()]);
    }

    /// Runs a command of the operator.
    pub(crate) fn command(&self, arguments: &[&str]) {
        let status = kosmo(self.folder.path()).args(arguments).status().expect("kosmo runs");
        assert!(status.success(), "{arguments:?}");
    }

    /// Returns the database server's process, or `None` once it has ended in order.
    fn database_process(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data().join("postgres/data/postmaster.pid")).ok()?;
        text.lines().next()?.parse().ok()
    }

    pub(crate) fn data(&self) -> PathBuf {
        data(self.folder.path())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        // The database then ends by itself, and needs its files until then.
        waited_for(|| {
            let process = self.database_process();
            process.is_none_or(|process| !signal("0", process)).then_some(())
        });
    }
}

fn new_folder() -> TempDir {
    let mut folder = tempfile::Builder::new();
    folder.prefix("kosmo-");
    // If root runs the test, the database runs as another user, who needs access.
    folder.permissions(Permissions::from_mode(0o755));
    folder.tempdir().expect("a folder")
}

/// Returns where the demo that runs in a folder keeps everything.
fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Makes a command of the program that reads only the settings in a folder.
fn kosmo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kosmo"));
    let settings = std::env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| name.to_string_lossy().starts_with("KOSMO_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env("KOSMO_DATA_DIR", data(folder));
    command.env("KOSMO_LOG__FILTER", "warn").stdin(Stdio::null());
    command
}

fn launch(folder: &Path, address: SocketAddr, base: &str) -> Child {
    let mut demo = kosmo(folder);
    if base != USUAL_BASE {
        demo.env("KOSMO_SITE__BASE_URL", format!("http://{base}:{}", address.port()));
    }
    demo.arg("demo")
        .env("KOSMO_LISTEN", address.to_string())
        .stdout(File::create(folder.join("stdout")).expect("a file"))
        .spawn()
        .expect("kosmo starts")
}

fn is_ready(address: SocketAddr) -> bool {
    ask(address, "GET /readyz").is_ok_and(|status| status.starts_with("HTTP/1.1 200 "))
}

/// Returns true if the signal reached a process. Signal `0` only checks that it exists.
fn signal(name: &str, process: u32) -> bool {
    let mut kill = Command::new("sh");
    kill.args(["-c", &format!("kill -{name} {process}")]).stderr(Stdio::null());
    kill.status().expect("a shell").success()
}

fn read_mail(path: PathBuf) -> Option<Mail> {
    let bytes = fs::read(&path).ok()?;
    let mail = MessageParser::default().parse(&bytes)?;
    let address = |of: Option<&Address<'_>>| Some(of?.first()?.address()?.to_owned());
    Some(Mail {
        to: address(mail.to())?,
        from: address(mail.from())?,
        subject: mail.subject()?.to_owned(),
        text: mail.body_text(0)?.into_owned(),
        path,
    })
}
