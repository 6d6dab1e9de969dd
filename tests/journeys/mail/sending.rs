//! Mail delivery (M2, M3): at least once, in time or not at all, at the provider's pace.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use kosmo::base::clock::Clock;
use kosmo::mail::delivery;
use kosmo::mail::delivery::rates;
use kosmo::mail::delivery::sender::Sender;
use kosmo::mail::housekeeping::{self, Swept};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::moto::{Moto, sender_to};
use super::{deliver, mails_that, post, post_code, post_many, post_to, sender_to_nobody, worker};
use crate::support::people::TARO;
use crate::support::world::{World, tester};

#[tokio::test]
async fn m3_ses_gets_a_mail_as_it_will_be_read() {
    let (world, moto) = (World::empty().await, Moto::ready().await);
    let id = post(&world, "jomkenpo").await;
    assert_eq!(deliver(&world, &moto.sender().await).await, 1);
    let mails = moto.mails().await;
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some(world.union("jomkenpo").config.name.as_str()), "M1");
    assert_eq!(from.address(), Some("no-reply@kosmo-web.jp"), "M1");
    assert_eq!(mail.reply_to().unwrap().first().unwrap().address(), Some("jom.kenpo@j-oil.com"));
    assert_eq!(mail.to().unwrap().first().unwrap().address(), Some(TARO.email));
    assert_eq!(mail.subject(), Some("【KOSMOWeb】ご登録内容変更のお知らせ"));
    assert_eq!(mail.message_id(), Some(format!("{id}@kosmo-web.jp").as_str()));
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(text.contains("変更内容：パスワードの変更"), "{text}");
    assert!(html.contains("変更内容：パスワードの変更") && html.contains("<style>"), "{html}");
    assert_eq!(mails_that(&world, "state = 'sent' and not has_content").await, 1);
}

#[tokio::test]
async fn m3_an_address_with_dots_as_carriers_gave_them_goes_to_ses_quoted() {
    let (world, moto) = (World::empty().await, Moto::ready().await);
    post_to(&world, "klinekenpo", "taro..demo@docomo.ne.jp").await;
    assert_eq!(deliver(&world, &moto.sender().await).await, 1);
    let mails = moto.mails().await;
    let raw = String::from_utf8_lossy(mails[0].raw_message()).into_owned();
    assert!(raw.contains("To: <\"taro..demo\"@docomo.ne.jp>"), "{raw}");
    assert_eq!(mails_that(&world, "state = 'sent'").await, 1);
}

#[tokio::test]
async fn m2_ses_away_for_an_hour_loses_nothing_and_repeats_nothing() {
    let (world, moto) = (World::empty().await, Moto::ready().await);
    let away = sender_to_nobody().await;
    post(&world, "klinekenpo").await;
    for _ in 0..12 {
        deliver(&world, &away).await;
        world.clock.advance(TimeDelta::minutes(5));
    }
    let waits = "state = 'queued' and attempts > 5 and last_error = 'SES: unreachable'";
    assert_eq!(mails_that(&world, waits).await, 1);
    world.clock.advance(TimeDelta::minutes(10));
    let sender = moto.sender().await;
    assert_eq!(deliver(&world, &sender).await, 1);
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(deliver(&world, &sender).await, 0);
    assert_eq!(moto.mails().await.len(), 1);
    assert_eq!(mails_that(&world, "state = 'sent' and last_error is null").await, 1);
}

#[tokio::test]
async fn m2_ses_that_never_answers_holds_nobody_up() {
    let world = World::empty().await;
    // The kernel accepts the connection, but nobody reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sender = sender_to(format!("http://{}", silent.local_addr().unwrap()), 1).await;
    for number in 0..10 {
        post_to(&world, "klinekenpo", &format!("taro{number}@example.jp")).await;
    }
    let began = Instant::now();
    assert_eq!(deliver(&world, &sender).await, 10);
    assert!(began.elapsed() < Duration::from_secs(8), "all at once: {:?}", began.elapsed());
    let waits = "state = 'queued' and attempts = 1 and last_error = 'SES: timed out'";
    assert_eq!(mails_that(&world, waits).await, 10);
}

#[tokio::test]
async fn m2_a_worker_killed_after_sending_repeats_the_same_mail_once() {
    let (world, moto) = (World::empty().await, Moto::ready().await);
    let (db, sender) = (worker(&world), moto.sender().await);
    post(&world, "klinekenpo").await;
    let kill = "create function kill() returns trigger language plpgsql
                as $$ begin raise exception 'killed'; end $$";
    world.execute(kill).await;
    let killing = "create trigger killed before update on outbox for each row
                   when (new.state = 'sent') execute function kill()";
    world.execute(killing).await;
    delivery::deliver(&db, &world.clock, &sender).await.unwrap_err();
    world.execute("drop trigger killed on outbox").await;
    assert_eq!(moto.mails().await.len(), 1);
    assert_eq!(deliver(&world, &sender).await, 0, "as long as it may be on its way");
    world.clock.advance(TimeDelta::seconds(61));
    assert_eq!(deliver(&world, &sender).await, 1);
    world.clock.advance(TimeDelta::hours(1));
    assert_eq!(deliver(&world, &sender).await, 0);
    let mails = moto.mails().await;
    assert_eq!(mails.len(), 2);
    assert!(mails[0].message_id().is_some() && mails[0].message_id() == mails[1].message_id());
}

