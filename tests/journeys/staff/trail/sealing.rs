//! The worker seals the trail, whatever else goes on.

use std::process::Command;

use kosmo::audit::seals::make::{SealError, seal};
use kosmo::audit::seals::ship::{ShipError, ShippedFiles, ShippedSeal};
use kosmo::audit::seals::verify::{Verified, verify};
use kosmo::audit::{self, Action};
use kosmo::base::ids::LoginId;
use kosmo::worker::trail::seal_union;
use serde_json::json;

use super::pages::UNION;
use crate::support::people::{GORO, TARO};
use crate::support::world::{World, tester};

impl World {
    /// Seals all of a union's lines. A transaction of another test holds sealing back until it ends.
    pub async fn seal(&self, slug: &str) {
        for _ in 0..600 {
            while seal_union(&self.worker, &self.clock, self.tenant(slug)).await.unwrap() {}
            if self.verify(slug, &[]).await.unsealed == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the trail is never sealed");
    }

    pub async fn verify(&self, slug: &str, shipped: &[ShippedSeal]) -> Verified {
        let mut tx = self.operator.tenant(self.tenant(slug), &tester()).await.unwrap();
        let verified = verify(&mut tx, &self.clock, shipped).await.unwrap();
        tx.commit().await.unwrap();
        verified
    }

    /// Writes lines about strangers.
    pub async fn write_lines(&self, slug: &str, lines: usize) {
        let mut tx = self.operator.tenant(self.tenant(slug), &tester()).await.unwrap();
        let logins: Vec<_> = (0..lines).map(|_| LoginId::new(&self.clock)).collect();
        let action = Action::AccountClosed;
        audit::record_each(&mut tx, &self.clock, action, &logins, json!({})).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a8_a_trail_that_nobody_touched_is_whole() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    world.seal(UNION).await;
    let first = world.verify(UNION, &[]).await;
    assert_eq!(first.findings, []);
    assert!(first.seals >= 1 && first.lines > 5);
    world.sign_in(GORO).await;
    world.seal(UNION).await;
    let second = world.verify(UNION, &[]).await;
    assert_eq!(second.findings, []);
    assert!(second.seals > first.seals && second.lines > first.lines);
    assert_eq!(world.verify("jomkenpo", &[]).await.seals, 0, "another union's are not sealed yet");
}

#[tokio::test]
async fn a8_many_lines_are_sealed_in_batches_even_those_of_one_transaction() {
    let world = World::empty().await;
    world.write_lines(UNION, 2500).await;
    world.seal(UNION).await;
    let verified = world.verify(UNION, &[]).await;
    assert_eq!((verified.seals, verified.lines, verified.findings.len()), (3, 2500, 0));
}

#[tokio::test]
async fn a8_a_line_that_commits_late_is_sealed_later_and_is_no_fault() {
    let world = World::empty().await;
    let tenant = world.tenant(UNION);
    world.write_lines(UNION, 3).await;
    world.seal(UNION).await;
    let mut late = world.operator.tenant(tenant, &tester()).await.unwrap();
    audit::record(&mut late, &world.clock, Action::MailRetried, None, json!({})).await.unwrap();
    world.clock.advance(chrono::Duration::minutes(5));
    world.write_lines(UNION, 3).await;
    let mut tx = world.worker.tenant(tenant, &tester()).await.unwrap();
    let sealed = seal(&mut tx, &world.clock).await.unwrap();
    tx.commit().await.unwrap();
    assert!(sealed.is_empty(), "what could still be joined by older lines is not sealed");
    late.commit().await.unwrap();
    world.seal(UNION).await;
    let verified = world.verify(UNION, &[]).await;
    assert_eq!((verified.lines, verified.unsealed, verified.findings.len()), (7, 0, 0));
}

#[tokio::test]
async fn a8_two_workers_and_people_who_sign_in_disturb_nothing() {
    let world = World::new().await;
    let tenant = world.tenant(UNION);
    world.write_lines(UNION, 3000).await;
    let sealing = async |worker: &kosmo::db::Db| {
        for _ in 0..20 {
            seal_union(worker, &world.clock, tenant).await.unwrap();
        }
    };
    let signing_in = async {
        for person in [TARO, GORO, TARO] {
            world.sign_in(person).await;
        }
    };
    tokio::join!(sealing(&world.worker), sealing(&world.worker), signing_in);
    world.seal(UNION).await;
    let verified = world.verify(UNION, &[]).await;
    assert_eq!((verified.findings.len(), verified.unsealed), (0, 0));
    let all = format!("select count(*) from audit_events where tenant_id = '{tenant}'");
    assert_eq!(verified.lines, world.count(&all).await, "each line once");
}

#[tokio::test]
async fn a8_a_restored_trail_with_higher_numbers_is_not_sealed_wrongly() {
    let world = World::empty().await;
    world.write_lines(UNION, 3).await;
    world.seal(UNION).await;
    world.execute("update audit_seals set last_written_in = 9000000000000000000").await;
    world.write_lines(UNION, 3).await;
    let mut tx = world.worker.tenant(world.tenant(UNION), &tester()).await.unwrap();
    let sealed = seal(&mut tx, &world.clock).await;
    assert!(matches!(sealed, Err(SealError::NumbersRanBackwards)), "{sealed:?}");
}

#[tokio::test]
async fn a8_only_the_worker_seals_and_nobody_changes_a_seal() {
    let world = World::empty().await;
    world.write_lines(UNION, 3).await;
    world.seal(UNION).await;
    let tenant = world.tenant(UNION);
    for (db, statement) in [
        (&world.app.db, "delete from audit_seals"),
        (&world.app.db, "insert into audit_seals select * from audit_seals"),
        (&world.worker, "delete from audit_seals"),
        (&world.worker, "update audit_seals set no = 2"),
        (&world.worker, "delete from audit_events"),
        (&world.worker, "update audit_events set action = 'x'"),
        (&world.operator, "delete from audit_seals"),
        (&world.operator, "update audit_events set action = 'x'"),
    ] {
        let mut tx = db.tenant(tenant, &tester()).await.unwrap();
        let done = sqlx::query(statement).execute(tx.conn()).await;
        let refused = done.expect_err(statement).to_string();
        assert!(refused.contains("permission denied"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn a8_files_grow_by_what_is_new_and_tell_nobody_else() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let files = ShippedFiles::new(folder.path(), UNION);
    let ship = async || {
        let mut tx = world.operator.tenant(world.tenant(UNION), &tester()).await.unwrap();
        let shipped = files.ship(&mut tx).await;
        tx.commit().await.unwrap();
        shipped
    };
    for lines in [3, 4] {
        world.write_lines(UNION, lines).await;
        world.seal(UNION).await;
        let shipped = ship().await.unwrap();
        assert_eq!((shipped.seals, usize::try_from(shipped.lines).unwrap()), (1, lines));
    }
    assert_eq!(ship().await.unwrap().seals, 0);
    let path = folder.path().join("klinekenpo.seals.jsonl");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let lines = std::fs::read_to_string(folder.path().join("klinekenpo.lines.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 7);
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line["action"], "account.closed");
    // A power cut left half a record.
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    assert_eq!(ship().await.unwrap().seals, 1);
    let shipped = files.seals().unwrap();
    assert_eq!(shipped.iter().map(|seal| seal.no).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.verify(UNION, &shipped).await.findings, []);
    world.execute("update audit_seals set hash = sha256('x') where no = 2").await;
    assert!(matches!(ship().await, Err(ShipError::Forked(2))));
}

#[tokio::test]
async fn a8_the_command_fails_when_something_is_wrong_and_says_where() {
    let world = World::empty().await;
    world.write_lines(UNION, 3).await;
    world.seal(UNION).await;
    let folder = tempfile::tempdir().unwrap();
    let kosmo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kosmo"));
        command.current_dir(folder.path()).args(arguments);
        command.env("KOSMO_DATABASE__URL", world.database.url()).output().unwrap()
    };
    let to = folder.path().join("shipped");
    let to = to.to_str().unwrap();
    let shipped = kosmo(&["audit", "ship", "--to", to]);
    assert!(shipped.status.success(), "{shipped:?}");
    let whole = kosmo(&["audit", "verify", "--against", to]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    let text = String::from_utf8(whole.stdout).unwrap();
    assert!(text.contains("klinekenpo: 封印 1件、操作履歴 3件"), "{text}");
    world.execute("delete from audit_seals").await;
    world.execute("delete from audit_events where action = 'account.closed'").await;
    let alone = kosmo(&["audit", "verify", "--tenant", UNION]);
    assert_eq!(alone.status.code(), Some(0), "a chain does not see its own cut end");
    let cut = kosmo(&["audit", "verify", "--tenant", UNION, "--against", to, "--json"]);
    assert_eq!(cut.status.code(), Some(3), "{cut:?}");
    let told: serde_json::Value = serde_json::from_slice(&cut.stdout).unwrap();
    assert_eq!(told[0]["findings"][0]["fault"], "tail_cut", "{told}");
    assert_eq!(told[0]["findings"][0]["seal"], 1);
    let noted = "select count(*) from audit_events where action = 'audit.verify' and actor_kind = 'operator'";
    assert!(world.count(noted).await >= 3);
}
