//! Staff look people up by whatever the caller tells (A2).

use std::fmt::Write as _;

use chrono::Duration;
use kosmo::auth::staff::act::SearchPeople;
use kosmo::auth::staff::desk::{Denial, Desk, DeskError, Matter};
use kosmo::db::actor::Actor;
use kosmo::members::keys;
use kosmo::members::relation::Relation;
use kosmo::members::roster::Standing;
use kosmo::members::search::find::{Found, SearchError, find};
use kosmo::members::search::kind::guess;

use crate::support::people::{MEMBER_HEADINGS, file};
use crate::support::world::{World, tester};

impl World {
    /// Searches by the best guess at a text.
    async fn search(&self, slug: &str, actor: &Actor, text: &str) -> Result<Found, SearchError> {
        let criterion = guess(text).expect("something to look for").best;
        Desk::<SearchPeople>::act(self.clerk(slug, actor), Matter::default(), async |desk| {
            find(desk, &self.clock, &criterion).await
        })
        .await
    }

    /// Returns the codes of the people found.
    async fn found(&self, slug: &str, actor: &Actor, text: &str) -> Vec<String> {
        let found = self.search(slug, actor, text).await.expect("a search");
        found.hits.into_iter().map(|hit| hit.code).collect()
    }
}

/// Texts that find Taro alone in klinekenpo.
const TAROS: [&str; 10] = [
    "101-11-00",
    "記号１０１ 番号１１ 枝番０",
    "ﾃｽﾄ ﾀ",
    "てすと　たろう",
    "テスト太郎",
    "テスト 1979/8/22",
    "昭和54年8月22日",
    "19790822",
    "ＴＡＲＯ_Ｋ",
    " Taro@Example.jp",
];

#[tokio::test]
async fn a2_whatever_a_caller_tells_finds_them_and_nobody_of_another_union() {
    let world = World::new().await;
    let ours = world.hire("klinekenpo", &["viewer"], &[]).await;
    let others = world.hire("jomkenpo", &["viewer"], &[]).await;
    for text in TAROS {
        assert_eq!(world.found("klinekenpo", &ours, text).await, ["K1"], "{text}");
        let there = world.found("jomkenpo", &others, text).await;
        assert!(there.iter().all(|code| code == "J1"), "{text}: {there:?}");
    }
    assert_eq!(world.found("klinekenpo", &ours, "101 11").await, ["K1", "K2"], "the household");
    assert_eq!(world.found("klinekenpo", &ours, "テスト").await, ["K1", "K2"]);
    assert_eq!(world.found("jomkenpo", &others, "taro_k").await, ["J1"]);
    for nobody in ["%%", "__", "スト", "太郎", "0-0", "1979-08-23"] {
        assert_eq!(world.found("klinekenpo", &ours, nobody).await, [""; 0], "{nobody}");
    }
}

#[tokio::test]
async fn a2_a_hit_tells_who_it_is_and_how_they_stand_without_the_whole_address() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    world.execute("update logins set locked_at = now() where email = 'taro@example.jp'").await;
    world.execute("update members set lost_on = '2026-10-01' where code = 'K2'").await;
    let Found { hits, more } = world.search("klinekenpo", &actor, "101-11").await.unwrap();
    assert!(!more);
    let [taro, hanako] = hits.as_slice() else { panic!("{hits:?}") };
    assert_eq!((taro.name.as_str(), taro.kana.as_str()), ("テスト　太郎", "テスト タロウ"));
    let number = [&taro.symbol, &taro.number, &taro.branch].map(String::as_str);
    assert_eq!((number, taro.relation), (["101", "11", "00"], Relation::Insured));
    assert_eq!((taro.standing, taro.password_locked), (Standing::Registered, true));
    assert_eq!(taro.email.as_deref(), Some("t***@example.jp"));
    assert!(taro.login.is_some() && !taro.second_factor_locked && !taro.closed);
    assert_eq!(
        (hanako.standing, hanako.login, hanako.email.as_deref()),
        (Standing::None, None, None)
    );
    assert_eq!(hanako.lost_on, "2026-10-01".parse().ok());
    assert!(!taro.same_name && !taro.same_birthdate);
}

