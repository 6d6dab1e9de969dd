//! Mistakes in the first sign-in, and what people are told.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::first_sign_in::{EMAIL_CODE, PASSKEY, USER_ID};

const INVALID: &str =
    "無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。";
const TOO_LONG: &str = "設定可能なメールアドレスの最大文字数は255文字です。";
const TAKEN: &str =
    "他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。";

/// F2, F5, F8: each mistake is explained in the summary and at its field, and the input stays.
#[tokio::test]
async fn f2_f5_f8_each_mistake_is_explained_and_what_was_typed_stays() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let wataru = demo.person("wataru.funade");
    let taken = demo.person("taro_demo").address().to_owned();
    let too_long = format!("{}@example.jp", "x".repeat(245));
    assert_eq!(too_long.len(), 256);

    browser.give_password(&wataru).await;
    browser.arrives_at("生年月日の入力").await;
    let no_date = "生年月日は数字8桁で入力してください。（入力例:19790822）";
    let no_such_day = "生年月日が、存在しない日付です。ご確認のうえ、もう一度入力してください。";
    let wrong_date = "生年月日が正しくありません。ご確認のうえ、もう一度入力してください。";
    for (typed, error) in [
        ("", "生年月日を入力してください。"),
        ("1968", no_date),
        ("昭和43年13月30日", no_such_day),
        ("19681031", wrong_date),
    ] {
        assert_refused(&browser, "生年月日", typed, &[error]).await;
    }
    browser.give_birthdate("昭和43年10月30日").await;
    browser.agree().await;

    browser.arrives_at("メールアドレスの設定").await;
    for (typed, errors) in [
        ("", &["メールアドレスを入力してください。"][..]),
        (&taken, &[TAKEN]),
        ("wataru.@example.jp", &[INVALID]),
        ("wataru?@", &[INVALID]),
        (&too_long, &[INVALID, TOO_LONG]),
    ] {
        assert_refused(&browser, "メールアドレス", typed, errors).await;
    }
    browser.fill("メールアドレス", wataru.address()).await;
    browser.press("実行").await;
    browser.arrives_at("メールアドレスの確認").await;
    browser.open_link(&demo.mailed_link(&wataru)).await;
    browser.goto(&format!("{}sign-in/continue", wataru.url)).await;

    browser.arrives_at(USER_ID).await;
    browser.choose(PASSKEY).await;
    for (typed, error) in [
        ("", "ユーザIDを入力してください。"),
        ("wf", "ユーザIDは3文字以上、255文字以内で入力してください。"),
        ("wataru<3", "「<」はユーザIDに利用できません。"),
        ("Taro_Demo", "このユーザIDは利用できません。別のユーザIDを入力してください。"),
    ] {
        assert_refused(&browser, "ユーザID", typed, &[error]).await;
        let chosen = browser.methods().await.into_iter().find(|(_, chosen)| *chosen);
        assert_eq!(chosen.map(|(label, _)| label).as_deref(), Some(PASSKEY), "it stays chosen");
    }
    demo.stop();
}

async fn assert_refused(browser: &Browser, label: &str, typed: &str, errors: &[&str]) {
    browser.fill(label, typed).await;
    browser.press("実行").await;
    for error in errors {
        browser.explains(error).await;
    }
    assert!(browser.title().await.starts_with("エラー: "), "{typed}");
    assert_eq!(browser.typed(label).await, typed, "what was typed stays");
}

/// F9, T5: the rules are shown beforehand, ticked off while typing, and enforced.
#[tokio::test]
async fn f9_t5_the_rules_are_ticked_off_while_hagumu_types_and_hold() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let hagumu = demo.someone("jomkenpo", "letter");
    browser.give_password(&hagumu).await;
    browser.give_birthdate(&hagumu.birthdate_digits()).await;
    browser.agree().await;
    browser.give_address(hagumu.address(), None).await;
    browser.open_link(&demo.mailed_link(&hagumu)).await;
    browser.goto(&format!("{}sign-in/continue", hagumu.url)).await;
    browser.choose_user_id_and_method(Some("hagumu2026"), EMAIL_CODE).await;
    browser.arrives_at("パスワードの更新").await;

    for rule in ["ユーザIDと同じ文字列ではない", "現在のパスワードと同じではない"]
    {
        browser.sees(rule).await;
    }
    assert_eq!(ticked(&browser).await, [false; 4]);
    for (typed, expected) in [
        ("abc", [false, true, true, false]),
        ("abc 12345", [true, false, true, true]),
        ("12345678", [true, true, false, true]),
        ("Hatake-no-Daizu5", [true; 4]),
    ] {
        browser.fill("パスワード", typed).await;
        assert_eq!(ticked(&browser).await, expected, "F9: {typed}");
    }
    browser.sees("すべての条件を満たしています。").await;

    let (right, letter) = ("Hatake-no-Daizu5", hagumu.password.as_str());
    let is_current =
        "現在のパスワードと同じものは設定できません。別のパスワードを入力してください。";
    let is_common =
        "よく使われているパスワードのため設定できません。別のパスワードを入力してください。";
    for (typed, again, error) in [
        ("", "", "パスワードを入力してください。"),
        (right, "", "確認のため、パスワードをもう一度入力してください。"),
        (right, "Hatake-no-Daizu6", "パスワードが一致していません。同じものを入力してください。"),
        ("Daizu-5", "Daizu-5", "パスワードは8文字以上で入力してください。"),
        ("Daizu-Daizu", "Daizu-Daizu", "パスワードに半角数字を1文字以上入れてください。"),
        ("Daizu 2026", "Daizu 2026", "パスワードに利用できない文字が入っています。"),
        ("Hagumu2026", "Hagumu2026", "ユーザIDと同じ文字列はパスワードに設定できません。"),
        (letter, letter, is_current),
        ("password1", "password1", is_common),
    ] {
        browser.fill("パスワード", typed).await;
        browser.fill("パスワード確認用", again).await;
        browser.press("実行").await;
        browser.explains(error).await;
        let kept = browser.typed("パスワード").await;
        assert_eq!(kept, "", "a password is never sent back");
    }
    browser.set_password(right).await;
    browser.arrives_at("初回ログインが完了しました").await;
    demo.stop();
}

/// Returns which of the rules that a browser can check are met, as a screen reader reads them.
async fn ticked(browser: &Browser) -> Vec<bool> {
    let read = "return [...document.querySelectorAll('[data-rules] li')]
                    .map((rule) => rule.textContent);";
    let rules: Vec<String> = browser.evaluate(read).await;
    let names = ["8文字以上、64文字以内", "利用可能文字", "半角英字を1文字", "半角数字を1文字"];
    names
        .iter()
        .map(|name| {
            let rule = rules.iter().find(|rule| rule.starts_with(name));
            let rule = rule.unwrap_or_else(|| panic!("no rule {name}: {rules:?}"));
            assert!(
                rule.ends_with("（満たしています）") || rule.ends_with("（まだ満たしていません）")
            );
            rule.ends_with("（満たしています）")
        })
        .collect()
}
