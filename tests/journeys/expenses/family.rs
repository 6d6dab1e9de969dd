//! Hiding one's own expenses from the rest of the household (E7).

use axum::http::StatusCode;
use chrono::Duration;

use crate::expenses::deduction::give_key;
use crate::support::browser::{Browser, Page};
use crate::support::people::{
    self, EXPENSE_HEADINGS, GORO, HANAKO, ICHIRO, JIRO, MEMBER_HEADINGS, MIKI, PASSWORD, Person,
    TARO, file,
};
use crate::support::world::World;

const SETTINGS: &str = "/expenses/settings";
/// The note on pages and documents that leave a person's rows out.
const LEFT_OUT: &str = "家族への公開を望まない方の医療費は、明細にも合計にも含まれていません。";
/// Texts that identify Hanako's rows wherever they appear.
const HERS: [&str; 7] = ["ハナコ", "花子", "みなと歯科", "3,420", "11,400", "3,000", "10,000"];
const HIDDEN: &str =
    "select count(*) from audit_events e join subscribers a on a.login_id = e.subject_login
                      where e.action = 'expenses.hidden' and a.member_code = 'K2'";
const SHOWN: &str =
    "select count(*) from audit_events e join subscribers a on a.login_id = e.subject_login
                     where e.action = 'expenses.shown' and a.member_code = 'K2'";
const PRIVATE: &str = "select count(*) from record_privacy";

/// Makes Taro's family, each member with an account.
async fn world() -> World {
    let world = World::new().await;
    world.import_members("klinekenpo", &people::family()).await.unwrap();
    for person in [HANAKO, ICHIRO, MIKI] {
        world.register(person).await;
    }
    world
}

/// Sends the form of the settings, and returns its answer.
async fn send(browser: &mut Browser, privacy: &str) -> Page {
    browser.get(SETTINGS).await;
    browser.post(SETTINGS, &[("privacy", privacy), ("mail", "on")]).await
}

/// Sends the form, and returns the page that confirms it.
async fn choose(browser: &mut Browser, privacy: &str) -> Page {
    let answer = send(browser, privacy).await;
    assert_eq!(answer.location(), "/expenses/settings?changed=1", "{}", answer.text());
    browser.follow(answer).await
}

/// Proves password and mailed code once more, and returns the answer.
async fn prove_again(world: &World, browser: &mut Browser, person: Person) -> Page {
    browser.get(&format!("/reauthenticate?next={SETTINGS}")).await;
    let fields = [("password", person.password), ("next", SETTINGS)];
    let asked = browser.post("/reauthenticate", &fields).await;
    browser.follow(asked).await;
    let code = world.mailed_code(person.email).await;
    browser.post("/reauthenticate/code", &[("code", &code), ("next", SETTINGS)]).await
}

#[tokio::test]
async fn e7_hanako_proves_who_she_is_and_keeps_hers_private() {
    let world = world().await;
    let mut hanako = world.sign_in(HANAKO).await;
    assert!(hanako.get("/expenses").await.body.contains("href=\"/expenses/settings\""));
    world.clock.advance(Duration::minutes(5) + Duration::seconds(1));
    let asked = hanako.get(SETTINGS).await;
    assert_eq!(asked.location(), "/reauthenticate?next=/expenses/settings");
    assert_eq!(prove_again(&world, &mut hanako, HANAKO).await.location(), SETTINGS);

    let page = hanako.get(SETTINGS).await;
    assert_eq!(page.heading(), "家族への公開・お知らせメールの設定");
    for explained in [
        "ご自身の医療費を、同じ世帯のご家族に公開するかどうかを選べます。",
        "ご家族の医療費明細、合計、グラフ、PDF、CSVデータ、XMLデータのすべてから、ご自身の医療費が除かれます。",
        "変更はすぐに、過去のすべての月に反映されます。",
    ] {
        assert!(page.shows(explained), "{explained}: {}", page.text());
    }
    assert!(page.body.contains("value=\"shared\" checked"), "as the seeds show it, at first");
    let unchosen = hanako.post(SETTINGS, &[("mail", "on")]).await;
    assert_eq!(unchosen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unchosen.shows("家族に公開するかどうかを選択してください。"));

    let page = choose(&mut hanako, "private").await;
    for words in [
        "変更しました。",
        "ご自身の医療費は、家族に公開されていません。",
        "2026年11月21日から、家族に公開していません。",
    ] {
        assert!(page.shows(words), "{words}: {}", page.text());
    }
    assert_eq!(send(&mut hanako, "private").await.location(), SETTINGS, "nothing to change");
    assert_eq!((world.count(PRIVATE).await, world.count(HIDDEN).await), (1, 1), "once");
}

