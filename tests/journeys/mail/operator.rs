//! `kosmo mail`: mail that did not arrive, and samples of mails.

use std::process::Output;

use mail_parser::MessageParser;

use super::moto::Moto;
use super::{deliver, mails_that, post, post_code};
use crate::operator::said;
use crate::support::people::TARO;
use crate::support::world::World;

fn kosmo(world: &World, arguments: &[&str]) -> Output {
    world.kosmo(&[&["mail"], arguments].concat())
}

#[tokio::test]
async fn m2_a_refused_mail_is_listed_and_put_back() {
    let (world, moto) = (World::empty().await, Moto::start());
    let sender = moto.sender().await;
    let nothing = said(&kosmo(&world, &["list"]));
    assert!(nothing.contains("送れなかったもの 0件、遅れているもの 0件"), "{nothing}");
    let id = post(&world, "klinekenpo").await.to_string();
    assert_eq!(deliver(&world, &sender).await, 1);
    world.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(deliver(&world, &sender).await, 0, "what is refused for good is not tried again");

    let list = said(&kosmo(&world, &["list"]));
    for part in
        ["klinekenpo", "登録内容の変更", "t***@example.jp", "SES: MessageRejected", id.as_str()]
    {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains(TARO.email), "{list}");
    let json = kosmo(&world, &["list", "--json", "--tenant", "klinekenpo"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json[0]["id"], id.as_str());
    assert_eq!(json[0]["dead"], true);
    assert_eq!(json[0]["retriable"], true);
    assert_eq!(json[0]["recipient"], "t***@example.jp");
    let other = said(&kosmo(&world, &["list", "--tenant", "jrckenpo"]));
    assert!(other.contains("送れなかったもの 0件"), "{other}");

    let retry = |union: &str, what: &str| kosmo(&world, &["retry", "--tenant", union, what]);
    let elsewhere = retry("jrckenpo", &id);
    assert_eq!(elsewhere.status.code(), Some(1), "{}", said(&elsewhere));
    assert!(said(&elsewhere).contains("のメールはありません"), "{}", said(&elsewhere));
    assert!(said(&retry("jrckenpo", "--all")).contains("何も変えていません"));
    assert!(said(&retry("klinekenpo", &id)).contains("1件を送信待ちに戻しました"));
    for again in [id.as_str(), "--all"] {
        assert!(said(&retry("klinekenpo", again)).contains("何も変えていません"));
    }
    assert_eq!(kosmo(&world, &["retry", "--tenant", "klinekenpo"]).status.code(), Some(2));
    assert_eq!(retry("klinekenpo", "no-id").status.code(), Some(2));

    moto.trust_the_domain().await;
    // The command uses the machine's clock.
    world.execute("update outbox set due_at = created_at").await;
    assert_eq!(deliver(&world, &sender).await, 1);
    assert_eq!(moto.mails().await.len(), 1);
}

#[tokio::test]
async fn m2_a_refused_code_is_told_of_but_neither_kept_nor_put_back() {
    let (world, moto) = (World::empty().await, Moto::start());
    post_code(&world).await;
    deliver(&world, &moto.sender().await).await;
    assert_eq!(mails_that(&world, "state = 'dead' and not has_content").await, 1);
    assert!(said(&kosmo(&world, &["list"])).contains("送り直せません"));
    let retried = said(&kosmo(&world, &["retry", "--tenant", "klinekenpo", "--all"]));
    assert!(retried.contains("何も変えていません"), "{retried}");
}

#[tokio::test]
async fn m2_a_mail_that_waits_too_long_is_listed_as_late() {
    let world = World::empty().await;
    post(&world, "klinekenpo").await;
    world.execute("update outbox set queued_at = now() - interval '6 minutes'").await;
    let list = said(&kosmo(&world, &["list"]));
    assert!(list.contains("遅れている") && list.contains("遅れているもの 1件"), "{list}");
    world.execute("update outbox set queued_at = now()").await;
    assert!(said(&kosmo(&world, &["list"])).contains("遅れているもの 0件"));
}

#[tokio::test]
async fn m2_a_list_longer_than_a_page_has_every_mail_once_and_in_order() {
    let world = World::empty().await;
    for slug in ["klinekenpo", "jomkenpo"] {
        // Many have the same time, so that a page ends in the middle of them.
        let insert = format!(
            "insert into outbox (tenant_id, id, kind, sender_name, sender, recipient, subject,
                                 text_body, html_body, created_at, due_at, state, finished_at)
             select '{}', gen_random_uuid(), 'x', '組合', 'no-reply@kosmo-web.jp', 'a@example.jp',
                    '件名', '本文', '', now() - interval '1 day' + interval '1 s' * (n / 700), now(),
                    'dead', now()
             from generate_series(1, 1200) n",
            world.tenant(slug)
        );
        world.execute(&insert).await;
    }
    let json = kosmo(&world, &["list", "--json"]);
    let mails: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(mails.len(), 2_400);
    let ids: std::collections::BTreeSet<_> = mails.iter().map(|mail| mail["id"].as_str()).collect();
    assert_eq!(ids.len(), 2_400);
    let key = |mail: &serde_json::Value| {
        ["slug", "created_at", "id"].map(|field| mail[field].as_str().unwrap().to_owned())
    };
    assert!(mails.is_sorted_by_key(key));
    let own = said(&kosmo(&world, &["list", "--tenant", "jomkenpo"]));
    assert!(own.contains("送れなかったもの 1200件、遅れているもの 0件"), "{own:.300}");
    assert_eq!(own.matches("a***@example.jp").count(), 1_200);
    let whole = serde_json::to_string_pretty(&mails).unwrap();
    assert_eq!(String::from_utf8(json.stdout).unwrap().trim(), whole, "as one list");
}

#[tokio::test]
async fn m1_every_mail_of_a_union_can_be_looked_at_beforehand() {
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("mails");
    let preview =
        |union: &str| kosmo(&world, &["preview", "--tenant", union, "--to", to.to_str().unwrap()]);
    let done = preview("jomkenpo");
    assert!(done.status.success() && said(&done).contains("通のメールの見本を"), "{}", said(&done));
    let count: usize = said(&done).split('通').next().unwrap().parse().unwrap();
    let names: Vec<_> = std::fs::read_dir(&to).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(names.len(), 3 * count);
    let union = world.union("jomkenpo");
    for path in names.iter().filter(|path| path.extension().is_some_and(|end| end == "eml")) {
        let bytes = std::fs::read(path).unwrap();
        let mail = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(mail.from().unwrap().first().unwrap().name(), Some(union.config.name.as_str()));
        let text = std::fs::read_to_string(path.with_extension("txt")).unwrap();
        assert_eq!(mail.body_text(0).unwrap().replace('\r', "").trim(), text.trim());
        assert!(path.with_extension("html").exists());
    }
    let to_json = ["preview", "--tenant", "jomkenpo", "--json", "--to", to.to_str().unwrap()];
    let again = kosmo(&world, &to_json);
    assert!(again.status.success(), "and again after a change: {}", said(&again));
    let json: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(json["mails"].as_array().unwrap().len(), count, "{json}");
    let unknown = preview("nobody");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("組合「nobody」は登録されていません"), "{}", said(&unknown));
}
