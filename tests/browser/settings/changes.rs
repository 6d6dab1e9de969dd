//! Changing user ID, mail address and password.

use kosmo::base::clock::{Clock, jst};

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::first_sign_in::{EMAIL_CODE_RECOMMENDED, PASSKEY, TOTP};
use crate::support::steps::settings::{AGAIN, CHANGED, EVERYWHERE, METHODS, PROFILE};

const REFUSED: &str = "無効なユーザIDまたはパスワードです。";

/// Returns the options of the pulldown, each with whether it is chosen.
async fn offered(browser: &Browser) -> Vec<(String, bool)> {
    let read = "return [...document.querySelectorAll('main option')]
                    .map((option) => [option.textContent, option.selected]);";
    browser.evaluate(read).await
}

/// Returns the buttons and links of the page, without those of the frame.
async fn pressables(browser: &Browser) -> Vec<String> {
    let read = "return [...document.querySelectorAll('main :is(a, button)')]
                    .map((pressable) => pressable.textContent.trim());";
    browser.evaluate(read).await
}

/// S1, S4, S8: as seed 001 3-1 shows it.
#[tokio::test]
async fn s1_s4_s8_taro_proves_who_he_is_and_changes_his_user_id() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let before = demo.person("taro_demo");
    let mut taro = before.clone();
    browser.sign_in(&mut demo, &taro).await;
    demo.let_proofs_age().await;

    browser.choose_in_menu(PROFILE).await;
    browser.arrives_at(AGAIN).await;
    browser.fill("パスワード", "not my password").await;
    browser.press("ログイン").await;
    browser.explains("パスワードが正しくありません。").await;
    assert!(browser.title().await.starts_with("エラー: "));
    assert_eq!(browser.typed("パスワード").await, "", "a password is never sent back");
    browser.prove_again(&mut demo, &taro).await;

    browser.arrives_at(PROFILE).await;
    let text = browser.text().await;
    for shown in [
        "言語",
        "日本語",
        "ユーザID",
        "メールアドレス",
        taro.address(),
        "ユーザー名",
        "テスト　太郎",
        "仮IDフラグ",
        "いいえ",
        "認証方法",
    ] {
        assert!(text.contains(shown), "S1: {shown}: {text}");
    }
    assert_eq!(browser.typed("ユーザID").await, taro.user_id, "S1");
    let methods = [(PASSKEY, false), (TOTP, false), (EMAIL_CODE_RECOMMENDED, true)];
    let methods = methods.map(|(label, chosen)| (label.to_owned(), chosen));
    assert_eq!(offered(&browser).await, methods, "S1, T4: a pulldown");
    let buttons = ["Eメール変更", "変更", "戻る", "ポータルに戻る"];
    assert_eq!(pressables(&browser).await, buttons, "S1");

    browser.fill("ユーザID", "Hanako.Kaiun").await;
    browser.press("変更").await;
    browser.explains("このユーザIDは利用できません。別のユーザIDを入力してください。").await;
    assert_eq!(browser.typed("ユーザID").await, "Hanako.Kaiun", "what was typed stays");
    browser.fill("ユーザID", "Taro.Kaiun").await;
    browser.press("変更").await;
    browser.sees("変更しました。").await;
    assert_eq!(browser.typed("ユーザID").await, "taro.kaiun", "S8");
    let told = demo.next_mail(taro.address(), CHANGED);
    assert!(told.text.contains("ユーザIDの変更"), "{told:?}");

    taro.user_id = "taro.kaiun".to_owned();
    browser.sign_out().await;
    browser.give_password(&before).await;
    browser.sees(REFUSED).await;
    browser.sign_in(&mut demo, &taro).await;
    browser.choose_in_menu(PROFILE).await;
    // Nothing is asked, because Taro has just proved his identity.
    browser.arrives_at(PROFILE).await;
    browser.press("ポータルに戻る").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    demo.stop();
}

/// S4: every sensitive page asks first and is then shown; a page that only shows something doesn't
/// ask.
#[tokio::test]
async fn s4_each_sensitive_page_asks_and_is_shown_afterwards() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let hanako = demo.person("hanako.kaiun");
    browser.sign_in(&mut demo, &hanako).await;
    for (path, heading) in [
        ("profile/email", "Eメール変更"),
        ("sign-in-methods/password", "パスワードの更新"),
        ("sign-in-methods/totp", "ワンタイムパスワードの設定"),
        ("sign-in-methods/passkeys", "セキュリティキーの登録"),
    ] {
        demo.let_proofs_age().await;
        browser.choose_in_menu(METHODS).await;
        browser.arrives_at(METHODS).await;
        browser.goto(&format!("{}{path}", hanako.url)).await;
        browser.prove_again(&mut demo, &hanako).await;
        browser.arrives_at(heading).await;
    }
    demo.stop();
}

