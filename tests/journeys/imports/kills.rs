//! `kill -9` hits a command or a worker in the middle of an import. Nothing is half-done, and the work goes on (O2).

use std::process::{Child, Command, Stdio};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::imports::staging::{many_expenses, staged_rows};
use crate::operator::said;
use crate::support::kills::{killed, until};
use crate::support::world::World;

const UNION: &str = "klinekenpo";
pub(crate) const WAITS: &str = "select count(*) from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock'";
const RUNNING: &str =
    "select count(*) from jobs where kind = 'expenses.import' and state = 'running'";
const ROWS: &str = "select count(*) from expenses";

/// Starts the real program with an import of expenses.
fn import(world: &World, file: &str) -> Child {
    let path = world.write("killed.csv", file);
    world
        .command(&["expenses", "import", "--yes", "--tenant", UNION, path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts the real program as a worker.
pub(crate) fn worker(world: &World) -> Child {
    let folder = world.write("worker", "").with_file_name("worker-mails");
    world
        .command(&["worker"])
        .env("KOSMO_MAIL__DIRECTORY", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Takes a lock that a process has to wait for.
pub(crate) async fn hold(world: &World, lock: &str) -> PgConnection {
    let mut holder = world.database.admin().await;
    sqlx::raw_sql(AssertSqlSafe(lock.to_owned())).execute(&mut holder).await.unwrap();
    holder
}

#[tokio::test]
async fn o2_a_command_that_is_killed_while_it_reads_leaves_nothing() {
    let world = World::new().await;
    let holder = hold(&world, "begin; lock table staged_expenses in share mode").await;
    let command = import(&world, &many_expenses(0, 9_000));
    until(&world, WAITS, 1).await;
    killed(command);
    holder.close().await.unwrap();
    until(&world, WAITS, 0).await;
    until(&world, "select count(*) from staged_expenses", 0).await;
    assert_eq!(staged_rows(&world).await, 0);
    assert_eq!(world.count("select count(*) from jobs where kind = 'expenses.import'").await, 0);
    assert_eq!(world.count(ROWS).await, 6);
}

#[tokio::test]
async fn o2_what_a_command_asked_for_goes_on_though_it_is_killed() {
    let world = World::new().await;
    let file = many_expenses(0, 9_000);
    let command = import(&world, &file);
    until(&world, "select count(*) from jobs where kind = 'expenses.import'", 1).await;
    killed(command);
    assert_eq!((world.count(ROWS).await, staged_rows(&world).await), (6, 9_001));
    world.start_worker();
    until(&world, ROWS, 9_006).await;
    assert_eq!(staged_rows(&world).await, 0);
    // The trail names the operator, not the worker.
    let line = "select count(*) from audit_events
                where action = 'expenses.imported' and actor_kind = 'operator'
                  and actor_label is not null and batch_id = (select id from import_batches
                                                              order by imported_at desc limit 1)";
    assert_eq!(world.count(line).await, 1);
    let path = world.write("again.csv", file);
    let again = world.kosmo(&["expenses", "import", "--tenant", UNION, path.to_str().unwrap()]);
    assert!(said(&again).contains("変更なし 9000件"), "{}", said(&again));
}

#[tokio::test]
async fn o2_an_import_goes_on_after_its_worker_is_killed_twice() {
    let world = World::new().await;
    let tenant = world.tenant(UNION);
    let command = import(&world, &many_expenses(0, 9_000));
    let locks = [
        format!("select pg_advisory_lock(hashtextextended('import expenses {tenant}', 0))"),
        // With this lock, claims have their numbers, but their transaction is not committed.
        "begin; lock table expenses in share mode".to_owned(),
    ];
    for lock in &locks {
        let holder = hold(&world, lock).await;
        let worker = worker(&world);
        until(&world, RUNNING, 1).await;
        until(&world, WAITS, 1).await;
        killed(worker);
        holder.close().await.unwrap();
        until(&world, WAITS, 0).await;
        assert_eq!((world.count(ROWS).await, staged_rows(&world).await), (6, 9_001));
        assert_eq!(world.count("select count(*) from expense_claims").await, 6);
        assert_eq!(world.count(RUNNING).await, 1, "nobody else may take it for a while");
        world.execute("update jobs set due_at = clock_timestamp() where held_by is not null").await;
    }
    let worker = worker(&world);
    let output = command.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("新規 9000件"), "{}", said(&output));
    killed(worker);
    assert_eq!((world.count(ROWS).await, staged_rows(&world).await), (9_006, 0));
    assert_eq!(
        world.count("select attempts::bigint from jobs where kind = 'expenses.import'").await,
        3
    );
}

#[tokio::test]
async fn o2_ctrl_c_cancels_what_waits_and_what_runs() {
    let world = World::new().await;
    let tenant = world.tenant(UNION);
    let lock = format!("select pg_advisory_lock(hashtextextended('import expenses {tenant}', 0))");
    for runs in [false, true] {
        let holder = hold(&world, &lock).await;
        let command = import(&world, &many_expenses(0, 100));
        let asked = "select count(*) from jobs
                     where kind = 'expenses.import' and cancel_asked_at is null";
        until(&world, asked, 1).await;
        if runs {
            world.start_worker();
            until(&world, RUNNING, 1).await;
        }
        let pid = command.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let output = command.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("取り消しました。何も変えていません"), "{}", said(&output));
        holder.close().await.unwrap();
        assert_eq!((world.count(ROWS).await, staged_rows(&world).await), (6, 0));
    }
}
