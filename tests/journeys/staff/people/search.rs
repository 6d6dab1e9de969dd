//! 「加入者を探す」: one box, and nothing of what was typed stays anywhere.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;

use super::REFUSED;
use crate::support::browser::{Browser, Page};
use crate::support::people::{MEMBER_HEADINGS, file};
use crate::support::world::World;

async fn search(browser: &mut Browser, text: &str) -> Page {
    search_as(browser, text, "").await
}

async fn search_as(browser: &mut Browser, text: &str, kind: &str) -> Page {
    browser.get("/search").await;
    browser.post("/search", &[("text", text), ("kind", kind)]).await
}

#[tokio::test]
async fn a2_the_answer_says_how_the_text_was_understood_and_lists_even_one() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let page = viewer.get("/search").await;
    assert_eq!((page.status, page.heading()), (StatusCode::OK, "加入者を探す"));
    assert!(page.body.contains("method=\"post\" action=\"/search\""));
    assert!(!page.shows("テスト"), "no list of everybody");
    for (text, said) in [
        ("101-11-0", "記号-番号-枝番 101-11-0 として検索"),
        ("ﾃｽﾄ ﾀ", "氏名カナ テストタ として検索"),
        ("テスト太郎", "氏名 テスト太郎 として検索"),
        ("S54.8.22", "生年月日 1979年8月22日 として検索"),
        ("TARO_K", "ユーザID taro_k として検索"),
        ("taro@example.jp", "メールアドレス taro@example.jp として検索"),
    ] {
        let page = search(&mut viewer, text).await;
        assert_eq!((page.status, page.location()), (StatusCode::OK, ""), "{text}");
        assert!(page.shows(said), "{text}: {}", page.text());
        assert!(page.shows("見つかった加入者（1人）"), "{text}: {}", page.text());
        assert!(page.body.contains("href=\"/people/K1\""), "{text}");
        for shown in [
            "テスト 太郎",
            "テスト タロウ",
            "101-11-00",
            "1979年8月22日（昭和54年8月22日）",
            "本人",
            "資格あり",
            "登録済み",
            "t***@example.jp",
        ] {
            assert!(page.shows(shown), "{text}, {shown}: {}", page.text());
        }
    }
    let household = search(&mut viewer, "101 11").await;
    assert!(household.shows("見つかった加入者（2人）") && household.shows("家族（配偶者）"));
}

#[tokio::test]
async fn a2_the_text_stands_in_no_address_and_in_no_line() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let page = viewer.get("/search?text=%E3%83%86%E3%82%B9%E3%83%88&kind=kana").await;
    assert!(!page.shows("として検索") && !page.shows("K1"), "GET looks for nobody");
    let page = search(&mut viewer, "ハナコ").await;
    for link in page.body.split("href=\"").chain(page.body.split("action=\"")) {
        let address = link.split('"').next().unwrap();
        assert!(!address.contains("ハナコ") && !address.contains("%E3%83%8F"), "{address}");
    }
    let written = "select count(*) from audit_events e where e::text like '%ハナコ%'";
    assert_eq!(world.count(written).await, 0);
    let lines = "select count(*) from audit_events where action = 'person.search'";
    assert_eq!(world.count(lines).await, 1);
}

#[tokio::test]
async fn a2_another_guess_is_a_button() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let page = search(&mut viewer, "19790822").await;
    assert!(page.shows("生年月日 1979年8月22日 として検索"), "{}", page.text());
    assert!(page.body.contains("name=\"kind\" value=\"user_id\""), "{}", page.body);
    let page = search_as(&mut viewer, "19790822", "user_id").await;
    assert!(page.shows("ユーザID 19790822 として検索"), "{}", page.text());
    assert!(page.shows("該当する方はいません。"));
    assert!(page.shows("上のボタンで、ほかの探し方もお試しください。"));
    let page = search_as(&mut viewer, "19790822", "no such kind").await;
    assert!(page.shows("生年月日 1979年8月22日 として検索"), "the likeliest");
}

#[tokio::test]
async fn a2_bad_texts_get_a_clear_answer_and_find_nobody() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let long = "あ".repeat(10 * 1024 / 3);
    for (text, told) in [
        ("", "検索する言葉を入力してください。"),
        (" 　\u{200b}", "検索する言葉を入力してください。"),
        (&long, "検索する言葉は255文字以内で入力してください。"),
        ("テスト\u{0}", "検索に使えない文字です。"),
        ("\u{7}", "検索に使えない文字です。"),
        ("ｶ", "氏名カナは2文字以上で入力してください。"),
    ] {
        let page = search(&mut viewer, text).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{text:.20}");
        assert!(page.title().starts_with("エラー: "), "{text:.20}");
        assert!(page.shows(told), "{text:.20}: {}", page.text());
        assert!(!page.body.contains("/people/"), "{text:.20}");
    }
    let lines = "select count(*) from audit_events where action = 'person.search'";
    assert_eq!(world.count(lines).await, 0, "nothing was looked for");
    for (text, understood) in [("ｶﾌﾞ", "氏名カナ カブ として検索"), ("%", "ユーザID % として検索")]
    {
        let page = search(&mut viewer, text).await;
        assert!(page.shows(understood), "{}", page.text());
        assert!(page.shows("該当する方はいません。"), "{}", page.text());
    }
    let page = search(&mut viewer, "%' or 1=1 --").await;
    assert!(!page.body.contains("/people/"), "{}", page.text());
}

