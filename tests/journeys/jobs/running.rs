//! Work that outlasts a request: stored with its cause, run once at a time, and fair between
//! unions.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use kosmo::jobs::kind::Kinds;
use kosmo::jobs::{self, JobState};
use tokio_util::sync::CancellationToken;

use super::errands::{
    Errand, Log, SLEEPS, Worker, begun, drain, enqueue, note, reaches, run_by_a_worker, runner,
    runner_of, status,
};
use crate::operator::said;
use crate::support::kills::until;
use crate::support::world::{World, tester};

#[tokio::test]
async fn a_job_is_kept_with_what_caused_it_or_not_at_all() {
    let (world, log) = (World::empty().await, Log::default());
    let tenant = world.tenant("klinekenpo");
    let mut tx = world.operator.tenant(tenant, &tester()).await.unwrap();
    let errand = Errand::Note("never".to_owned());
    jobs::enqueue(&mut tx, &world.clock, &errand, None).await.unwrap();
    drop(tx);
    let kept = note(&world, "klinekenpo", "kept").await;
    assert_eq!(status(&world, "klinekenpo", kept).await.state, JobState::Queued);
    drain(&world, &log).await;
    assert_eq!(log.ran(), ["klinekenpo kept"]);
    let status = status(&world, "klinekenpo", kept).await;
    assert_eq!((status.state, status.attempts), (JobState::Done, 1));
    assert!(status.finished_at.is_some());
    let mut tx = world.operator.tenant(world.tenant("jomkenpo"), &tester()).await.unwrap();
    assert!(jobs::status(&mut tx, kept).await.unwrap().is_none(), "T15: another union's");
}

#[tokio::test]
async fn a_unions_many_jobs_do_not_delay_anothers() {
    let (world, log) = (World::empty().await, Log::default());
    for number in 0..20 {
        note(&world, "klinekenpo", &number.to_string()).await;
    }
    note(&world, "jomkenpo", "a").await;
    note(&world, "jomkenpo", "b").await;
    drain(&world, &log).await;
    let ran = log.ran();
    assert_eq!(ran.len(), 22);
    let place = |job: &str| ran.iter().position(|ran| ran == job).unwrap();
    assert!(place("jomkenpo a") < 3 && place("jomkenpo b") < 6, "in turn: {ran:?}");
    let own: Vec<_> = ran.iter().filter(|ran| ran.starts_with("klinekenpo")).collect();
    let in_order: Vec<_> = (0..20).map(|number| format!("klinekenpo {number}")).collect();
    assert_eq!(own, in_order.iter().collect::<Vec<_>>(), "the oldest first");
}

#[tokio::test]
async fn a_union_with_a_long_job_leaves_the_other_places_to_others() {
    let (world, log) = (World::empty().await, Log::default());
    let long = enqueue(&world, "klinekenpo", Errand::Wait("long".to_owned())).await;
    note(&world, "klinekenpo", "next").await;
    let worker = Worker::start(&world, &log).await;
    begun(&log).await;
    let other = note(&world, "jomkenpo", "short").await;
    // NOTIFY tells the worker at once.
    reaches(&world, "jomkenpo", other, JobState::Done).await;
    assert_eq!(status(&world, "klinekenpo", long).await.state, JobState::Running);
    assert_eq!(log.ran(), ["klinekenpo long", "jomkenpo short"], "one job a union at a time");
    log.go_on.notify_one();
    run_by_a_worker(&log, "klinekenpo next").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_job_of_a_worker_that_was_killed_goes_on_with_another() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Wait("begun".to_owned())).await;
    let worker = Worker::start(&world, &log).await;
    begun(&log).await;
    worker.kill().await;
    assert_eq!(status(&world, "klinekenpo", id).await.state, JobState::Running);
    log.go_on.notify_one();
    drain(&world, &log).await;
    assert_eq!(log.ran(), ["klinekenpo begun"], "as long as the worker may be at it");
    world.clock.advance(TimeDelta::seconds(61));
    drain(&world, &log).await;
    assert_eq!(log.ran(), ["klinekenpo begun", "klinekenpo begun", "klinekenpo on"]);
    let status = status(&world, "klinekenpo", id).await;
    assert_eq!((status.state, status.attempts), (JobState::Done, 2));
}

#[tokio::test]
async fn a_worker_that_lost_its_job_to_another_writes_nothing_any_more() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Wait("begun".to_owned())).await;
    let first = Worker::start(&world, &log).await;
    begun(&log).await;
    // Now it seems that the first worker was cut off for longer than its lease.
    world.execute("update jobs set due_at = due_at - interval '1 hour'").await;
    let second = Worker::start(&world, &log).await;
    begun(&log).await;
    // The first worker continues first.
    log.go_on.notify_one();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(status(&world, "klinekenpo", id).await.state, JobState::Running);
    assert_eq!(log.ran(), ["klinekenpo begun", "klinekenpo begun"], "it is not let in");
    log.go_on.notify_one();
    run_by_a_worker(&log, "klinekenpo on").await;
    first.stop().await;
    second.stop().await;
    assert_eq!(status(&world, "klinekenpo", id).await.state, JobState::Done);
}

