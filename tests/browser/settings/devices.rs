//! Adding apps and passkeys in the settings, signing in with them, and deleting them.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::first_sign_in::{EMAIL_CODE, PASSKEY, TOTP};
use crate::support::steps::settings::{
    AGAIN, CHANGED, DELETE, METHODS, PASSKEY_SET_UP, PROFILE, TOTP_CODE, TOTP_SET_UP,
};

/// The note before a person's last device is deleted.
const FALLS_BACK: &str = "次回からは、ワンタイムパスワード（OTP）メール認証でログインします。";
const WRONG_CODE: &str = "ワンタイムパスワードが正しくありません";

/// S2, S3, S4, S5, L4
#[tokio::test]
async fn s2_to_s5_l4_taro_chooses_the_app_adds_a_second_one_and_deletes_both() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    browser.choose_in_menu(METHODS).await;
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    for words in ["認証アプリは未設定", "生体認証は未設定", "削除できません"]
    {
        browser.sees(words).await;
    }

    browser.choose_in_menu(PROFILE).await;
    browser.change_method(TOTP).await;
    browser.arrives_at(TOTP_SET_UP).await;
    browser.press("戻る").await;
    // S2: a method that isn't set up yet has no effect.
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    browser.press("Authenticatorを設定").await;
    let mut phone = browser.add_app("iphone17").await;
    browser.arrives_at_methods_with(TOTP).await;
    browser.sees("iphone17").await;
    let told = demo.next_mail(taro.address(), CHANGED);
    assert!(told.text.contains("認証アプリの追加"), "{told:?}");

    browser.press("Authenticatorを設定").await;
    let mut other = browser.add_app("iphone17").await;
    browser.explains("同じ名前のデバイスがあります。別の名前を入力してください。").await;
    browser.fill("デバイス名", "仕事スマホ").await;
    browser.fill("ワンタイムパスワード", &other.code()).await;
    browser.press("実行").await;
    browser.arrives_at_methods_with(TOTP).await;
    browser.sees("仕事スマホ").await;
    let text = browser.text().await;
    assert_eq!(text.matches("作成日 ").count(), 3, "S3: the password's and each device's: {text}");

    browser.sign_out().await;
    browser.give_password(&taro).await;
    browser.arrives_at(TOTP_CODE).await;
    browser.fill("ワンタイムパスワード", "000000").await;
    browser.press("トップページへ").await;
    browser.explains("デバイスを選択してください。").await;
    browser.give_app_code("iphone17", &other.code()).await;
    browser.explains(WRONG_CODE).await;
    demo.let_codes_age().await;
    let code = phone.code();
    browser.give_app_code("iphone17", &code).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;

    browser.sign_out().await;
    browser.give_password(&taro).await;
    browser.give_app_code("iphone17", &code).await;
    browser.explains(WRONG_CODE).await;
    demo.let_codes_age().await;
    browser.give_app_code("iphone17", &phone.code()).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;

    demo.let_proofs_age().await;
    browser.choose_in_menu(METHODS).await;
    browser.arrives_at(METHODS).await;
    browser.press("iphone17を削除").await;
    browser.give_password_again(&taro).await;
    browser.give_app_code("仕事スマホ", &other.code()).await;
    // S4: it is the page that was wanted.
    browser.arrives_at(DELETE).await;
    browser.sees("iphone17").await;
    let text = browser.text().await;
    assert!(!text.contains(FALLS_BACK), "S5: another is left: {text}");
    browser.press("戻る").await;
    browser.arrives_at_methods_with(TOTP).await;
    browser.ask_to_delete("iphone17").await;
    browser.press("削除する").await;
    browser.arrives_at_methods_with(TOTP).await;
    browser.sees("デバイス「iphone17」を削除しました。").await;
    let listed: String =
        browser.evaluate("return document.querySelector('.devices').textContent;").await;
    assert!(!listed.contains("iphone17") && listed.contains("仕事スマホ"), "S5: {listed}");

    browser.ask_to_delete("仕事スマホ").await;
    browser.sees(FALLS_BACK).await;
    browser.press("削除する").await;
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    browser.sees("認証アプリは未設定").await;
    browser.sign_out().await;
    browser.sign_in(&mut demo, &taro).await;
    demo.stop();
}

/// S2, S3, S4, S5, L6: a device never gets a second passkey of the same person.
#[tokio::test]
async fn s2_to_s5_l6_meguru_of_nideckenpo_signs_in_and_proves_himself_by_passkeys() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let meguru = demo.person("meguru_haguruma");
    browser.sign_in(&mut demo, &meguru).await;
    browser.add_authenticator().await;

    browser.choose_in_menu(METHODS).await;
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    browser.sees("生体認証は未設定").await;
    browser.press("設定").await;
    browser.arrives_at(PASSKEY_SET_UP).await;
    browser.press("登録").await;
    assert_eq!(browser.typed("パスキーの名前").await, "パスキー");
    browser.press("次へ").await;
    // S2: another device doesn't change the choice.
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    browser.choose_in_menu(PROFILE).await;
    browser.change_method(PASSKEY).await;
    browser.sees("変更しました。").await;
    browser.choose_in_menu(METHODS).await;
    browser.arrives_at_methods_with(PASSKEY).await;

    browser.press("設定").await;
    browser.arrives_at(PASSKEY_SET_UP).await;
    browser.press("登録").await;
    browser.sees("この端末のパスキーは、すでに登録されています。").await;
    let device = browser.change_authenticator().await;
    browser.press("再試行").await;
    assert_eq!(browser.typed("パスキーの名前").await, "パスキー2", "S5");
    browser.fill("パスキーの名前", "パスキー").await;
    browser.press("次へ").await;
    browser.explains("同じ名前のパスキーがあります。別の名前を入力してください。").await;
    browser.fill("パスキーの名前", "パスキー2").await;
    browser.press("次へ").await;
    browser.arrives_at_methods_with(PASSKEY).await;
    browser.sees("パスキー2").await;

    demo.let_proofs_age().await;
    browser.choose_in_menu(PROFILE).await;
    browser.arrives_at(AGAIN).await;
    let passwords = "return document.querySelectorAll('[type=password]').length;";
    assert_eq!(browser.evaluate::<usize>(passwords).await, 0, "S4: a passkey alone does both");
    browser.press("次へ").await;
    browser.arrives_at(PROFILE).await;

    browser.choose_in_menu(METHODS).await;
    browser.arrives_at(METHODS).await;
    browser.ask_to_delete("パスキー").await;
    let text = browser.text().await;
    assert!(!text.contains(FALLS_BACK), "S5: another is left: {text}");
    browser.press("削除する").await;
    browser.arrives_at_methods_with(PASSKEY).await;
    browser.sign_out().await;
    // The union's sign-in page would otherwise use the passkey by itself.
    browser.let_person_agree(&device, false).await;
    browser.give_password(&meguru).await;
    browser.arrives_at("パスキーでログイン").await;
    browser.let_person_agree(&device, true).await;
    browser.press("次へ").await;
    browser.arrives_at("ようこそ、歯車　回 さん").await;

    browser.choose_in_menu(METHODS).await;
    browser.arrives_at(METHODS).await;
    browser.ask_to_delete("パスキー2").await;
    browser.sees(FALLS_BACK).await;
    browser.press("削除する").await;
    browser.arrives_at_methods_with(EMAIL_CODE).await;
    browser.sees("生体認証は未設定").await;
    browser.let_person_agree(&device, false).await;
    browser.sign_out().await;
    browser.sign_in(&mut demo, &meguru).await;
    demo.stop();
}
