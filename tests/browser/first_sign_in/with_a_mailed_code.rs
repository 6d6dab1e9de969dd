//! The first sign-in with a mailed code, from the first credentials to the top page.

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};
use crate::support::steps::first_sign_in::{
    CODE, EMAIL_CODE, EMAIL_CODE_RECOMMENDED, PASSKEY, TERMS, TOTP, USER_ID,
};

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";
const FIRST_SIGN_IN_NOTICE: &str = "【KOSMOWeb】初回ログインのお知らせ";

/// F2–F11, L3, for klinekenpo's people with the formula's password (T8). Misaki reads her mail on
/// another device.
#[tokio::test]
async fn f2_to_f11_misaki_of_klinekenpo_registers_and_chooses_the_mailed_code() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    let before = demo.someone("klinekenpo", "migrated");
    let mut misaki = before.clone();
    let known = before.address();

    browser.give_password(&misaki).await;
    browser.give_birthdate("平成2年12月24日").await;
    browser.agree().await;
    browser.give_address(known, Some("Misaki@Example.COM")).await;
    misaki.email = Some("misaki@example.com".to_owned());
    browser.sees("misaki@example.com 宛に、").await;
    open_the_link_elsewhere(&mut demo, &browser, &other, &misaki).await;
    browser.arrives_at(USER_ID).await;

    let offered = [(PASSKEY, false), (TOTP, false), (EMAIL_CODE_RECOMMENDED, true)];
    let offered = offered.map(|(label, chosen)| (label.to_owned(), chosen));
    assert_eq!(browser.methods().await, offered, "T4, F8");
    assert_eq!(browser.typed("ユーザID").await, before.user_id, "F8");
    assert!(!browser.text().await.contains("小なり記号"), "F8: the list is folded");
    browser.press("利用不可文字一覧を見る").await;
    browser.sees("小なり記号").await;
    browser.choose_user_id_and_method(Some("Misaki.Y-1224"), EMAIL_CODE).await;
    browser.set_password("Umineko-to-Misaki7").await;
    misaki.user_id = "misaki.y-1224".to_owned();
    misaki.password = "Umineko-to-Misaki7".to_owned();
    browser.give_mailed_code(&mut demo, &misaki).await;
    browser.arrives_at("ようこそ、𠮷田　岬 さん").await;
    assert_eq!(browser.account().await, "𠮷田　岬");
    for address in [known, misaki.address()] {
        let notice = demo.next_mail(address, FIRST_SIGN_IN_NOTICE);
        assert!(notice.from.starts_with("webmaster@"), "F11: {notice:?}");
        assert!(notice.text.contains("川崎汽船健康保険組合"), "F11: {notice:?}");
    }

    browser.sign_out().await;
    browser.give_password(&before).await;
    browser.sees(REFUSED).await;
    browser.sign_in(&mut demo, &misaki).await;
    demo.stop();
}

/// F6, F7: only the newest link, and only its button, confirms the address. Pressing it signs
/// nobody in, and the page where Misaki waits moves on.
async fn open_the_link_elsewhere(
    demo: &mut Demo,
    browser: &Browser,
    other: &Browser,
    misaki: &Person,
) {
    let earlier = demo.mailed_link(misaki);
    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    let a_minute_ago = "update email_confirmations set sent_at = sent_at - interval '1 minute'";
    sqlx::query(a_minute_ago).execute(&mut demo.database().await).await.expect("a minute");
    browser.press("再送信").await;
    browser.sees("メールをもう一度送信しました。").await;
    let link = demo.mailed_link(misaki);
    assert_ne!(link, earlier);

    other.goto(&earlier).await;
    other.arrives_at("このリンクは使用できません").await;
    other.goto(&link).await;
    other.arrives_at("メールアドレスの確認").await;
    other.sees("m***@example.com").await;
    browser.press("更新").await;
    browser.sees("メールアドレスの確認が終わっていません。").await;
    browser.sees("確認が終わると、この画面は自動的に次へ進みます。").await;

    other.open_link(&link).await;
    other.goto(&link).await;
    other.arrives_at("メールアドレスの確認が完了しました").await;
    other.goto(&misaki.url).await;
    other.arrives_at("KOSMO Communication Web へようこそ").await;
    assert_eq!(other.account().await, "ログイン", "F6: nobody is signed in by a link");
}