#[tokio::test]
async fn m2_two_workers_send_each_mail_once_and_together_keep_the_rate() {
    let world = World::empty().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(|folder| Sender::File(folder.path().to_owned()));
    let (first, second) = (worker(&world), worker(&world));
    rates::set(&first, &world.clock, one.provider(), 1_000).await.unwrap();
    post_many(&world, 2_000, &world.clock).await;
    for step in 1..=40 {
        world.clock.advance(TimeDelta::milliseconds(50));
        let (of_one, of_other) = tokio::join!(
            delivery::deliver(&first, &world.clock, &one),
            delivery::deliver(&second, &world.clock, &other),
        );
        of_one.unwrap();
        of_other.unwrap();
        let allowed = (1 + 50 * step).min(2_000);
        assert_eq!(mails_that(&world, "state = 'sent'").await, allowed, "neither more nor less");
    }
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder.path()).unwrap());
    let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2_000);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 2_000);
    world.clock.advance(TimeDelta::hours(1));
    post_many(&world, 500, &world.clock).await;
    delivery::deliver(&first, &world.clock, &one).await.unwrap();
    assert_eq!(mails_that(&world, "state = 'sent'").await, 2_100, "rest saves nothing up");
}

/// Returns how long a running worker takes to send many mails at a given rate.
async fn time_to_send(count: u32, per_second: u32) -> Duration {
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let (db, sender) = (worker(&world), Sender::File(folder.path().to_owned()));
    post_many(&world, count, &Clock::System).await;
    let stop = CancellationToken::new();
    let began = Instant::now();
    let watch = async {
        while mails_that(&world, "state = 'queued'").await > 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "too slow");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.cancel();
        began.elapsed()
    };
    let running = delivery::run(&db, &Clock::System, &sender, per_second, &stop);
    let ((), took) = tokio::join!(running, watch);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), count as usize);
    took
}

#[tokio::test]
async fn m2_a_running_worker_keeps_the_pace_it_is_given() {
    let took = time_to_send(500, 500).await;
    assert!(took > Duration::from_millis(850), "a tenth of a second at once, then 500/s: {took:?}");
}

#[tokio::test]
async fn m2_a_running_worker_at_a_slow_pace_does_not_rest_between_mails() {
    let took = time_to_send(15, 10).await;
    assert!(took > Duration::from_millis(1_300), "one at once, then ten a second: {took:?}");
    assert!(took < Duration::from_secs(5), "one at once, then ten a second: {took:?}");
}

#[tokio::test]
async fn m2_codes_go_before_what_can_wait() {
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let (db, sender) = (worker(&world), Sender::File(folder.path().to_owned()));
    rates::set(&db, &world.clock, sender.provider(), 1).await.unwrap();
    post_many(&world, 100, &world.clock).await;
    world.clock.advance(TimeDelta::milliseconds(1));
    post_code(&world).await;
    assert_eq!(deliver(&world, &sender).await, 1);
    assert_eq!(mails_that(&world, "state = 'sent' and kind = 'email_code'").await, 1);
}

#[tokio::test]
async fn m2_a_code_that_ses_could_not_take_in_time_is_never_sent() {
    let (world, moto) = (World::empty().await, Moto::ready().await);
    post_code(&world).await;
    deliver(&world, &sender_to_nobody().await).await;
    world.clock.advance(TimeDelta::minutes(10));
    assert_eq!(deliver(&world, &moto.sender().await).await, 0);
    assert_eq!(moto.mails().await.len(), 0);
    assert_eq!(mails_that(&world, "state = 'expired' and not has_content").await, 1);
}

#[tokio::test]
async fn m2_a_mail_is_given_up_by_its_age() {
    let world = World::empty().await;
    let away = sender_to_nobody().await;
    post(&world, "klinekenpo").await;
    for hours in 0..72 {
        deliver(&world, &away).await;
        assert_eq!(mails_that(&world, "state = 'queued'").await, 1, "after {hours} hours");
        world.clock.advance(TimeDelta::hours(1));
    }
    deliver(&world, &away).await;
    assert_eq!(mails_that(&world, "state = 'dead' and has_content").await, 1);
}

/// Sweeps the outbox of every union. Returns how many mails lost their content, and how many were
/// deleted.
async fn sweep(world: &World) -> (u64, u64) {
    let mut sum = (0, 0);
    for union in world.app.directory.all() {
        let mut tx = world.worker.tenant(union.id, &tester()).await.unwrap();
        let Swept { emptied, deleted } = housekeeping::sweep(&mut tx, &world.clock).await.unwrap();
        tx.commit().await.unwrap();
        sum = (sum.0 + emptied, sum.1 + deleted);
    }
    sum
}

#[tokio::test]
async fn what_is_over_is_forgotten_in_the_end() {
    let (world, moto) = (World::empty().await, Moto::start());
    post(&world, "klinekenpo").await;
    deliver(&world, &moto.sender().await).await;
    assert_eq!(mails_that(&world, "state = 'dead' and has_content").await, 1);
    moto.trust_the_domain().await;
    post(&world, "klinekenpo").await;
    deliver(&world, &moto.sender().await).await;
    assert_eq!(sweep(&world).await, (0, 0));
    world.clock.advance(TimeDelta::days(31));
    post(&world, "klinekenpo").await;
    assert_eq!(sweep(&world).await, (1, 0));
    world.clock.advance(TimeDelta::days(60));
    assert_eq!(sweep(&world).await, (0, 2));
    assert_eq!(mails_that(&world, "state = 'queued'").await, 1, "never what still waits");
}
