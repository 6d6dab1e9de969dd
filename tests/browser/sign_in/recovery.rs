//! Recovery (R1, R2), the lock (L2), the end of eligibility (T12) and maintenance (T13), as people see
//! them.

use chrono::{FixedOffset, TimeDelta};
use kosmo::base::clock::Clock;

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};
use crate::support::walk::Walk;

const FORGOTTEN_PASSWORD: &str = "パスワードを忘れた方はこちら";
const FORGOTTEN_USER_ID: &str = "ユーザIDを忘れた方はこちら";
const NEW: &str = "Wasurenai-Umi79";

async fn changed(demo: &Demo, statement: &'static str) {
    sqlx::query(statement).execute(&mut demo.database().await).await.expect(statement);
}

/// R1, R3
#[tokio::test]
async fn r1_r3_taro_sets_a_new_password_by_the_link_and_still_proves_the_second_factor() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let mut taro = demo.person("taro_demo");
    browser.goto(&format!("{}sign-in", taro.url)).await;
    browser.press(FORGOTTEN_PASSWORD).await;
    browser.arrives_at(FORGOTTEN_PASSWORD).await;
    walk.be_refused("forgotten-password", "実行", "ユーザIDを入力してください。").await;
    browser.fill("ユーザID", "taro_demo").await;
    browser.press("実行").await;
    browser.sees("詳細な手順を記載したメールをすぐに受信してください。").await;
    assert_eq!(browser.typed("ユーザID").await, "taro_demo");
    walk.look("forgotten-password-answer").await;

    let mail = demo.next_mail(taro.address(), "【KOSMOWeb】パスワードリセットのご案内");
    let mut words = mail.text.split_whitespace();
    let link = words.find(|word| word.contains("/reset-password?token=")).expect("a link");
    browser.goto(link).await;
    browser.sees("パスワードを変更する必要があります。").await;
    walk.arrive("reset-password", "パスワードの更新").await;
    browser.fill("パスワード", NEW).await;
    browser.fill("パスワード確認用", "x").await;
    walk.be_refused(
        "reset-password",
        "実行",
        "パスワードが一致していません。同じものを入力してください。",
    )
    .await;
    browser.fill("パスワード", NEW).await;
    browser.fill("パスワード確認用", NEW).await;
    browser.press("実行").await;
    browser.sees("パスワードを変更しました。新しいパスワードでログインしてください。").await;
    walk.look("reset-password-done").await;
    browser.goto(link).await;
    walk.arrive("reset-password-over", "リンクの有効期限が切れています").await;

    NEW.clone_into(&mut taro.password);
    browser.sign_in(&mut demo, &taro).await;
    demo.stop();
}

/// R2
#[tokio::test]
async fn r2_taro_gets_his_user_id_by_birthdate_and_address() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    browser.goto(&format!("{}sign-in", taro.url)).await;
    browser.press(FORGOTTEN_USER_ID).await;
    browser.arrives_at(FORGOTTEN_USER_ID).await;
    walk.be_refused("forgotten-user-id", "実行", "生年月日を入力してください。").await;
    browser.fill("生年月日", &taro.birthdate_digits()).await;
    browser.fill("ご登録いただいたメールアドレス", taro.address()).await;
    browser.press("実行").await;
    browser.sees("以下のメールアドレスにメールを送信しました。").await;
    walk.look("forgotten-user-id-answer").await;
    let mail = demo.next_mail(taro.address(), "【KOSMOWeb】ユーザIDのご案内");
    assert!(mail.text.contains("taro_demo"), "{}", mail.text);
    demo.stop();
}

/// L1, L2: the eleventh wrong password locks, and the page says the same as before.
#[tokio::test]
async fn l1_l2_the_eleventh_wrong_password_locks_and_the_union_is_named() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    let wrong = Person { password: "chigau-2026".to_owned(), ..taro.clone() };
    for _ in 0..11 {
        browser.give_password(&wrong).await;
        browser.sees("無効なユーザIDまたはパスワードです。").await;
    }
    browser.give_password(&taro).await;
    browser.sees("無効なユーザIDまたはパスワードです。").await;
    browser.sees("川崎汽船健康保険組合までお問い合わせください。").await;
    demo.stop();
}

/// T12, T13
#[tokio::test]
async fn t12_t13_the_banner_the_end_and_the_maintenance_fit_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    changed(&demo, "update members set lost_on = current_date - 30 where name like 'テスト%'")
        .await;
    browser.sign_in(&mut demo, &taro).await;
    browser.sees("に資格を喪失されています。").await;
    walk.look("lost").await;
    browser.sign_out().await;
    changed(&demo, "update members set lost_on = current_date - 1000 where name like 'テスト%'")
        .await;
    browser.give_password(&taro).await;
    walk.arrive("closed", "ご利用期間が終了しました").await;

    let japan = FixedOffset::east_opt(9 * 3600).expect("an offset");
    let at = |hours| {
        let at = (Clock::System.now() + TimeDelta::hours(hours)).with_timezone(&japan);
        at.format("%Y-%m-%dT%H:%M").to_string()
    };
    demo.command(&["maintenance", "plan", "--from", &at(24), "--until", &at(27)]);
    let sign_in = format!("{}sign-in", taro.url);
    browser.waits_for(&sign_in, "メンテナンスのためご利用いただけません。").await;
    walk.look("maintenance-told").await;
    demo.command(&["maintenance", "plan", "--from", &at(-1), "--until", &at(1)]);
    browser.waits_for(&sign_in, "ただいまメンテナンス中です").await;
    walk.look("maintenance").await;
    demo.stop();
}
