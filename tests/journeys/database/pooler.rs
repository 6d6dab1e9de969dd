//! The product behind PgBouncer in transaction mode, as Debian packages it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kosmo::app;
use kosmo::config::{DatabaseAddress, Pooler};
use kosmo::db::{Db, DbRole};
use kosmo::web::state::AppState;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Executor as _};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::jobs::errands::SLEEPS;
use crate::support::browser::Browser;
use crate::support::database::TestDatabase;
use crate::support::kills::until;
use crate::support::people::{self, JIRO, TARO};
use crate::support::world::{World, apply, settings, tester, union_file};

/// Far fewer than the connections that the processes have to the pooler.
const SERVER_CONNECTIONS: u32 = 3;
const LOGINS: [(&str, DbRole); 3] = [
    ("pooled_server", DbRole::Server),
    ("pooled_worker", DbRole::Worker),
    ("pooled_operator", DbRole::Operator),
];

/// A PgBouncer in front of a test's database.
struct PgBouncer {
    child: Child,
    folder: TempDir,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl PgBouncer {
    async fn before(database: &TestDatabase) -> Self {
        let everybodys = database.options.clone().database("postgres");
        make_logins(&mut everybodys.connect().await.unwrap()).await;
        let folder = tempfile::tempdir().unwrap();
        let socket = database.options.get_socket().expect("a unix socket");
        let name = database.options.get_database().unwrap();
        let at = folder.path().display();
        let configuration = format!(
            "[databases]\n\
             {name} = host={} dbname={name}\n\
             [pgbouncer]\n\
             unix_socket_dir = {at}\n\
             listen_port = 6432\n\
             auth_type = trust\n\
             auth_file = {at}/users\n\
             pool_mode = transaction\n\
             default_pool_size = {SERVER_CONNECTIONS}\n\
             server_reset_query = DEALLOCATE ALL\n\
             server_reset_query_always = 1\n",
            socket.display(),
        );
        fs::write(folder.path().join("pgbouncer.ini"), configuration).unwrap();
        let users: String = LOGINS.iter().map(|(login, _)| format!("\"{login}\" \"\"\n")).collect();
        fs::write(folder.path().join("users"), users).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
        let program = program.iter().find(|path| Path::new(path).exists()).expect("PgBouncer");
        let mut command = Command::new(program);
        command.arg(folder.path().join("pgbouncer.ini")).stdout(Stdio::null()).stderr(log);
        as_nobody_special(&mut command, folder.path());
        let mut bouncer = Self { child: command.spawn().expect("PgBouncer starts"), folder };
        let listening = async {
            while !bouncer.folder.path().join(".s.PGSQL.6432").exists() {
                let ended = bouncer.child.try_wait().unwrap();
                assert!(ended.is_none(), "{}", bouncer.log());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), listening).await.expect("PgBouncer listens");
        bouncer
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Returns how a process connects: through the pooler, except for notifications.
    fn address(&self, database: &TestDatabase, role: DbRole) -> DatabaseAddress {
        let (login, _) = LOGINS.iter().find(|(_, of)| *of == role).unwrap();
        let direct = database.options.clone().username(login);
        let pooled =
            direct.clone().socket(self.folder.path()).port(6432).statement_cache_capacity(0);
        DatabaseAddress { options: pooled, listen: Some(direct), pooler: Pooler::Transaction }
    }
}

/// Makes the logins as `infra/production/roles.sql` does. Tests that run at the same time share them and take turns
/// by a lock, which counts only within one database.
async fn make_logins(admin: &mut PgConnection) {
    admin.execute("begin; select pg_advisory_xact_lock(2)").await.unwrap();
    for (login, role) in LOGINS {
        let exists = format!("select exists (select from pg_roles where rolname = '{login}')");
        let exists: bool =
            sqlx::query_scalar(AssertSqlSafe(exists)).fetch_one(&mut *admin).await.unwrap();
        if !exists {
            let role = role.name();
            let make = format!(
                "create role {login} login noinherit in role {role}; alter role {login} set role {role}"
            );
            admin.execute(AssertSqlSafe(make)).await.unwrap();
            if role == DbRole::Server.name() {
                let plans = format!("alter role {login} set plan_cache_mode = force_generic_plan");
                admin.execute(AssertSqlSafe(plans)).await.unwrap();
            }
        }
    }
    admin.execute("commit").await.unwrap();
}

/// Makes PgBouncer run as another user, because it refuses to run as root.
fn as_nobody_special(command: &mut Command, folder: &Path) {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = passwd.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut ids = line.split(':').skip(2).map(|id| id.parse::<u32>().unwrap());
        Some((ids.next()?, ids.next()?))
    };
    let (user, group) = find("postgres").or_else(|| find("nobody")).unwrap();
    for file in ["", "pgbouncer.ini", "users", "log"] {
        chown(folder.join(file), Some(user), Some(group)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    command.uid(user).gid(group);
}

async fn server(world: &World, bouncer: &PgBouncer, folder: &Path) -> AppState {
    let address = bouncer.address(&world.database, DbRole::Server);
    app::build(&settings(folder), address, world.clock.clone()).await.expect("a server")
}

#[tokio::test]
async fn behind_a_pooler_people_sign_in_and_read_and_operators_take_files_in() {
    let mut world = World::empty().await;
    let bouncer = PgBouncer::before(&world.database).await;
    let folder = tempfile::tempdir().unwrap();
    world.app = server(&world, &bouncer, folder.path()).await;
    world.router = app::router(world.app.clone());
    world.operator =
        Db::new(bouncer.address(&world.database, DbRole::Operator), DbRole::Operator, 4);
    world.worker = Db::new(bouncer.address(&world.database, DbRole::Worker), DbRole::Worker, 2);

    for slug in ["klinekenpo", "jomkenpo"] {
        world.import_members(slug, &people::members(slug)).await.expect("the members import");
    }
    world.import_expenses("klinekenpo", &people::expenses()).await.expect("the expenses import");
    world.register(TARO).await;
    world.register(JIRO).await;

    let mut taro = world.sign_in(TARO).await;
    let mut jiro = world.sign_in(JIRO).await;
    // Each transaction may get the server connection that another union has just used.
    for _ in 0..20 {
        let mut again = taro.clone();
        let (expenses, other, year) = tokio::join!(
            taro.get("/expenses"),
            jiro.get("/expenses"),
            again.get("/expenses/years/2025")
        );
        assert!(expenses.shows("テスト　太郎") || expenses.shows("太郎"), "{}", expenses.text());
        assert!(!other.shows("太郎") && !other.shows("サンプルクリニック"), "{}", other.text());
        assert!(year.shows("サンプルクリニック"), "{}", year.text());
    }
    let pooled = "select count(*) from pg_stat_activity where usename = 'pooled_server' and datname = current_database()";
    let connections = world.count(pooled).await;
    assert!((1..=i64::from(SERVER_CONNECTIONS)).contains(&connections), "{connections}");
}

#[tokio::test]
async fn behind_a_pooler_two_servers_hear_of_a_changed_policy() {
    let world = World::empty().await;
    let bouncer = PgBouncer::before(&world.database).await;
    let folder = tempfile::tempdir().unwrap();
    let stop = CancellationToken::new();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let app = server(&world, &bouncer, folder.path()).await;
        let follower = tokio::spawn({
            let (app, stop) = (app.clone(), stop.clone());
            async move { app.directory.follow(&app.db, &stop).await }
        });
        let browser = Browser::new(app::router(app), "jomkenpo.localhost:8080");
        servers.push((browser, follower));
    }
    let listening = "select count(*) from pg_stat_activity where usename = 'pooled_server'
                     and datname = current_database() and query ilike 'listen%'";
    let both_listen = async {
        while world.count(listening).await < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), both_listen).await.expect("both listen");
    let operator = Db::new(bouncer.address(&world.database, DbRole::Operator), DbRole::Operator, 2);
    let mut config = union_file("jomkenpo");
    config.name = "改名健康保険組合".to_owned();
    apply(&operator, &world.clock, &config).await;
    for (browser, _) in &mut servers {
        let looking = async {
            while !browser.get("/").await.shows("改名健康保険組合") {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(2), looking).await.expect("the new name");
    }
    stop.cancel();
    for (_, follower) in servers {
        follower.await.unwrap();
    }
}

#[tokio::test]
async fn behind_a_pooler_a_workers_statement_ends_once_nobody_waits_for_it() {
    let world = World::empty().await;
    let bouncer = PgBouncer::before(&world.database).await;
    let worker = Db::new(bouncer.address(&world.database, DbRole::Worker), DbRole::Worker, 2);
    let (tenant, its) = (world.tenant("klinekenpo"), worker.clone());
    let running = tokio::spawn(async move {
        let mut tx = its.tenant(tenant, &tester()).await.expect("a transaction");
        sqlx::query("select pg_sleep(300)").execute(tx.conn()).await.map(drop)
    });
    until(&world, SLEEPS, 1).await;
    running.abort();
    assert!(running.await.is_err_and(|error| error.is_cancelled()));
    until(&world, SLEEPS, 0).await;
    worker.tenant(tenant, &tester()).await.expect("the pool serves");
}