#[tokio::test]
async fn two_workers_run_each_job_once() {
    let (world, log) = (World::empty().await, Log::default());
    for number in 0..10 {
        for slug in ["klinekenpo", "jomkenpo", "jrckenpo"] {
            note(&world, slug, &number.to_string()).await;
        }
    }
    let [one, other] = [runner(&world, &log).await, runner(&world, &log).await];
    let stop = CancellationToken::new();
    let (first, second) = tokio::join!(one.drain(&stop), other.drain(&stop));
    first.unwrap();
    second.unwrap();
    drain(&world, &log).await;
    let mut ran = log.ran();
    ran.sort();
    ran.dedup();
    assert_eq!((ran.len(), log.ran().len()), (30, 30));
    assert!(log.most_at_work.load(Ordering::SeqCst) <= 8, "four places a worker");
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_later_and_given_up_with_its_reason() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Fail).await;
    for attempt in 1..8 {
        drain(&world, &log).await;
        drain(&world, &log).await;
        let status = status(&world, "klinekenpo", id).await;
        assert_eq!((status.state, status.attempts), (JobState::Queued, attempt), "and no sooner");
        assert_eq!(status.last_error.as_deref(), Some("the file is locked"));
        world.clock.advance(TimeDelta::minutes(13));
    }
    drain(&world, &log).await;
    let given_up = status(&world, "klinekenpo", id).await;
    assert_eq!((given_up.state, given_up.attempts), (JobState::Failed, 8));
    assert_eq!(given_up.last_error.as_deref(), Some("the file is locked"));
    let hopeless = enqueue(&world, "klinekenpo", Errand::FailForGood).await;
    drain(&world, &log).await;
    let hopeless = status(&world, "klinekenpo", hopeless).await;
    assert_eq!((hopeless.state, hopeless.attempts), (JobState::Failed, 1));
    let mut tx = world.operator.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    let listed = jobs::list(&mut tx, None, 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0].last_error.as_deref(), Some("there is no such month"));
    assert_eq!(jobs::list(&mut tx, Some(listed[0].id), 10).await.unwrap()[0].id, id);
}

#[tokio::test]
async fn an_operator_sees_why_a_job_was_given_up() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::FailForGood).await;
    note(&world, "klinekenpo", "done").await;
    drain(&world, &log).await;
    let list = |arguments: &[&str]| said(&world.kosmo(&[&["jobs", "list"], arguments].concat()));
    let told = list(&["--tenant", "klinekenpo"]);
    for part in [id.to_string().as_str(), "失敗", "there is no such month", "1件"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(list(&["--tenant", "klinekenpo", "--all"]).contains("2件"));
    assert!(list(&["--tenant", "jomkenpo"]).starts_with("0件"));
    let json: serde_json::Value =
        serde_json::from_str(&list(&["--tenant", "klinekenpo", "--json"])).unwrap();
    assert_eq!(
        (json[0]["state"].as_str(), json[0]["attempts"].as_i64()),
        (Some("failed"), Some(1))
    );
}

#[tokio::test]
async fn a_job_whose_workers_all_die_is_given_up() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Note("never".to_owned())).await;
    world.execute("update jobs set attempts = 8").await;
    drain(&world, &log).await;
    let status = status(&world, "klinekenpo", id).await;
    assert_eq!(status.state, JobState::Failed);
    assert_eq!(status.last_error.as_deref(), Some("its worker died in the last attempt"));
    assert_eq!(log.ran(), Vec::<String>::new());
}

#[tokio::test]
async fn a_panic_in_a_job_harms_no_other() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Panic).await;
    note(&world, "klinekenpo", "own").await;
    note(&world, "jomkenpo", "other").await;
    drain(&world, &log).await;
    let mut ran = log.ran();
    ran.sort();
    assert_eq!(ran, ["jomkenpo other", "klinekenpo own"]);
    let status = status(&world, "klinekenpo", id).await;
    assert_eq!(status.state, JobState::Queued);
    assert_eq!(status.last_error.as_deref(), Some("the job panicked"));
}

#[tokio::test]
async fn a_worker_that_stops_gives_its_job_back_as_though_it_had_not_begun() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Wait("begun".to_owned())).await;
    let worker = Worker::start(&world, &log).await;
    begun(&log).await;
    worker.stop().await;
    let given_back = status(&world, "klinekenpo", id).await;
    assert_eq!((given_back.state, given_back.attempts), (JobState::Queued, 0));
    log.go_on.notify_one();
    drain(&world, &log).await;
    assert_eq!(status(&world, "klinekenpo", id).await.state, JobState::Done, "at once");
}

