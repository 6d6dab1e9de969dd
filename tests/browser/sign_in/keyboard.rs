//! Signing in without a mouse.

use thirtyfour::Key;

use crate::expenses::family::SETTINGS;
use crate::expenses::graph::GRAPH;
use crate::expenses::reading::{FILTER, FOUND, PDF};
use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};
use crate::support::steps::first_sign_in::{
    CODE, EMAIL_CODE_RECOMMENDED, PASSKEY, TERMS, TOTP, USER_ID,
};
use crate::support::steps::settings::AGAIN;
use crate::support::table::Table;

/// The name of the terms for a screen reader; their box scrolls.
const TERMS_TEXT: &str = "KOSMO Communication Web 利用規約の本文";

/// L1: signs in, starting at the sign-in page.
async fn give_password(browser: &Browser, person: &Person) {
    browser.goto(&format!("{}sign-in", person.url)).await;
    browser.arrives_at("ログイン").await;
    browser.type_at(person.user_id_label(), &person.user_id).await;
    browser.type_at("パスワード", &person.password).await;
    browser.press_key(Key::Enter).await;
}

/// Unfolds the list of characters that a user ID can't have.
async fn unfold_refused_characters(browser: &Browser, key: Key) {
    assert!(!browser.text().await.contains("小なり記号"), "the list is folded");
    browser.press_at("利用不可文字一覧を見る", key).await;
    assert!(browser.text().await.contains("小なり記号"), "the key unfolds the list");
}

/// WCAG 2.1.1 and 2.4.7: the keyboard alone is enough, and the focus is always visible.
#[tokio::test]
async fn l3_the_keyboard_alone_signs_in_and_walks_on() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.goto(&taro.url).await;

    browser.tab_to("本文へ移動").await;
    browser.tab_to("ログイン").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ログイン").await;
    browser.tab_to("ユーザID").await;
    browser.type_keys(&taro.user_id).await;
    browser.tab_to("パスワード").await;
    browser.type_keys("not my password").await;
    browser.press_key(Key::Enter).await;
    browser.sees("無効なユーザIDまたはパスワードです。").await;

    let typed = browser.field("ユーザID").await.value().await.expect("a value");
    assert_eq!(typed.as_deref(), Some("taro_demo"), "what was typed stays");
    let secret = browser.field("パスワード").await.value().await.expect("a value");
    assert_eq!(secret.as_deref(), Some(""), "but for the password");
    browser.tab_to("パスワード").await;
    browser.type_keys(&taro.password).await;
    browser.tab_to("パスワードを表示する").await;
    browser.press_key(Key::Space).await;
    let kind = browser.field("パスワード").await.prop("type").await.expect("a type");
    assert_eq!(kind.as_deref(), Some("text"), "Taro may see what he typed");
    browser.tab_to("ログイン").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    browser.tab_to("ワンタイムパスワード").await;
    browser.type_keys(&demo.mailed_code(&taro)).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;

    browser.tab_to("医療費情報").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("医療費情報").await;
    browser.tab_to("すべて見る").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("過去の医療費通知").await;

    browser.press_key(Key::Tab).await;
    browser.press_key(Key::Enter).await;
    let focused: String = browser.evaluate("return document.activeElement.localName;").await;
    assert_eq!(focused, "main", "the first stop leads past the header");
    demo.stop();
}

/// F2–F10: only the link is opened from a mail, in the same browser.
#[tokio::test]
async fn f2_to_f10_the_keyboard_alone_walks_the_first_sign_in() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let minato = demo.person("minato-y");

    give_password(&browser, &minato).await;
    browser.arrives_at("生年月日の入力").await;
    browser.type_at("生年月日", &minato.birthdate_digits()).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at(TERMS).await;
    // A box without the focus can't be scrolled by keyboard.
    browser.tab_to(TERMS_TEXT).await;
    browser.press_at("同意する", Key::Enter).await;
    browser.arrives_at("メールアドレスの設定").await;
    browser.tab_to("メールアドレス").await;
    browser.press_at("実行", Key::Space).await;
    browser.arrives_at("メールアドレスの確認").await;
    browser.goto(&demo.mailed_link(&minato)).await;
    browser.press_at("メールアドレスを確認する", Key::Enter).await;
    browser.arrives_at("メールアドレスの確認が完了しました").await;

    browser.goto(&format!("{}sign-in/continue", minato.url)).await;
    browser.arrives_at(USER_ID).await;
    browser.type_at("ユーザID", "minato").await;
    assert_eq!(browser.typed("ユーザID").await, "minato");
    unfold_refused_characters(&browser, Key::Enter).await;
    // One Tab reaches the group, at the chosen option; the arrow keys choose within it.
    browser.tab_to(EMAIL_CODE_RECOMMENDED).await;
    for (key, chosen) in [(Key::Up, TOTP), (Key::Down, EMAIL_CODE_RECOMMENDED)] {
        browser.press_key(key).await;
        assert_eq!(browser.focused().await, chosen);
        let methods = [PASSKEY, TOTP, EMAIL_CODE_RECOMMENDED];
        let expected = methods.map(|method| (method.to_owned(), method == chosen));
        assert_eq!(browser.methods().await, expected, "F8: an arrow chooses");
    }
    browser.press_at("実行", Key::Enter).await;
    browser.arrives_at("パスワードの更新").await;
    browser.type_at("パスワード", "Minato-no-Akari4").await;
    browser.type_at("パスワード確認用", "Minato-no-Akari4").await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at(CODE).await;
    browser.type_at("ワンタイムパスワード", &demo.mailed_code(&minato)).await;
    browser.press_key(Key::Enter).await;
    browser.arrives_at("ようこそ、𠮷田　港 さん").await;
    demo.stop();
}