#[tokio::test]
async fn e7_what_is_private_is_on_no_page_and_in_no_sum_and_each_says_so() {
    let world = world().await;
    choose(&mut world.sign_in(HANAKO).await, "private").await;
    let mut taro = world.sign_in(TARO).await;
    for (path, own) in [
        ("/expenses", "1,500円"),
        ("/expenses/history", "300円"),
        ("/expenses/search", "1,800円"),
        ("/expenses/months/2025-03", "300円"),
        ("/expenses/months/2025-03", "¥15,720"),
        // In turn: only hers, only his, and none.
        ("/expenses/months/2026-09", "該当するデータはありません。"),
        ("/expenses/months/2026-10", "1,500円"),
        ("/expenses/months/2026-01", "該当するデータはありません。"),
        ("/expenses/years/2025", "300円"),
        ("/expenses/years/2026", "1,500円"),
        ("/expenses/graph", "¥1,500"),
        ("/expenses/graph?year=2025", "¥300"),
        ("/expenses/deduction/csv?year=2025", "合計 ¥300"),
        ("/expenses/deduction/pdf?year=2025", "合計 ¥300"),
        ("/expenses/deduction/csv?year=2024", "該当するデータはありません。"),
    ] {
        let page = taro.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.shows(own), "{path}, {own}: {}", page.text());
        assert!(page.shows(LEFT_OUT), "{path}: {}", page.text());
        for hers in HERS {
            assert!(!page.shows(hers), "{path} shows {hers}: {}", page.text());
        }
    }
    let history = taro.get("/expenses/history").await;
    assert!(!history.shows("2026年9月"), "a month of hers alone: {}", history.text());
    let narrowed = taro.get("/expenses/search?patient=K2").await;
    assert_eq!(narrowed.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn e7_what_is_private_is_in_no_file() {
    let mut world = world().await;
    give_key(&mut world).await;
    choose(&mut world.sign_in(HANAKO).await, "private").await;
    let mut taro = world.sign_in(TARO).await;
    for (path, own) in [
        ("/expenses/months/2025-03/pdf", "合計¥15,720¥11,004¥4,416¥300"),
        ("/expenses/years/2025/pdf", "合計¥15,720¥11,004¥4,416¥300"),
        ("/expenses/years/2026/pdf", "合計¥5,000¥3,500¥0¥1,500"),
        ("/expenses/search/pdf", "合計¥20,720¥14,504¥4,416¥1,800"),
        ("/expenses/deduction/pdf/2025", "合計¥300"),
    ] {
        let words = world.save(&taro, path).await.words();
        assert!(words.contains(own) && words.contains(LEFT_OUT), "{path}: {words}");
        for hers in HERS {
            assert!(!words.contains(hers), "{path} has {hers}: {words}");
        }
    }
    let month = taro.get("/expenses/months/2026-09/pdf").await;
    assert_eq!(month.location(), "/expenses/months/2026-09", "there is nothing to print");
    let csv = world.save(&taro, "/expenses/deduction/csv/2025").await;
    assert_eq!(csv.text().lines().count(), 3, "headings and two rows of his: {}", csv.text());
    let xml = world.save(&taro, "/expenses/deduction/xml/2025").await;
    assert_eq!(xml.text().matches("<WBD00010>").count(), 2, "{}", xml.text());
    for file in [csv, xml] {
        for hers in ["ハナコ", ">3420<", ",3420,"] {
            assert!(!file.text().contains(hers), "{} has {hers}", file.name);
        }
    }
}

#[tokio::test]
async fn e7_she_herself_sees_everything_and_can_share_again() {
    let world = world().await;
    let mut hanako = world.sign_in(HANAKO).await;
    choose(&mut hanako, "private").await;
    for (path, sum) in [
        ("/expenses/months/2025-03", "3,720円"),
        ("/expenses/years/2026", "4,500円"),
        ("/expenses/search?patient=K2", "6,420円"),
        ("/expenses/deduction/csv?year=2025", "合計 ¥3,720"),
    ] {
        let page = hanako.get(path).await;
        assert!(page.shows(sum) && page.shows("ハナコ"), "{path}: {}", page.text());
        assert!(!page.shows(LEFT_OUT), "{path}: nothing is left out for her");
    }
    let page = choose(&mut hanako, "shared").await;
    assert!(page.shows("ご自身の医療費は、家族に公開されています。"), "{}", page.text());
    assert_eq!((world.count(PRIVATE).await, world.count(SHOWN).await), (0, 1));
    let mut taro = world.sign_in(TARO).await;
    let march = taro.get("/expenses/months/2025-03").await;
    assert!(march.shows("3,720円") && march.shows("ハナコ"), "{}", march.text());
    assert!(!march.shows(LEFT_OUT));
    assert!(taro.get("/expenses/months/2026-09").await.shows("みなと歯科"));
}

#[tokio::test]
async fn e7_the_head_can_keep_his_from_wife_and_children() {
    let world = world().await;
    choose(&mut world.sign_in(TARO).await, "private").await;
    for person in [HANAKO, ICHIRO, MIKI] {
        let mut browser = world.sign_in(person).await;
        for (path, sum) in [
            ("/expenses", "3,000円"),
            ("/expenses/months/2025-03", "3,420円"),
            ("/expenses/months/2026-10", "該当するデータはありません。"),
            ("/expenses/years/2026", "3,000円"),
            ("/expenses/search", "6,420円"),
            ("/expenses/graph", "¥3,000"),
            ("/expenses/deduction/csv?year=2025", "合計 ¥3,420"),
        ] {
            let page = browser.get(path).await;
            assert!(page.shows(sum) && page.shows(LEFT_OUT), "{path}: {}", page.text());
            for his in ["薬局", "12,960", "¥300", "1,500", "医療機関名なし"] {
                assert!(!page.shows(his), "{path} shows {his}: {}", page.text());
            }
        }
        assert_eq!(browser.get("/expenses/search?patient=K1").await.status, StatusCode::NOT_FOUND);
    }
    let mut taro = world.sign_in(TARO).await;
    assert!(taro.get("/expenses/months/2025-03").await.shows("3,720円"), "and sees all himself");
}

#[tokio::test]
async fn e7_a_minor_is_told_why_not_and_a_forged_form_changes_nothing() {
    let world = world().await;
    let mut miki = world.sign_in(MIKI).await;
    let page = miki.get(SETTINGS).await;
    let told = "18歳未満の方は設定できません。医療費は、同じ世帯のご家族に公開されます。";
    assert!(page.shows(told), "{}", page.text());
    assert!(!page.body.contains("name=\"privacy\""), "{}", page.body);
    let answer = send(&mut miki, "private").await;
    assert_eq!(answer.location(), SETTINGS);
    let page = miki.follow(answer).await;
    assert!(page.shows(told) && !page.shows("家族に公開されていません"), "{}", page.text());
    assert_eq!(world.count(PRIVATE).await, 0);
    let lines = "select count(*) from audit_events where action = 'expenses.hidden'";
    assert_eq!(world.count(lines).await, 0);
    // From the eighteenth birthday on, it is allowed.
    choose(&mut world.sign_in(ICHIRO).await, "private").await;
    assert_eq!(world.count(PRIVATE).await, 1);
}

#[tokio::test]
async fn e7_a_person_alone_in_a_household_can_choose_before_there_is_a_family() {
    let world = World::new().await;
    let mut jiro = world.sign_in(JIRO).await;
    let page = jiro.get(SETTINGS).await;
    assert_eq!(page.heading(), "家族への公開の設定", "his union sends no mails");
    assert!(page.body.contains("name=\"privacy\""), "{}", page.body);
    choose(&mut world.sign_in(GORO).await, "private").await;

    let nami = Person {
        union: "klinekenpo",
        user_id: "nami_k",
        password: PASSWORD,
        email: "nami@example.jp",
    };
    let wife = "K9,K3,06139927,101,12,01,海運　波,カイウン　ナミ,1986-06-06,配偶者,2026-11-01,,nami_k,nami@example.jp,";
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[wife])).await.unwrap();
    world.register(nami).await;
    let mut nami = world.sign_in(nami).await;
    for path in ["/expenses", "/expenses/months/2026-10", "/expenses/search", "/expenses/graph"] {
        let page = nami.get(path).await;
        assert!(page.shows("該当するデータはありません。"), "{path}: {}", page.text());
        assert!(page.shows(LEFT_OUT) && !page.shows("あおば薬局"), "{path}: {}", page.text());
    }
}