/// Case 24: the wrong person of one name, or of one birthdate.
#[tokio::test]
async fn case24_people_of_one_name_or_one_birthdate_are_never_opened_and_a_strip_warns() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("jomkenpo", &["viewer"], &[]).await;
    let mut rows = format!("{MEMBER_HEADINGS}\n");
    for at in 10..35 {
        let kana = if at < 12 { "アブラ　アイ" } else { "アブラ　ウメ" };
        let day = if at < 12 { 1 } else { at };
        let name = if at < 12 { "油　愛".to_owned() } else { format!("油　{at}") };
        writeln!(
            rows,
            "J{at},J{at},06139943,900,{at},00,{name},{kana}{},1970-01-{:02},本人,2012-04-01,,,,",
            if at < 12 { "" } else { ["ア", "イ", "ウ"][at % 3] },
            day.min(28),
        )
        .unwrap();
    }
    world.import_members("jomkenpo", &rows).await.unwrap();
    let page = search(&mut viewer, "アブラアイ").await;
    assert_eq!((page.status, page.location()), (StatusCode::OK, ""));
    assert!(page.shows("同姓同名の方がいます。"), "{}", page.text());
    assert!(page.shows("生年月日が同じ方がいます。"), "{}", page.text());
    assert!(page.body.contains("href=\"/people/J10\"") && page.body.contains("/people/J11\""));
    let page = search(&mut viewer, "アブラ").await;
    assert!(page.shows("20件を超えました。生年月日を加えてください。"), "{}", page.text());
    assert_eq!(page.table().len(), 20);
    let page = search(&mut viewer, "アブラアイ 1970-01-02").await;
    assert!(page.shows("該当する方はいません。"), "{}", page.text());
    let alone = search(&mut viewer, "900-30").await;
    assert!(!alone.shows("生年月日が同じ方がいます。"), "{}", alone.text());
}

/// Case 29: the search as a harvest.
#[tokio::test]
async fn case29_the_sixty_first_search_in_a_minute_waits_and_is_told_for_how_long() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    viewer.get("/search").await;
    for number in 0..60 {
        let text = format!("101-{number}");
        let page = viewer.post("/search", &[("text", &text)]).await;
        assert_eq!(page.status, StatusCode::OK, "{number}");
    }
    let page = viewer.post("/search", &[("text", "101-11")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(page.headers.get(RETRY_AFTER).unwrap(), "5");
    assert!(page.shows("検索は1分間に60回までです。5秒ほど待ってから"), "{}", page.text());
    assert!(page.body.contains("value=\"101-11\"") && !page.shows("テスト"), "the text stays");
}

/// Case 10: a role without the right gets nothing by another way to the same data.
#[tokio::test]
async fn case10_an_auditor_neither_searches_nor_opens_the_box() {
    let world = World::new().await;
    let mut auditor = world.staff_browser("klinekenpo", &["auditor"], &[]).await;
    let page = auditor.get("/search").await;
    assert_eq!((page.status, page.heading()), (StatusCode::FORBIDDEN, REFUSED));
    // The form on this page gives the token that every form of the person has.
    auditor.get("/sign-out").await;
    for text in ["101-11", ""] {
        let page = auditor.post("/search", &[("text", text)]).await;
        assert_eq!((page.status, page.heading()), (StatusCode::FORBIDDEN, REFUSED), "{text}");
    }
    let refused = "select count(*) from audit_events
                   where action = 'authz.denied' and detail ->> 'act' = 'person.search'";
    assert_eq!(world.count(refused).await, 3);
    let searched = "select count(*) from audit_events where action = 'person.search'";
    assert_eq!(world.count(searched).await, 0);
}

/// Case 1: what another union's people are called finds nobody here.
#[tokio::test]
async fn case01_a_search_finds_nobody_of_another_union() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    for text in ["800-1230", "アブラジロウ", "油次郎", "1990-12-01", "jiro@example.jp"] {
        let page = search(&mut viewer, text).await;
        assert!(page.shows("該当する方はいません。"), "{text}: {}", page.text());
    }
}

/// Case 27: a script in a name.
#[tokio::test]
async fn case27_a_script_in_a_name_is_text() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let row = "K9,K9,06139927,909,9,00,<script>alert(1)</script>,スクリプト　タロウ,1970-01-01,本人,2012-04-01,,,,";
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[row])).await.unwrap();
    for page in [search(&mut viewer, "909-9").await, viewer.get("/people/K9").await] {
        assert!(page.shows("<script>alert(1)</script>"), "{}", page.text());
        assert!(!page.body.contains("<script>alert"), "{}", page.body);
    }
    let page = search(&mut viewer, "\"><script>").await;
    assert!(!page.body.contains("\"><script>"), "{}", page.body);
}