/// S4, T4, T6: a union that asks for a password only asks for it alone again.
#[tokio::test]
async fn s4_t4_t6_kai_of_jrckenpo_proves_himself_by_the_password_alone() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let kai = demo.someone("jrckenpo", "registered");
    browser.give_password(&kai).await;
    browser.arrives_at("ようこそ、無線　海 さん").await;
    demo.let_proofs_age().await;

    browser.choose_in_menu(PROFILE).await;
    browser.give_password_again(&kai).await;
    browser.arrives_at(PROFILE).await;
    browser.sees("ユーザーIDは変更できません。").await;
    assert!(offered(&browser).await.is_empty(), "T4: no method to choose");
    let buttons = pressables(&browser).await;
    assert!(!buttons.iter().any(|button| button == "変更"), "T6: {buttons:?}");
    browser.choose_in_menu(METHODS).await;
    browser.arrives_at(METHODS).await;
    browser.sees("パスワードを使用したログイン").await;
    let text = browser.text().await;
    assert!(!text.contains("二要素認証"), "T4: {text}");
    demo.stop();
}

/// S6: Taro opens the link in another browser, and the page where he waits moves on.
#[tokio::test]
async fn s6_a_new_address_counts_once_its_link_was_used_and_the_old_one_is_told() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    let taro = demo.person("taro_demo");
    let taken = demo.person("hanako_demo").address().to_owned();
    let mut moved = taro.clone();
    moved.email = Some("taro.atarashii@example.jp".to_owned());
    browser.sign_in(&mut demo, &taro).await;

    browser.choose_in_menu(PROFILE).await;
    browser.press("Eメール変更").await;
    browser.arrives_at("Eメール変更").await;
    assert_eq!(browser.typed("メールアドレス").await, taro.address(), "S6: it is filled in");
    let same = "現在のメールアドレスと同じです。別のメールアドレスを入力してください。";
    let is_taken =
        "他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。";
    for (typed, error) in [
        (taro.address().to_uppercase(), same),
        (taken, is_taken),
        (String::new(), "メールアドレスを入力してください。"),
    ] {
        browser.fill("メールアドレス", &typed).await;
        browser.press("実行").await;
        browser.explains(error).await;
        assert_eq!(browser.typed("メールアドレス").await, typed, "what was typed stays");
    }
    browser.fill("メールアドレス", "Taro.Atarashii@Example.JP").await;
    browser.press("実行").await;
    browser.arrives_at("メールアドレスの確認").await;
    browser.sees("taro.atarashii@example.jp 宛に、").await;
    let link = demo.mailed_link(&moved);
    browser.press("更新").await;
    browser.sees("メールアドレスの確認が終わっていません。").await;

    // The change has no effect before that: the code still goes to the old address.
    other.sign_in(&mut demo, &taro).await;
    other.open_link(&link).await;
    browser.arrives_at(PROFILE).await;
    browser.sees("メールアドレスを確認しました。").await;
    browser.sees(moved.address()).await;
    let told = demo.next_mail(taro.address(), CHANGED);
    assert!(told.text.contains("メールアドレスの変更"), "S6: {told:?}");

    browser.sign_out().await;
    browser.sign_in(&mut demo, &moved).await;
    demo.stop();
}

/// S3, S7, L7
#[tokio::test]
async fn s3_s7_a_new_password_is_dated_and_ends_the_sessions_elsewhere() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    let before = demo.person("taro_demo");
    let mut taro = before.clone();
    let long_ago = "update logins set password_set_at = password_set_at - interval '400 days'";
    sqlx::query(long_ago).execute(&mut demo.database().await).await.expect("an old password");
    other.sign_in(&mut demo, &taro).await;
    browser.sign_in(&mut demo, &taro).await;

    browser.choose_in_menu(METHODS).await;
    browser.arrives_at(METHODS).await;
    browser.sees("パスワードを使用したログイン").await;
    browser.sees("作成日").await;
    let this_year = jst(Clock::System.now()).format("作成日 %Y年").to_string();
    let text = browser.text().await;
    assert!(!text.contains(&this_year), "{text}");
    browser.press("更新").await;
    browser.arrives_at("パスワードの更新").await;
    browser.sees("現在のパスワードと同じではない").await;
    let ticked = browser.field(EVERYWHERE).await.is_selected().await.expect("a box");
    assert!(ticked, "L7: a new password always does so");

    let is_current =
        "現在のパスワードと同じものは設定できません。別のパスワードを入力してください。";
    let differs = "パスワードが一致していません。同じものを入力してください。";
    let new = "Shiokaze-to-Taro27";
    for (typed, again, error) in
        [(before.password.as_str(), before.password.as_str(), is_current), (new, "x", differs)]
    {
        browser.fill("パスワード", typed).await;
        browser.fill("パスワード確認用", again).await;
        browser.press("実行").await;
        browser.explains(error).await;
    }
    browser.fill("パスワード", new).await;
    browser.fill("パスワード確認用", new).await;
    browser.press("実行").await;
    browser.arrives_at(METHODS).await;
    browser.sees(&this_year).await;
    let told = demo.next_mail(taro.address(), CHANGED);
    assert!(told.text.contains("パスワードの変更"), "{told:?}");

    other.goto(&format!("{}expenses", taro.url)).await;
    other.arrives_at("ログイン").await;
    browser.press("ポータルに戻る").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    taro.password = new.to_owned();
    other.give_password(&before).await;
    other.sees(REFUSED).await;
    other.give_password(&taro).await;
    other.give_mailed_code(&mut demo, &taro).await;
    other.arrives_at("医療費情報").await;
    demo.stop();
}