/// G1–G4: the keyboard alone is also enough for jrckenpo's two forms.
#[tokio::test]
async fn g1_to_g4_the_keyboard_alone_fills_in_the_two_forms() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let kirie = demo.someone("jrckenpo", "letter");

    give_password(&browser, &kirie).await;
    browser.arrives_at("本人確認").await;
    browser.type_at("保険者番号", &kirie.insurer_number).await;
    browser.type_at("生年月日", &kirie.birthdate_digits()).await;
    browser.tab_to(TERMS_TEXT).await;
    browser.press_at("同意する", Key::Space).await;
    browser.press_at("確認", Key::Enter).await;
    browser.arrives_at("個人情報入力画面").await;
    browser.type_at("ユーザーID", "kirie1970").await;
    unfold_refused_characters(&browser, Key::Space).await;
    browser.type_at("パスワード", "Kiri8no8oto").await;
    browser.type_at("パスワード確認用", "Kiri8no8oto").await;
    browser.press_at("必要", Key::Down).await;
    assert_eq!(browser.focused().await, "不要");
    browser.press_at("入力内容確認", Key::Enter).await;
    browser.arrives_at("入力確認画面").await;
    browser.sees("不要").await;
    browser.press_at("実行", Key::Enter).await;
    browser.arrives_at("登録が完了しました").await;
    browser.press_at("メニューへ", Key::Enter).await;
    browser.arrives_at("ようこそ、濵田　霧江 さん").await;
    demo.stop();
}

/// E5, E6, E8
#[tokio::test]
async fn e5_e6_e8_the_keyboard_alone_narrows_down_and_saves_what_it_found() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    browser.press_at("医療費情報", Key::Enter).await;
    browser.arrives_at("医療費情報").await;
    browser.press_at("すべて見る", Key::Enter).await;
    browser.arrives_at("過去の医療費通知").await;

    browser.press_at(FILTER, Key::Space).await;
    let mut chosen = Vec::new();
    // Chooses the newest month twice, and the second member of the family.
    for (list, steps) in [("診療年月（始まり）", 1), ("診療年月（終わり）", 1), ("受診者", 2)]
    {
        browser.tab_to(list).await;
        for _ in 0..steps {
            browser.press_key(Key::Down).await;
        }
        let read = "return document.activeElement.selectedOptions[0].textContent;";
        chosen.push(browser.evaluate::<String>(read).await);
    }
    let [month, same_month, patient] = chosen.as_slice() else { panic!("{chosen:?}") };
    assert_eq!((month, patient.as_str()), (same_month, "テスト ハナコ"));
    browser.press_at("絞り込む", Key::Enter).await;
    browser.arrives_at(FOUND).await;
    browser.sees(&format!("診療年月：{month}　受診者：{patient}")).await;

    browser.tab_to(PDF).await;
    let file = browser.saved_by(PDF, browser.press_key(Key::Enter)).await;
    assert_eq!(file.name(), format!("医療費明細_{month}.pdf"));

    browser.goto(&format!("{}expenses", taro.url)).await;
    browser.press_at(GRAPH, Key::Enter).await;
    browser.arrives_at(GRAPH).await;
    let tables = Table::all(&browser).await;
    let [month, year] = [0, 1].map(|table: usize| &tables[table].body.last().expect("a line")[0]);
    browser.press_at(month, Key::Enter).await;
    browser.arrives_at(&format!("{year}{month}の医療費明細")).await;
    demo.stop();
}

/// E7, M1, S4
#[tokio::test]
async fn e7_the_keyboard_alone_keeps_expenses_private_and_wants_no_mails() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    demo.let_proofs_age().await;
    browser.press_at("医療費情報", Key::Enter).await;
    browser.arrives_at("医療費情報").await;
    browser.press_at(SETTINGS, Key::Enter).await;
    browser.arrives_at(AGAIN).await;
    browser.type_at("パスワード", &taro.password).await;
    browser.press_at("ログイン", Key::Enter).await;
    browser.arrives_at(CODE).await;
    browser.type_at("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    browser.press_key(Key::Enter).await;

    browser.arrives_at(SETTINGS).await;
    browser.press_at("家族に公開する", Key::Down).await;
    assert_eq!(browser.focused().await, "家族に公開しない", "an arrow chooses");
    browser.press_at("医療費情報が更新されたらメールで知らせる", Key::Space).await;
    browser.press_at("変更", Key::Enter).await;
    browser.sees("ご自身の医療費は、家族に公開されていません。").await;
    browser.sees("医療費情報の更新は、メールでお知らせしません。").await;
    demo.stop();
}
