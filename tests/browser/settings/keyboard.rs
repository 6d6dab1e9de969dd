//! The settings without a mouse.

use thirtyfour::Key;

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::devices::App;
use crate::support::steps::first_sign_in::{CODE, EMAIL_CODE, PASSKEY, TOTP};
use crate::support::steps::settings::{
    AGAIN, DELETE, EVERYWHERE, METHODS, PASSKEY_SET_UP, PROFILE, TOTP_SET_UP,
};

const EMAIL: &str = "Eメール変更";
const SESSIONS: &str = "ログイン中の端末";
const END_OTHERS: &str = "ほかのすべての端末からログアウトする";
const RECOVERY_CODES: &str = "リカバリーコード";

/// Opens the menu, from the top of any page.
async fn choose_in_menu(browser: &Browser, words: &str) {
    browser.press_at("メニュー", Key::Enter).await;
    browser.press_at(words, Key::Enter).await;
    browser.arrives_at(words).await;
}

/// Returns the chosen option of the pulldown with the focus.
async fn chosen(browser: &Browser) -> String {
    browser.evaluate("return document.activeElement.selectedOptions[0].textContent;").await
}

/// S1, S2, S4, S6, S8
#[tokio::test]
async fn s1_s2_s4_s6_s8_the_keyboard_alone_changes_the_profile() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    demo.let_proofs_age().await;

    browser.press_at("メニュー", Key::Space).await;
    browser.press_at(PROFILE, Key::Enter).await;
    browser.arrives_at(AGAIN).await;
    browser.type_at("パスワード", &taro.password).await;
    browser.press_at("ログイン", Key::Enter).await;
    browser.arrives_at(CODE).await;
    browser.type_at("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at(PROFILE).await;

    browser.type_at("ユーザID", "taro.kaiun").await;
    browser.press_at("変更", Key::Enter).await;
    browser.sees("変更しました。").await;
    assert_eq!(browser.typed("ユーザID").await, "taro.kaiun", "S8");

    browser.press_at(EMAIL, Key::Enter).await;
    browser.arrives_at(EMAIL).await;
    browser.type_at("メールアドレス", "taro.atarashii@example.jp").await;
    browser.press_at(EVERYWHERE, Key::Space).await;
    let ticked = browser.field(EVERYWHERE).await.is_selected().await.expect("a box");
    assert!(ticked, "S6: Space ticks the box");
    browser.press_at("実行", Key::Enter).await;
    browser.arrives_at("メールアドレスの確認").await;
    browser.press_at("更新", Key::Enter).await;
    browser.sees("メールアドレスの確認が終わっていません。").await;
    browser.press_at("戻る", Key::Enter).await;
    browser.arrives_at(PROFILE).await;

    browser.tab_to("変更").await;
    browser.tab_back_to("認証方法").await;
    for (key, method) in [(Key::Up, TOTP), (Key::Up, PASSKEY), (Key::Down, TOTP)] {
        browser.press_key(key).await;
        assert_eq!(chosen(&browser).await, method, "S2: an arrow chooses");
    }
    browser.press_at("変更", Key::Space).await;
    browser.arrives_at(TOTP_SET_UP).await;
    demo.stop();
}

/// S3, S5, L5, L6
#[tokio::test]
async fn s3_s5_the_keyboard_alone_sets_devices_up_and_deletes_them() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    browser.add_authenticator().await;

    choose_in_menu(&browser, METHODS).await;
    browser.press_at("Authenticatorを設定", Key::Enter).await;
    browser.arrives_at(TOTP_SET_UP).await;
    browser.press_at("スキャンできませんか？", Key::Space).await;
    browser.sees("鍵の種類は「時間ベース」を選択してください。").await;
    let mut app = App::set_up(&browser).await;
    browser.type_at("ワンタイムパスワード", &app.code()).await;
    browser.type_at("デバイス名", "iphone17").await;
    browser.press_at("実行", Key::Enter).await;
    browser.arrives_at(METHODS).await;
    browser.press_at("iphone17を削除", Key::Enter).await;
    browser.arrives_at(DELETE).await;
    browser.press_at("戻る", Key::Enter).await;
    browser.arrives_at(METHODS).await;
    browser.press_at("iphone17を削除", Key::Enter).await;
    browser.arrives_at(DELETE).await;
    browser.press_at("削除する", Key::Space).await;
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    browser.sees("認証アプリは未設定").await;

    browser.press_at("設定", Key::Enter).await;
    browser.arrives_at(PASSKEY_SET_UP).await;
    browser.press_at("登録", Key::Enter).await;
    assert_eq!(browser.typed("パスキーの名前").await, "パスキー");
    assert_eq!(browser.focused().await, "パスキーの名前", "L6: the focus moves on");
    browser.press_at("次へ", Key::Enter).await;
    browser.arrives_at(METHODS).await;
    browser.press_at("パスキーを削除", Key::Enter).await;
    browser.arrives_at(DELETE).await;
    browser.press_at("削除する", Key::Enter).await;
    browser.arrives_at(METHODS).await;
    browser.sees("生体認証は未設定").await;
    demo.stop();
}

/// S7, S9, L7
#[tokio::test]
async fn s7_s9_the_keyboard_alone_ends_other_sessions_and_renews_password_and_recovery_codes() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    let taro = demo.person("taro_demo");
    other.sign_in(&mut demo, &taro).await;
    browser.sign_in(&mut demo, &taro).await;

    choose_in_menu(&browser, SESSIONS).await;
    browser.press_at(END_OTHERS, Key::Enter).await;
    browser.sees_no_longer(END_OTHERS).await;
    browser.arrives_at(SESSIONS).await;
    other.goto(&format!("{}expenses", taro.url)).await;
    other.arrives_at("ログイン").await;

    choose_in_menu(&browser, METHODS).await;
    browser.press_at("更新", Key::Enter).await;
    browser.arrives_at("パスワードの更新").await;
    let new = "Shiokaze-to-Taro27";
    browser.type_at("パスワード", new).await;
    browser.type_at("パスワード確認用", "Shiokaze").await;
    browser.press_key(Key::Enter).await;
    let differs = "パスワードが一致していません。同じものを入力してください。";
    browser.explains(differs).await;
    browser.press_at(differs, Key::Enter).await;
    assert_eq!(browser.focused().await, "パスワード確認用", "the summary leads to the field");
    browser.type_keys(new).await;
    browser.tab_back_to("パスワード").await;
    browser.type_keys(new).await;
    browser.press_at("実行", Key::Enter).await;
    browser.arrives_at(METHODS).await;

    browser.press_at("確認・発行", Key::Enter).await;
    browser.arrives_at(RECOVERY_CODES).await;
    browser.press_at("リカバリーコードを発行する", Key::Space).await;
    browser.sees("もう一度表示することはできません。").await;
    browser.tab_to("印刷する").await;
    browser.press_at("戻る", Key::Enter).await;
    browser.arrives_at(METHODS).await;
    browser.press_at("ポータルに戻る", Key::Enter).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    demo.stop();
}