#[tokio::test]
async fn a_job_tells_how_far_it_is_and_can_be_cancelled() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::Half).await;
    let worker = Worker::start(&world, &log).await;
    begun(&log).await;
    let half = status(&world, "klinekenpo", id).await;
    assert_eq!((half.done, half.of, half.step.as_deref()), (500, Some(1_000), Some("rows")));
    let waiting = note(&world, "klinekenpo", "never").await;
    for (slug, id, asked) in
        [("jomkenpo", id, false), ("klinekenpo", id, true), ("klinekenpo", waiting, true)]
    {
        let mut tx = world.operator.tenant(world.tenant(slug), &tester()).await.unwrap();
        assert_eq!(jobs::cancel(&mut tx, &world.clock, id).await.unwrap(), asked, "{slug}");
        tx.commit().await.unwrap();
    }
    reaches(&world, "klinekenpo", waiting, JobState::Cancelled).await;
    assert_eq!(status(&world, "klinekenpo", id).await.state, JobState::Cancelled);
    assert_eq!(log.ran(), Vec::<String>::new());
    worker.stop().await;
}

#[tokio::test]
async fn a_cancelled_jobs_statement_ends_and_its_worker_goes_on() {
    let (world, log) = (World::empty().await, Log::default());
    let worker = Worker::start(&world, &log).await;
    let id = enqueue(&world, "klinekenpo", Errand::Sleep).await;
    until(&world, SLEEPS, 1).await;
    let mut tx = world.operator.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    assert!(jobs::cancel(&mut tx, &world.clock, id).await.unwrap());
    tx.commit().await.unwrap();
    reaches(&world, "klinekenpo", id, JobState::Cancelled).await;
    until(&world, SLEEPS, 0).await;
    note(&world, "klinekenpo", "next").await;
    run_by_a_worker(&log, "klinekenpo next").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_job_begins_with_the_policy_that_is_in_force_then() {
    let (world, log) = (World::empty().await, Log::default());
    // This worker hears of no change.
    let runner = runner(&world, &log).await;
    for name in ["改名健康保険組合", "再改名健康保険組合"] {
        world.change_policy("klinekenpo", |policy| policy.name = name.to_owned()).await;
        enqueue(&world, "klinekenpo", Errand::Name).await;
        runner.drain(&CancellationToken::new()).await.unwrap();
        assert_eq!(log.ran().pop(), Some(format!("klinekenpo {name}")));
    }
}

#[tokio::test]
async fn the_same_key_twice_is_one_job_until_it_has_ended() {
    let (world, log) = (World::empty().await, Log::default());
    let keyed = async |slug: &str, word: &str| {
        let errand = Errand::Note(word.to_owned());
        let mut tx = world.operator.tenant(world.tenant(slug), &tester()).await.unwrap();
        let id = jobs::enqueue(&mut tx, &world.clock, &errand, Some("2026-10")).await.unwrap();
        tx.commit().await.unwrap();
        id
    };
    let first = keyed("klinekenpo", "first").await;
    assert_eq!(keyed("klinekenpo", "second").await, first);
    assert_ne!(keyed("jomkenpo", "other").await, first, "each union has its own");
    drain(&world, &log).await;
    let mut ran = log.ran();
    ran.sort();
    assert_eq!(ran, ["jomkenpo other", "klinekenpo first"]);
    assert_ne!(keyed("klinekenpo", "third").await, first);
}

#[tokio::test]
async fn a_job_is_done_with_its_last_transaction_or_not_at_all() {
    let (world, log) = (World::empty().await, Log::default());
    let id = enqueue(&world, "klinekenpo", Errand::FinishUncommitted).await;
    drain(&world, &log).await;
    let status = status(&world, "klinekenpo", id).await;
    assert_eq!(status.state, JobState::Queued);
    assert_eq!(status.last_error.as_deref(), Some("the commit failed"));
}

#[tokio::test]
async fn a_job_of_a_newer_release_waits_for_it() {
    let (world, log) = (World::empty().await, Log::default());
    let id = note(&world, "klinekenpo", "later").await;
    let older = runner_of(&world, Kinds::new()).await;
    older.drain(&CancellationToken::new()).await.unwrap();
    let waiting = status(&world, "klinekenpo", id).await;
    assert_eq!((waiting.state, waiting.attempts), (JobState::Queued, 0));
    drain(&world, &log).await;
    assert_eq!(log.ran(), ["klinekenpo later"]);
}

#[tokio::test]
async fn jobs_that_are_over_are_forgotten_in_the_end() {
    let (world, log) = (World::empty().await, Log::default());
    let tenant = world.tenant("klinekenpo");
    note(&world, "klinekenpo", "done").await;
    enqueue(&world, "klinekenpo", Errand::FailForGood).await;
    drain(&world, &log).await;
    note(&world, "klinekenpo", "waiting").await;
    let left = async || {
        let mut tx = world.worker.tenant(tenant, &tester()).await.unwrap();
        assert!(!jobs::sweep(&mut tx, &world.clock).await.unwrap());
        tx.commit().await.unwrap();
        world.count("select count(*) from jobs").await
    };
    assert_eq!(left().await, 3);
    world.clock.advance(TimeDelta::days(3));
    assert_eq!(left().await, 2, "why a job failed may be asked for longer");
    world.clock.advance(TimeDelta::days(90));
    assert_eq!(left().await, 1, "never what still waits");
}
