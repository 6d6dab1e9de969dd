//! A command or a worker ends in the middle of an issue of letters. Each person still gets one letter that works.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{UNION, WAITING, newcomers, open, printed, read, signs_in, tables_with, waiting_issue};
use crate::imports::kills::{WAITS, hold, worker};
use crate::operator::said;
use crate::support::kills::{killed, until};
use crate::support::world::World;

/// With so many people, an issue has a second chunk.
const MANY: usize = 130;
const FIRST_CHUNK: i64 = 100;
const RUNNING: &str =
    "select count(*) from jobs where kind = 'letters.issue' and state = 'running'";
/// With this lock, the first chunk is stored, and the second one waits.
const SECOND_CHUNK: &str = "begin; select from members where code = 'X101' for update";

fn out(world: &World, name: &str) -> PathBuf {
    world.write("x", "").with_file_name(name)
}

/// Starts the real program with an issue of letters.
fn issue(world: &World, out: &Path) -> Child {
    world
        .command(&["letters", "issue", "--tenant", UNION, "--out", out.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn send(signal: &str, process: &Child) {
    let pid = process.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

/// Checks that a file has one letter for each of these people, and that each letter is the one that counts.
async fn assert_each_has_one(world: &World, path: &Path, people: usize) {
    let letters: BTreeMap<_, _> =
        printed(path).into_iter().map(|[user_id, password]| (user_id, password)).collect();
    assert_eq!((printed(path).len(), letters.len()), (people, people));
    let stored: Vec<(String, String)> = sqlx::query_as(
        "select l.user_id, s.initial_password_hash from logins l
         join subscribers s on s.tenant_id = l.tenant_id and s.login_id = l.id
         where s.member_code like 'X%'",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    assert_eq!(stored.len(), people);
    for (user_id, hash) in stored {
        let turn = world.app.hasher.turn(world.tenant(UNION), "").await.unwrap();
        let password = letters[&user_id].as_str().into();
        assert!(turn.verify(&password, Some(&hash)).await.unwrap(), "{user_id}");
    }
    assert_eq!(world.count(WAITING).await, 0);
}

#[tokio::test]
async fn t9_an_issue_goes_on_after_its_worker_is_killed() {
    let world = World::new().await;
    newcomers(&world, UNION, MANY).await;
    let out = out(&world, "letters.csv");
    let command = issue(&world, &out);
    let holder = hold(&world, SECOND_CHUNK).await;
    let first = worker(&world);
    until(&world, WAITING, FIRST_CHUNK).await;
    until(&world, WAITS, 1).await;
    killed(first);
    sqlx::Connection::close(holder).await.unwrap();
    until(&world, WAITS, 0).await;
    assert_eq!((world.count(WAITING).await, world.count(RUNNING).await), (FIRST_CHUNK, 1));
    let made = open(read(&world, UNION, waiting_issue(&world).await).await, &world);
    world.execute("update jobs set due_at = clock_timestamp() where held_by is not null").await;
    let second = worker(&world);
    let output = command.wait_with_output().unwrap();
    killed(second);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("130人分"), "{}", said(&output));
    assert_each_has_one(&world, &out, MANY).await;
    assert!(printed(&out).starts_with(&made), "what was made before is printed");
    assert_eq!(
        world.count("select attempts::bigint from jobs where kind = 'letters.issue'").await,
        2
    );
    let told = "select sum((detail ->> 'count')::bigint)::bigint from audit_events
                where action = 'letters.issued' and actor_kind = 'operator'
                  and actor_label is not null";
    assert_eq!(world.count(told).await, 130);
}

#[tokio::test]
async fn t9_letters_that_a_killed_command_left_are_made_anew() {
    let world = World::new().await;
    newcomers(&world, UNION, 2).await;
    let (lost, again) = (out(&world, "lost.csv"), out(&world, "again.csv"));
    let command = issue(&world, &lost);
    until(&world, "select count(*) from jobs where kind = 'letters.issue'", 1).await;
    killed(command);
    world.start_worker();
    let done = "select count(*) from jobs where kind = 'letters.issue' and state = 'done'";
    until(&world, done, 1).await;
    let never_printed = open(read(&world, UNION, waiting_issue(&world).await).await, &world);
    assert_eq!((never_printed.len(), printed(&lost).len()), (2, 0));
    let output = issue(&world, &again).wait_with_output().unwrap();
    assert!(said(&output).contains("2人分"), "{}", said(&output));
    assert_each_has_one(&world, &again, 2).await;
    for ([user_id, password], dead) in printed(&again).into_iter().zip(&never_printed) {
        assert_eq!(user_id, dead[0], "the login is the same");
        assert!(!signs_in(&world, UNION, dead).await);
        assert!(tables_with(&world, &password).await.is_empty());
        assert!(signs_in(&world, UNION, &[user_id, password]).await);
    }
}

#[tokio::test]
async fn t9_ctrl_c_ends_an_issue_and_the_next_one_makes_its_letters_anew() {
    let world = World::new().await;
    newcomers(&world, UNION, MANY).await;
    let out = out(&world, "letters.csv");
    let holder = hold(&world, SECOND_CHUNK).await;
    let command = issue(&world, &out);
    world.start_worker();
    until(&world, WAITS, 1).await;
    send("-INT", &command);
    let output = command.wait_with_output().unwrap();
    sqlx::Connection::close(holder).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for words in ["取り消しました", "作り終えた100人分はファイルに書いていません"]
    {
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    assert!(!out.exists(), "no half file is left");
    let output = issue(&world, &out).wait_with_output().unwrap();
    assert!(said(&output).contains("130人分"), "{}", said(&output));
    assert_each_has_one(&world, &out, MANY).await;
}

#[tokio::test]
async fn t9_a_letter_that_another_issue_takes_back_is_in_no_file() {
    let world = World::new().await;
    newcomers(&world, UNION, 2).await;
    let out = out(&world, "letters.csv");
    let command = issue(&world, &out);
    until(&world, "select count(*) from jobs where kind = 'letters.issue'", 1).await;
    send("-STOP", &command);
    world.start_worker();
    until(&world, WAITING, 2).await;
    // Another issue is about to store its own letter for one of them.
    let another = hold(&world, "begin; delete from letters where member_code = 'X001'").await;
    send("-CONT", &command);
    until(&world, WAITS, 1).await;
    let mut another = another;
    sqlx::raw_sql("commit").execute(&mut another).await.unwrap();
    let output = command.wait_with_output().unwrap();
    assert!(said(&output).contains("1人分"), "{}", said(&output));
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("X002") && !text.contains("X001"), "{text}");
}
