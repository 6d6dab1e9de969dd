//! Destructive commands ask first: the person at a terminal, and elsewhere they require `--yes`
//! (O1, O2).

use crate::operator::said;
use crate::support::people::{self, EXPENSE_HEADINGS, GORO, TARO, file};
use crate::support::world::World;

/// Runs a command that changes nothing without a yes, and checks what it says it would affect.
fn unconfirmed(world: &World, line: &str, touches: &[&str]) {
    let output = world.kosmo(&line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(2), "{line}: {}", said(&output));
    let told = String::from_utf8(output.stderr).unwrap();
    for words in touches.iter().chain(&["何も変えていません", "--yes"]) {
        assert!(told.contains(words), "{line}: {words}\n{told}");
    }
}

fn done(world: &World, line: &str) -> String {
    let output = world.kosmo(&line.split_whitespace().collect::<Vec<_>>());
    assert!(output.status.success(), "{line}: {}", said(&output));
    said(&output)
}

#[tokio::test]
async fn o2_a_published_month_is_not_withdrawn_without_a_yes() {
    let world = World::new().await;
    let withdraw = "expenses withdraw --tenant klinekenpo --notice 2026-10";
    unconfirmed(&world, withdraw, &["2026年10月の通知 2件", "公開済み"]);
    assert_eq!(world.count("select count(*) from expenses").await, 6);
    assert_eq!(world.count("select count(*) from expense_withdrawals").await, 0);
    assert!(done(&world, &format!("{withdraw} --yes")).contains("2件を取り下げました"));
    assert_eq!(world.count("select count(*) from expenses").await, 4);
}

#[tokio::test]
async fn o2_what_people_see_already_is_not_changed_by_a_file_without_a_yes() {
    let world = World::new().await;
    let row = "C6,K3,2026-10,2026-08,あおば薬局,調剤,1,777770,544439,0,233331,訂正しました";
    let path = world.write("again.csv", file(EXPENSE_HEADINGS, &[row]));
    let import = format!("expenses import --tenant klinekenpo {}", path.display());
    unconfirmed(&world, &import, &["2026年10月", "新規 0件、変更 1件", "加入者に見えます"]);
    let corrected = "select count(*) from expenses where remarks = '訂正しました'";
    assert_eq!(world.count(corrected).await, 0);
    let batches = "select count(*) from import_batches where kind = 'expenses'";
    assert_eq!(world.count(batches).await, 1);
    assert!(done(&world, &format!("{import} --dry-run")).contains("変更 1件"), "asks for nothing");
    assert!(done(&world, &format!("{import} --yes")).contains("変更 1件"));
    assert_eq!(world.count(corrected).await, 1);
    assert!(done(&world, &import).contains("変更なし 1件"), "there is nothing left to ask for");

    let row = "N1,K3,2026-11,2026-09,あおば薬局,調剤,1,1000,700,0,300,";
    let path = world.write("new.csv", file(EXPENSE_HEADINGS, &[row]));
    let import = format!("expenses import --tenant klinekenpo {}", path.display());
    assert!(done(&world, &import).contains("新規 1件"), "nobody sees November yet");
}

#[tokio::test]
async fn r4_factors_are_not_reset_without_a_yes() {
    let world = World::new().await;
    let (_, mut living) = world.with_passkey(TARO, "http://www.klinekenpo.localhost:8080").await;
    let reset = format!("members reset-factors --tenant klinekenpo {}", TARO.user_id);
    unconfirmed(&world, &reset, &["パスキー 1件", "1台の端末からログアウト"]);
    assert!(living.get("/profile").await.status.is_success(), "still signed in");
    let mails = "select count(*) from outbox where kind = 'factors_reset'";
    assert_eq!(world.count(mails).await, 0);
    done(&world, &format!("{reset} --yes"));
    assert_eq!(world.count("select count(*) from devices where kind = 'passkey'").await, 0);
    assert_eq!(world.count(mails).await, 1);
}