#[tokio::test]
async fn a2_what_an_import_corrects_is_found_anew_and_not_as_it_was() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["editor"], &[]).await;
    // Taro's row alone changes his household's number, Goro's everything about him.
    let corrected = file(
        MEMBER_HEADINGS,
        &[
            "K1,K1,06139927,201,0077,00,テスト　太郎,テスト　タロウ,1979-08-22,本人,2010-04-01,,,,",
            "K3,K3,06139927,101,12,00,山川　五朗,ヤマカワ　ゴロー,1985-06-05,本人,2015-04-01,,,,",
        ],
    );
    world.import_members("klinekenpo", &corrected).await.unwrap();
    for (before, now, code) in [
        ("101-11-01", "201-77-1", "K2"),
        ("101-11-00", "201-0077-00", "K1"),
        ("カイウン", "ヤマカワ コﾞロ", "K3"),
        ("海運五郎", "山川　五朗", "K3"),
        ("1985-05-05", "S60.6.5", "K3"),
    ] {
        assert_eq!(world.found("klinekenpo", &actor, before).await, [""; 0], "{before}");
        assert_eq!(world.found("klinekenpo", &actor, now).await, [code], "{now}");
    }
    assert_eq!(world.found("klinekenpo", &actor, "101-12").await, ["K3"], "this stayed");
}

/// The database normalises what a file says, and the search box what is typed.
#[tokio::test]
async fn a2_a_name_and_a_number_are_found_however_the_file_writes_them() {
    let world = World::new().await;
    let actor = world.hire("jomkenpo", &["viewer"], &[]).await;
    let odd = file(
        MEMBER_HEADINGS,
        &[
            "J8,J8,06139943,Ａ―1,00345,00,葛\u{e0100}城　Ｊｏｈｎ・太,カツラギ　ジョン・シュー,1970-01-01,本人,2012-04-01,,,,",
            "J9,J9,06139943,,0,00,\u{fa19}山\u{2003}さくら,カミヤマ　サクラ,1970-01-02,本人,2012-04-01,,,,",
        ],
    );
    world.import_members("jomkenpo", &odd).await.unwrap();
    for (text, code) in [
        ("葛城JOHN太", "J8"),
        ("葛城 ｊｏｈｎ", "J8"),
        ("葛\u{e0100}城", "J8"),
        ("かつらぎじよんしゆ", "J8"),
        ("カツラギ・ジョン シュ－", "J8"),
        ("Ａ‐1 345", "J8"),
        ("a1−0345−0", "J8"),
        ("神山", "J9"),
        ("神山さくら", "J9"),
        ("ｶﾐﾔﾏ", "J9"),
    ] {
        assert_eq!(world.found("jomkenpo", &actor, text).await, [code], "{text}");
    }
    let typed = guess("0").unwrap();
    let number = typed.others.iter().find(|other| other.name() == "number").unwrap();
    let clerk = world.clerk("jomkenpo", &actor);
    let found = Desk::<SearchPeople>::act(clerk, Matter::default(), async |desk| {
        find(desk, &world.clock, number).await
    });
    assert_eq!(found.await.unwrap().hits[0].code, "J9", "a number without symbol");
}

#[tokio::test]
async fn a2_no_more_than_twenty_are_shown_and_those_of_one_name_are_marked() {
    let world = World::new().await;
    let actor = world.hire("jomkenpo", &["viewer"], &[]).await;
    let mut rows = format!("{MEMBER_HEADINGS}\n");
    for at in 10..35 {
        let kana = if at < 12 { "アブラ　アイ" } else { "アブラ　ウメ" };
        let day = if at < 12 { "01" } else { "02" };
        writeln!(
            rows,
            "J{at},J{at},06139943,900,{at},00,油　{at},{kana}{},1970-01-{day},本人,2012-04-01,,,,",
            if at < 12 { "" } else { ["ア", "イ", "ウ"][at % 3] },
        )
        .unwrap();
    }
    world.import_members("jomkenpo", &rows).await.unwrap();
    let Found { hits, more } = world.search("jomkenpo", &actor, "アブラ").await.unwrap();
    assert!(more);
    assert_eq!(hits.len(), 20);
    assert!(hits.is_sorted_by_key(|hit| hit.kana.clone()));
    assert_eq!((hits[0].code.as_str(), hits[1].code.as_str()), ("J10", "J11"));
    assert!(hits[0].same_name && hits[0].same_birthdate);
    let jiro = world.search("jomkenpo", &actor, "アブラ ジロウ").await.unwrap();
    let jiro = &jiro.hits[0];
    assert!(!jiro.same_name && !jiro.same_birthdate, "{jiro:?}");
    // Alone in the list, and yet not the only one of that name.
    let one = world.search("jomkenpo", &actor, "900-10").await.unwrap();
    assert!(one.hits[0].same_name && !one.hits[0].same_birthdate);
    let born = world.search("jomkenpo", &actor, "アブラアイ 1970-01-01").await.unwrap();
    assert_eq!((born.hits.len(), born.more), (2, false));
}