/// Hanako's row of a members file, as the head of a household of her own.
const HANAKO_ALONE: &str = "K2,K2,06139927,101,99,00,テスト　花子,テスト　ハナコ,1981-02-03,本人,2010-04-01,,hanako_k,hanako@example.jp,";
/// Her row after she has married Goro.
const HANAKO_WITH_GORO: &str = "K2,K3,06139927,101,12,01,海運　花子,カイウン　ハナコ,1981-02-03,配偶者,2010-04-01,,hanako_k,hanako@example.jp,";

#[tokio::test]
async fn p4_e7_a_person_who_leaves_the_household_reads_only_their_own_expenses() {
    let world = world().await;
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[HANAKO_ALONE])).await.unwrap();
    let mut hanako = world.sign_in(HANAKO).await;
    for (path, own) in [
        ("/expenses", "3,000円"),
        ("/expenses/history", "2026年9月"),
        ("/expenses/search", "6,420円"),
        ("/expenses/search?patient=K2", "6,420円"),
        ("/expenses/months/2025-03", "3,420円"),
        ("/expenses/months/2026-09", "みなと歯科"),
        ("/expenses/years/2026", "3,000円"),
        ("/expenses/graph", "¥3,000"),
        ("/expenses/deduction/csv?year=2025", "合計 ¥3,420"),
    ] {
        let page = hanako.get(path).await;
        assert!(page.shows(own), "{path}, {own}: {}", page.text());
        for his in ["タロウ", "薬局", "12,960", "1,500", "医療機関名なし", LEFT_OUT] {
            assert!(!page.shows(his), "{path} shows {his}: {}", page.text());
        }
    }
    let october = hanako.get("/expenses/months/2026-10").await;
    assert!(october.shows("該当するデータはありません。"), "his alone: {}", october.text());
    assert_eq!(hanako.get("/expenses/search?patient=K1").await.status, StatusCode::NOT_FOUND);
    let words = world.save(&hanako, "/expenses/years/2025/pdf").await.words();
    assert!(words.contains("¥3,420") && !words.contains("タロウ"), "{words}");
    // The family that had it still reads it.
    let mut taro = world.sign_in(TARO).await;
    assert!(taro.get("/expenses/months/2025-03").await.shows("3,720円"));
    assert!(taro.get("/expenses/months/2026-09").await.shows("みなと歯科"));
}