#[tokio::test]
async fn o1_a_policy_is_not_rolled_back_without_a_yes() {
    let world = World::new().await;
    let first = world.kosmo(&["tenant", "rollback", "jrckenpo", "--yes"]);
    assert_eq!(first.status.code(), Some(1));
    assert!(said(&first).contains("戻せる版がありません（版 1 より前"), "{}", said(&first));
    world.change_policy("jrckenpo", |config| config.user_id.changeable ^= true).await;
    unconfirmed(
        &world,
        "tenant rollback jrckenpo",
        &["版 1 に戻します", "user_id.changeable: ", "ユーザIDを", "人 1人"],
    );
    let versions = "select count(*) from tenant_policies
                    where tenant_id = (select id from tenants where slug = 'jrckenpo')";
    assert_eq!(world.count(versions).await, 2);
    assert!(done(&world, "tenant rollback jrckenpo --yes").contains("版 1 に戻しました（版 3）"));
}

#[tokio::test]
async fn o1_a_union_that_is_disabled_shows_nothing_until_it_is_enabled() {
    let world = World::new().await;
    let mut goro = world.sign_in(GORO).await;
    // The command uses the machine's clock.
    world.execute("update sessions set created_at = now(), last_seen_at = now()").await;
    unconfirmed(
        &world,
        "tenant disable klinekenpo",
        &["使えなくなる人 2人", "登録済み 2人", "ログイン中 1人・1端末"],
    );
    let refresh = async || world.app.directory.refresh(&world.app.db).await.unwrap();
    refresh().await;
    assert!(goro.get("/expenses").await.status.is_success());

    let told = done(&world, "tenant disable klinekenpo --note 契約終了 --yes");
    assert!(told.contains("停止しました（版 2）"), "{told}");
    refresh().await;
    for path in ["/", "/sign-in", "/expenses", "/no-such-page"] {
        let page = goro.get(path).await;
        assert_eq!(page.status.as_u16(), 503, "{path}");
        assert_eq!(page.heading(), "現在ご利用いただけません", "{path}");
    }
    let page = world.give_password(&mut world.browser("klinekenpo"), TARO).await;
    assert_eq!(page.status.as_u16(), 503, "nobody signs in");
    assert!(world.browser("jomkenpo").get("/sign-in").await.status.is_success(), "others go on");
    assert!(done(&world, "tenant list").contains("停止中"));
    let history = done(&world, "tenant show klinekenpo");
    assert!(history.contains("契約終了") && history.contains("（停止中）"), "{history}");
    assert!(done(&world, "tenant disable klinekenpo").contains("何も変えていません"), "twice");

    // Another policy does not bring the union back, and going out of service is no policy to roll
    // back to.
    world.change_policy("klinekenpo", |config| config.sign_in.lock_after = 7).await;
    assert_eq!(goro.get("/").await.status.as_u16(), 503);
    assert!(done(&world, "tenant rollback klinekenpo --yes").contains("版 2 に戻しました"));
    assert!(done(&world, "tenant enable klinekenpo").contains("再開しました（版 5）"));
    refresh().await;
    assert!(goro.get("/expenses").await.status.is_success(), "the session lives on");
    assert!(done(&world, "tenant enable klinekenpo").contains("何も変えていません"));
}

#[tokio::test]
async fn o1_running_servers_hear_of_a_union_that_is_disabled() {
    let world = World::new().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let following = tokio::spawn({
        let (app, stop) = (world.app.clone(), stop.clone());
        async move { app.directory.follow(&app.db, &stop).await }
    });
    done(&world, "tenant disable klinekenpo --yes");
    let mut browser = world.browser("klinekenpo");
    let closed = async {
        while browser.get("/sign-in").await.status.as_u16() != 503 {
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, closed).await.expect("within seconds");
    stop.cancel();
    following.await.unwrap();
}

#[tokio::test]
async fn t9_letters_for_nobody_make_no_file() {
    let world = World::new().await;
    let rows = ["N1,N1,06139935,200,9,00,歯車　七,ハグルマ　ナナ,1999-09-09,本人,2026-04-01,,,,"];
    world.import_members("nideckenpo", &file(people::MEMBER_HEADINGS, &rows)).await.unwrap();
    let out = world.write("x", "").with_file_name("letters.csv");
    let path = out.to_str().unwrap();
    let issue = ["letters", "issue", "--tenant", "nideckenpo", "--out", path];
    let output = world.kosmo(&issue);
    assert!(output.status.success() && said(&output).contains("ファイルは作っていません"));
    assert!(!out.exists());
    let json = world.kosmo(&[&issue[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json, serde_json::json!({ "letters": 0, "file": null }));
    let issued = "select count(*) from audit_events where action = 'letters.issued'";
    assert_eq!(world.count(issued).await, 0);
}