#[tokio::test]
async fn a2_the_trail_tells_the_kind_and_the_count_and_not_the_text() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    world.found("klinekenpo", &actor, "テスト 1979/8/22").await;
    world.found("klinekenpo", &actor, "nobody@example.jp").await;
    let line = |detail: &str, rows: i64| {
        format!(
            "select count(*) from audit_events
             where action = 'person.search' and actor_kind = 'staff' and outcome = 'ok' and rows = {rows}
               and detail = '{detail}'"
        )
    };
    let kana = line(r#"{"kind": "kana", "birthdate": true, "more": false}"#, 1);
    assert_eq!(world.count(&kana).await, 1);
    let email = line(r#"{"kind": "email", "birthdate": false, "more": false}"#, 0);
    assert_eq!(world.count(&email).await, 1);
    assert_eq!(
        world.count("select count(*) from audit_events where action = 'person.search'").await,
        2
    );

    world.execute("revoke insert on audit_events from kosmo_server").await;
    let unseen = world.search("klinekenpo", &actor, "テスト").await;
    assert!(matches!(unseen, Err(SearchError::Desk(DeskError::Database(_)))), "{unseen:?}");
}

#[tokio::test]
async fn a2_a_viewer_may_search_and_an_auditor_may_not() {
    let world = World::new().await;
    for (role, may) in [("viewer", true), ("editor", true), ("admin", true), ("auditor", false)] {
        let actor = world.hire("klinekenpo", &[role], &[]).await;
        match world.search("klinekenpo", &actor, "taro_k").await {
            Ok(found) => assert!(may && found.hits.len() == 1, "{role}"),
            Err(SearchError::Desk(DeskError::Denied(Denial::NoRight))) => assert!(!may, "{role}"),
            Err(other) => panic!("{role}: {other}"),
        }
    }
    let foreign = world.hire("jomkenpo", &["admin"], &[]).await;
    let found = world.search("klinekenpo", &foreign, "taro_k").await;
    assert!(matches!(found, Err(SearchError::Desk(DeskError::Denied(Denial::NotStaff)))));
}

#[tokio::test]
async fn a2_sixty_searches_a_minute_are_enough_for_anybody() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    for number in 0..60 {
        world.found("klinekenpo", &actor, &format!("101-{number}")).await;
    }
    let next = world.search("klinekenpo", &actor, "101-60").await;
    assert!(matches!(next, Err(SearchError::TooOften)), "{next:?}");
    let colleague = world.hire("klinekenpo", &["viewer"], &[]).await;
    assert_eq!(world.found("klinekenpo", &colleague, "taro_k").await, ["K1"]);
    world.clock.advance(Duration::seconds(1));
    assert_eq!(world.found("klinekenpo", &actor, "taro_k").await, ["K1"]);
    let next = world.search("klinekenpo", &actor, "taro_k").await;
    assert!(matches!(next, Err(SearchError::TooOften)), "{next:?}");
}

#[tokio::test]
async fn a2_the_worker_completes_the_keys_of_people_who_were_there_before() {
    let world = World::new().await;
    let actor = world.hire("klinekenpo", &["viewer"], &[]).await;
    let catch_up = async || {
        let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
        let written = keys::catch_up(&mut tx, &world.clock).await.unwrap();
        tx.commit().await.unwrap();
        written
    };
    assert_eq!(catch_up().await, 0, "the import has written them");
    // As a worker of the release before leaves it.
    world.execute("update members set kana = 'ヤマカワ ゴロウ' where code = 'K3'").await;
    world.execute("delete from member_keys where member_code = 'K1'").await;
    assert_eq!(world.found("klinekenpo", &actor, "taro_k").await, ["K1"], "even without keys");
    assert_eq!(catch_up().await, 2);
    assert_eq!(world.found("klinekenpo", &actor, "ヤマ").await, ["K3"]);
    assert_eq!(world.found("klinekenpo", &actor, "テスト タ").await, ["K1"]);
    world.clock.advance(Duration::days(2));
    world.execute("delete from member_keys where member_code = 'K1'").await;
    assert_eq!(catch_up().await, 0, "nothing was imported for a day");
    world.execute("delete from member_keys").await;
    assert_eq!(catch_up().await, 3, "the union has no keys at all");
}
