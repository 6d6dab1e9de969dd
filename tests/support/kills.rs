//! Waiting for the moment at which a process is to be killed, and killing it.

use std::process::Child;
use std::time::{Duration, Instant};

use super::world::World;

const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a query returns a number.
pub async fn until(world: &World, query: &str, expected: i64) {
    let began = Instant::now();
    while world.count(query).await != expected {
        assert!(began.elapsed() < PATIENCE, "{query} does not come to {expected}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Kills a process with SIGKILL, and waits until it is gone.
pub fn killed(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Kills an import while it reads its file.
pub async fn killed_while_it_reads(world: &World, mut import: Child) {
    let reads = "select (count(*) > 0)::integer::bigint from pg_stat_activity
                 where datname = current_database() and query like 'insert into staged_%'";
    until(world, reads, 1).await;
    assert!(import.try_wait().unwrap().is_none(), "the import was too quick to be killed");
    killed(import);
}