/// F10: jomkenpo's people sign out and in again before the set-up. T9: the letter's credentials
/// work once. T4: there is no app.
#[tokio::test]
async fn f10_t9_hagumu_of_jomkenpo_comes_with_a_letter_and_signs_in_a_second_time() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let letter = demo.someone("jomkenpo", "letter");
    let mut hagumu = letter.clone();

    browser.give_password(&hagumu).await;
    browser.give_birthdate("H11.4.30").await;
    browser.agree().await;
    browser.give_address(letter.address(), None).await;
    browser.open_link(&demo.mailed_link(&hagumu)).await;
    browser.goto(&format!("{}sign-in/continue", hagumu.url)).await;
    browser.arrives_at(USER_ID).await;
    let offered = [PASSKEY, EMAIL_CODE].map(|label| (label.to_owned(), false));
    assert_eq!(browser.methods().await, offered, "T4: OTPアプリ認証は選択不可");
    browser.choose_user_id_and_method(Some("hagumu"), EMAIL_CODE).await;
    browser.set_password("Hatake-no-Daizu5").await;
    hagumu.user_id = "hagumu".to_owned();
    hagumu.password = "Hatake-no-Daizu5".to_owned();

    browser.arrives_at("初回ログインが完了しました").await;
    browser.sees("全6ステップ中6").await;
    browser.sees("初回ログイン設定は続きます").await;
    for path in ["expenses", "sign-in/code", "sign-in/new-password"] {
        browser.goto(&format!("{}{path}", hagumu.url)).await;
        browser.arrives_at("初回ログインが完了しました").await;
    }
    browser.press("ログアウトする").await;
    browser.arrives_at("もう一度ログインしてください").await;
    browser.give_password(&letter).await;
    browser.sees(REFUSED).await;
    browser.give_password(&hagumu).await;
    browser.give_mailed_code(&mut demo, &hagumu).await;
    // She had wanted that page at first.
    browser.arrives_at("医療費情報").await;
    assert_eq!(browser.account().await, "大豆　育");
    demo.stop();
}

/// F2–F10: neither a kill nor a closed browser between two steps loses or skips one.
#[tokio::test]
async fn f2_to_f10_a_person_who_leaves_comes_back_to_the_step_they_had_reached() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let mut minato = demo.person("minato-y");

    browser.give_password(&minato).await;
    browser.arrives_at("生年月日の入力").await;
    leave_and_come_back(&mut demo, &browser, &minato, "生年月日の入力").await;
    browser.give_birthdate(&minato.birthdate_digits()).await;
    browser.arrives_at(TERMS).await;
    leave_and_come_back(&mut demo, &browser, &minato, TERMS).await;
    browser.agree().await;
    browser.arrives_at("メールアドレスの設定").await;
    leave_and_come_back(&mut demo, &browser, &minato, "メールアドレスの設定").await;
    browser.give_address(minato.address(), None).await;
    // This has to be before the kill: a mail held by a killed worker is sent only after its lease,
    // minutes later.
    let link = demo.mailed_link(&minato);
    leave_and_come_back(&mut demo, &browser, &minato, "メールアドレスの確認").await;
    browser.open_link(&link).await;
    leave_and_come_back(&mut demo, &browser, &minato, USER_ID).await;
    browser.choose_user_id_and_method(None, EMAIL_CODE).await;
    browser.arrives_at("パスワードの更新").await;
    leave_and_come_back(&mut demo, &browser, &minato, "パスワードの更新").await;
    browser.set_password("Minato-no-Akari4").await;
    minato.password = "Minato-no-Akari4".to_owned();

    browser.arrives_at(CODE).await;
    let code = demo.mailed_code(&minato);
    demo.kill_and_restart();
    browser.fill("ワンタイムパスワード", &code).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、𠮷田　港 さん").await;
    demo.kill_and_restart();
    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    demo.stop();
}

/// Returns once with the session, which survives a kill, and once in a browser that was closed.
async fn leave_and_come_back(demo: &mut Demo, browser: &Browser, person: &Person, step: &str) {
    demo.kill_and_restart();
    browser.goto(&format!("{}sign-in/continue", person.url)).await;
    browser.arrives_at(step).await;
    browser.driver.delete_all_cookies().await.expect("a browser that forgets");
    browser.give_password(person).await;
    browser.arrives_at(step).await;
}
