//! A database that is locked, that is read-only, or that gives a connection the wrong role.

use std::process::Command;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use kosmo::app;
use kosmo::base::clock::Clock;
use kosmo::config::{DatabaseAddress, Pooler};
use kosmo::db::actor::Actor;
use kosmo::db::local::LocalPostgres;
use kosmo::db::migrate::migrate;
use kosmo::db::{Db, DbRole, Passing as _, WrongRole};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _};

use crate::support::browser::Browser;
use crate::support::people::TARO;
use crate::support::world::{World, apply, settings, union_file};

#[tokio::test]
async fn a_row_that_stays_locked_is_waited_for_no_longer_than_a_person_waits() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let mut hanging = world.database.admin().await;
    hanging.execute("begin; lock table sessions in access exclusive mode").await.unwrap();
    let asked = Instant::now();
    let page = world.give_password(&mut browser, TARO).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());
    assert!(page.headers.contains_key("retry-after"));
    assert!(asked.elapsed() < Duration::from_secs(9), "{:?}", asked.elapsed());
    hanging.execute("rollback").await.unwrap();
    let page = world.give_password(&mut browser, TARO).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

#[tokio::test]
async fn every_transaction_has_the_limits_of_its_role_and_none_outlasts_it() {
    let world = World::empty().await;
    let limits =
        "select current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')
                  || ' ' || current_setting('idle_in_transaction_session_timeout')";
    for (db, expected) in [
        (&world.app.db, "10s 3s 15s"),
        (&world.worker, "1h 10s 5min"),
        (&world.operator, "1h 30s 10min"),
    ] {
        let mut tx = db.tenant(world.tenant("jomkenpo"), &Actor::system("test")).await.unwrap();
        let set: String = sqlx::query_scalar(limits).fetch_one(tx.conn()).await.unwrap();
        assert_eq!(set, expected);
    }
}

/// The old primary comes back as a standby, or is fenced off: it answers, but accepts no writes.
#[tokio::test]
async fn a_connection_whose_database_only_reads_is_left_for_another() {
    let world = World::new().await;
    let db = Db::new(world.database.options.clone(), DbRole::Operator, 1);
    let tenant = world.tenant("jomkenpo");
    let mut tx = db.tenant(tenant, &Actor::operator("test")).await.unwrap();
    tx.conn().execute("set session characteristics as transaction read only").await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = db.tenant(tenant, &Actor::operator("test")).await.expect("a second connection");
    let read_only: String =
        sqlx::query_scalar("show transaction_read_only").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(read_only, "off");
    let whose: String =
        sqlx::query_scalar("show kosmo.tenant_id").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(whose, tenant.to_string());
}

#[tokio::test]
async fn a_database_that_only_reads_is_told_as_unavailable_until_it_writes_again() {
    let world = World::new().await;
    let mut browser = world.browser("klinekenpo");
    let name = world.database.options.get_database().unwrap().to_owned();
    let fence =
        |on: &str| format!("alter database {name} set default_transaction_read_only = {on}");
    let cut_off = format!(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}' and pid <> pg_backend_pid()"
    );
    world.execute(&fence("on")).await;
    world.execute(&cut_off).await;
    let page = world.give_password(&mut browser, TARO).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.text());

    // It uses a connection to another database, because nothing can be written in this one.
    let mut other = world.database.options.clone().database("postgres");
    other = other.application_name("failover");
    let mut other = sqlx::PgConnection::connect_with(&other).await.unwrap();
    other.execute(sqlx::AssertSqlSafe(fence("off"))).await.unwrap();
    let page = world.give_password(&mut browser, TARO).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

fn wrong_role(error: &sqlx::Error) -> Option<&WrongRole> {
    let sqlx::Error::Configuration(error) = error else { return None };
    error.downcast_ref()
}

/// Sets the logins up on a fresh cluster as `infra/production/roles.sql` does.
#[tokio::test]
async fn the_logins_of_production_act_as_their_roles_and_as_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let postgres = LocalPostgres::start(folder.path()).await.unwrap();
    let roles = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/production/roles.sql");
    let psql = Command::new("psql")
        .args(["-qXv", "ON_ERROR_STOP=1", &postgres.url(), "-f", roles])
        .output()
        .unwrap();
    assert!(psql.status.success(), "{}", String::from_utf8_lossy(&psql.stderr));
    let login = |name: &str| postgres.options().username(name).database("kosmo");
    // With a pooler in between, a process can't set its role itself.
    let pooled = |options: PgConnectOptions| DatabaseAddress {
        options,
        listen: None,
        pooler: Pooler::Transaction,
    };
    migrate(&login("kosmo_login_migrate")).await.unwrap();
    let operator = Db::new(pooled(login("kosmo_login_operator")), DbRole::Operator, 1);
    apply(&operator, &Clock::System, &union_file("jomkenpo")).await;
    let serving = pooled(login("kosmo_login_serve"));
    let app = app::build(&settings(folder.path()), serving.clone(), Clock::System).await.unwrap();
    let mut browser = Browser::new(app::router(app.clone()), "jomkenpo.localhost");
    assert_eq!(browser.get("/sign-in").await.status, StatusCode::OK);
    let mut tx = app.db.platform().await.unwrap();
    let plans: String =
        sqlx::query_scalar("show plan_cache_mode").fetch_one(tx.conn()).await.unwrap();
    assert_eq!(plans, "force_generic_plan", "a statement is planned once");
    tx.commit().await.unwrap();
    let worker = Db::new(pooled(login("kosmo_login_worker")), DbRole::Worker, 1);
    worker.platform().await.unwrap().commit().await.unwrap();

    let asked = Instant::now();
    let another = Db::new(serving, DbRole::Operator, 1).platform().await.unwrap_err();
    let told = wrong_role(&another).map(ToString::to_string);
    assert_eq!(told.as_deref(), Some("it acts as kosmo_server, not as kosmo_operator"));
    let taken = Db::new(login("kosmo_login_serve"), DbRole::Operator, 1).platform().await;
    assert!(!taken.unwrap_err().is_passing(), "nor may it take another role on");
    let mut admin = sqlx::PgConnection::connect_with(&postgres.options()).await.unwrap();
    admin.execute("alter role kosmo_worker bypassrls").await.unwrap();
    let unbound = Db::new(pooled(login("kosmo_login_worker")), DbRole::Worker, 1).platform().await;
    assert!(matches!(wrong_role(&unbound.unwrap_err()), Some(WrongRole::Unbound(_))));
    assert!(asked.elapsed() < Duration::from_secs(3), "nobody waits for what can't get better");

    for db in [&operator, &app.db, &worker] {
        db.close().await;
    }
    postgres.stop();
    let _ = LocalPostgres::delete(folder.path());
}
