//! A fresh, migrated database for a test: a copy of a template that the first test of a run makes.

use std::process::Command;
use std::str::FromStr as _;

use kosmo::base::clock::Clock;
use kosmo::base::ids::RequestId;
use kosmo::db::migrate::migrate;
use sha2::{Digest as _, Sha256};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

/// A database that is dropped with this value.
pub struct TestDatabase {
    server: String,
    name: String,
    pub options: PgConnectOptions,
}

impl TestDatabase {
    pub async fn new() -> Self {
        let server = server_url();
        let admin = PgConnectOptions::from_str(&server).expect("a database URL");
        let mut connection = admin.connect().await.expect("the test PostgreSQL answers");
        let template = template(&admin, &mut connection).await;
        let name = format!("kosmo_test_{}", RequestId::new(&Clock::System).0.simple());
        let create = format!("create database {name} template {template} strategy file_copy");
        connection.execute(AssertSqlSafe(create)).await.expect("the template can be copied");
        connection.close().await.expect("the connection closes");
        Self { server, options: admin.database(&name), name }
    }

    /// Returns its URL, for another program.
    pub fn url(&self) -> String {
        self.server.replace("/postgres?", &format!("/{}?", self.name))
    }

    /// Opens a connection that bypasses row-level security.
    pub async fn admin(&self) -> PgConnection {
        self.options.connect().await.expect("the test database answers")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        let _ = Command::new("psql").args(["-q", &self.server, "-c", &drop]).output();
    }
}

/// Returns the server's URL: given by `make test`, or that of a server that `infra/dev/postgres.sh`
/// keeps running.
fn server_url() -> String {
    if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
        return url;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/dev/postgres.sh");
    let output = Command::new(script).arg("start").output().expect("postgres.sh runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a URL").trim().to_owned()
}

/// Returns the name of the migrated template, and makes it if it's missing. The name contains a
/// hash of the migrations, so a changed migration makes another template.
async fn template(admin: &PgConnectOptions, connection: &mut PgConnection) -> String {
    let mut hash = Sha256::new();
    hash.update(include_str!("../../src/db/roles.sql"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        hash.update(std::fs::read(file).unwrap());
    }
    let key: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("kosmo_template_{key}");
    connection.execute("select pg_advisory_lock(1)").await.unwrap();
    let exists: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    if !exists {
        let making = format!("{name}_making");
        connection
            .execute(AssertSqlSafe(format!("drop database if exists {making} with (force)")))
            .await
            .unwrap();
        connection.execute(AssertSqlSafe(format!("create database {making}"))).await.unwrap();
        migrate(&admin.clone().database(&making)).await.expect("the migrations run");
        // The connections that migrated may take a moment to close.
        let rename = format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{making}'"
        );
        connection.execute(AssertSqlSafe(rename)).await.unwrap();
        connection
            .execute(AssertSqlSafe(format!("alter database {making} rename to {name}")))
            .await
            .unwrap();
    }
    connection.execute("select pg_advisory_unlock(1)").await.unwrap();
    name
}