#[tokio::test]
async fn p4_e7_a_person_who_has_left_alone_reads_what_they_keep_private() {
    let world = world().await;
    let mut hanako = world.sign_in(HANAKO).await;
    choose(&mut hanako, "private").await;
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[HANAKO_ALONE])).await.unwrap();
    for (path, sum) in [
        ("/expenses/months/2025-03", "3,420円"),
        ("/expenses/years/2026", "3,000円"),
        ("/expenses/search", "6,420円"),
    ] {
        let page = hanako.get(path).await;
        assert!(page.shows(sum) && !page.shows(LEFT_OUT), "{path}: {}", page.text());
    }
    let mut taro = world.sign_in(TARO).await;
    for path in ["/expenses/months/2025-03", "/expenses/history", "/expenses/years/2026"] {
        let page = taro.get(path).await;
        assert!(page.shows(LEFT_OUT), "{path}: {}", page.text());
        for hers in HERS {
            assert!(!page.shows(hers), "{path} shows {hers}: {}", page.text());
        }
    }
    // She shares them again from her new household, with the family that had them.
    choose(&mut hanako, "shared").await;
    let page = taro.get("/expenses/months/2026-09").await;
    assert!(page.shows("みなと歯科") && !page.shows(LEFT_OUT), "{}", page.text());
}

#[tokio::test]
async fn p4_e7_the_new_family_gets_nothing_of_what_was_before() {
    let world = world().await;
    let moved = file(MEMBER_HEADINGS, &[HANAKO_WITH_GORO]);
    world.import_members("klinekenpo", &moved).await.unwrap();
    let since = "N1,K2,2026-11,2026-10,しんきょ歯科,歯科,1,1000,700,0,310,";
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &[since])).await.unwrap();
    let mut goro = world.sign_in(GORO).await;
    let history = goro.get("/expenses/history").await;
    assert!(history.shows("2026年11月") && history.shows("2026年10月"), "{}", history.text());
    assert!(!history.shows("2026年9月") && !history.shows("2025年3月"), "{}", history.text());
    assert!(goro.get("/expenses/months/2026-11").await.shows("しんきょ歯科"));
    let before = goro.get("/expenses/search?patient=K2").await;
    assert!(before.shows("310円") && !before.shows("みなと歯科"), "{}", before.text());
    // She reads both her own times, and her new family.
    let mut hanako = world.sign_in(HANAKO).await;
    for (month, shown) in [
        ("2025-03", "3,420円"),
        ("2026-09", "みなと歯科"),
        ("2026-10", "あおば薬局"),
        ("2026-11", "310円"),
    ] {
        let page = hanako.get(&format!("/expenses/months/{month}")).await;
        assert!(page.shows(shown) && !page.shows("タロウ"), "{month}: {}", page.text());
    }
    // Back with Taro, she reads her own time with Goro, but Goro's expenses no more.
    let back = people::family().lines().take(2).collect::<Vec<_>>().join("\n") + "\n";
    world.import_members("klinekenpo", &back).await.unwrap();
    let page = hanako.get("/expenses/months/2026-11").await;
    assert!(page.shows("しんきょ歯科"), "{}", page.text());
    assert!(!hanako.get("/expenses/months/2026-10").await.shows("あおば薬局"));
    assert!(hanako.get("/expenses/months/2025-03").await.shows("3,720円"));
}

#[tokio::test]
async fn e7_s4_a_proof_that_grew_old_while_the_form_lay_open_is_asked_for_again() {
    let world = world().await;
    let mut hanako = world.sign_in(HANAKO).await;
    hanako.get(SETTINGS).await;
    world.clock.advance(Duration::minutes(5) + Duration::seconds(1));
    let late = hanako.post(SETTINGS, &[("privacy", "private"), ("mail", "on")]).await;
    assert_eq!(late.location(), "/reauthenticate?next=/expenses/settings");
    assert_eq!(world.count(PRIVATE).await, 0, "nothing has changed");
    assert_eq!(prove_again(&world, &mut hanako, HANAKO).await.location(), SETTINGS);
    choose(&mut hanako, "private").await;
    assert_eq!(world.count(PRIVATE).await, 1);
}

#[tokio::test]
async fn e7_t15_somebody_of_another_union_with_the_same_code_is_untouched() {
    let world = world().await;
    let natsu = Person {
        union: "jomkenpo",
        user_id: "natsu_j",
        password: PASSWORD,
        email: "natsu@example.jp",
    };
    let members = [
        "K1,K1,06139943,900,5,00,油　夏,アブラ　ナツ,1980-01-01,本人,2010-04-01,,natsu_j,natsu@example.jp,",
        "K2,K1,06139943,900,5,01,油　冬,アブラ　フユ,1981-01-01,配偶者,2010-04-01,,,,",
    ];
    world.import_members("jomkenpo", &file(MEMBER_HEADINGS, &members)).await.unwrap();
    let row = "C3,K2,2025-03,2025-01,あぶら歯科,歯科,1,11400,7980,0,3420,";
    world.import_expenses("jomkenpo", &file(EXPENSE_HEADINGS, &[row])).await.unwrap();
    world.register(natsu).await;
    choose(&mut world.sign_in(HANAKO).await, "private").await;
    let page = world.sign_in(natsu).await.get("/expenses/months/2025-03").await;
    assert!(page.shows("あぶら歯科") && page.shows("3,420円"), "{}", page.text());
    assert!(!page.shows(LEFT_OUT));
}
