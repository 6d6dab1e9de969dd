//! Setting up an app or a passkey at the end of the first sign-in, and signing in with it.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::devices::App;
use crate::support::steps::first_sign_in::{Choices, EMAIL_CODE_RECOMMENDED, PASSKEY, TOTP};
use crate::support::steps::settings::{EVERYWHERE, TOTP_SET_UP};

/// F10, L4, L5, L7, T4, T8, for kddikenpo's people who don't want mailed codes.
#[tokio::test]
async fn l4_l5_l7_kai_of_kddikenpo_sets_an_app_up_and_signs_in_with_its_codes() {
    let mut demo = Demo::start();
    let (browser, other) = (Browser::open().await, Browser::open().await);
    let mut kai = demo.someone("kddikenpo", "migrated");
    assert_eq!(kai.password, "8013401819800108", "T8: symbol, number, birthdate");
    let choices = Choices {
        email: None,
        user_id: Some("kai-w"),
        method: TOTP,
        password: "Denwa-no-Kaisen80",
    };
    browser.register(&mut demo, &mut kai, &choices).await;

    browser.arrives_at(TOTP_SET_UP).await;
    browser.press("認証方法を選び直す").await;
    browser.arrives_at("認証方法の設定").await;
    let offered = [(EMAIL_CODE_RECOMMENDED, true), (TOTP, false)];
    let offered = offered.map(|(label, chosen)| (label.to_owned(), chosen));
    assert_eq!(browser.methods().await, offered, "T4: mail first, no passkey");
    browser.choose(TOTP).await;
    browser.press("実行").await;

    browser.arrives_at(TOTP_SET_UP).await;
    browser.sees("全6ステップ中6").await;
    for app in ["Google Authenticator", "Microsoft Authenticator", "FreeOTP"] {
        browser.sees(app).await;
    }
    let drawn: u32 =
        browser.evaluate("return document.querySelector('main img').naturalWidth;").await;
    assert!(drawn > 0, "L5: a QR code");
    browser.press("スキャンできませんか？").await;
    browser.sees("鍵の種類は「時間ベース」を選択してください。").await;
    let mut app = App::set_up(&browser).await;
    // A stranger with the password is at the same page.
    other.give_password(&kai).await;
    other.arrives_at(TOTP_SET_UP).await;

    browser.press("実行").await;
    browser.explains("ワンタイムパスワードを入力してください。").await;
    browser.explains("デバイス名を入力してください。").await;
    browser.choose(EVERYWHERE).await;
    browser.fill("ワンタイムパスワード", "000000").await;
    browser.fill("デバイス名", "iphone17").await;
    browser.press("実行").await;
    browser.explains("認証コードが異なります").await;
    assert_eq!(browser.typed("デバイス名").await, "iphone17", "what was typed stays");
    let ticked = browser.field(EVERYWHERE).await.is_selected().await.expect("a box");
    assert!(ticked, "what was ticked stays");
    let code = app.code();
    browser.fill("ワンタイムパスワード", &code).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、渡邊　回 さん").await;
    other.goto(&format!("{}sign-in/continue", kai.url)).await;
    other.arrives_at("ログイン").await;

    browser.sign_out().await;
    browser.give_password(&kai).await;
    browser.arrives_at("ワンタイムパスワードの入力").await;
    browser.fill("ワンタイムパスワード", &code).await;
    browser.press("トップページへ").await;
    browser.explains("ワンタイムパスワードが正しくありません").await;
    browser.fill("ワンタイムパスワード", &app.next_code()).await;
    browser.press("トップページへ").await;
    browser.arrives_at("ようこそ、渡邊　回 さん").await;
    demo.stop();
}

/// F4, F10, L6, T9: no address of Arata's is known. At first he cancels on his device.
#[tokio::test]
async fn l6_arata_of_nideckenpo_registers_his_device_and_signs_in_with_it() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let mut arata = demo.person("kari-9tn4hd");
    assert_eq!((arata.state.as_str(), &arata.email), ("letter", &None));
    let choices = Choices {
        email: Some("arata.shido@example.jp"),
        user_id: Some("arata.shido"),
        method: PASSKEY,
        password: "Motor-no-Kaiten37",
    };
    browser.register(&mut demo, &mut arata, &choices).await;

    browser.arrives_at("セキュリティキーの登録").await;
    browser.sees("全6ステップ中6").await;
    browser.cancel_passkeys().await;
    browser.press("登録").await;
    browser.sees("セキュリティキーの登録が無効です").await;
    browser.sees("端末にパスワード管理アプリが入っているか確認してください").await;
    browser.let_passkeys_be().await;
    let device = browser.add_authenticator().await;
    browser.press("再試行").await;
    assert_eq!(browser.typed("パスキーの名前").await, "パスキー");
    browser.fill("パスキーの名前", "").await;
    browser.press("次へ").await;
    browser.explains("パスキーの名前を入力してください。").await;
    browser.fill("パスキーの名前", "会社のPC").await;
    browser.press("次へ").await;
    browser.arrives_at("ようこそ、始動　新 さん").await;

    browser.sign_out().await;
    // The union's sign-in page would otherwise use the passkey by itself.
    browser.let_person_agree(&device, false).await;
    browser.give_password(&arata).await;
    browser.arrives_at("パスキーでログイン").await;
    browser.let_person_agree(&device, true).await;
    browser.goto(&format!("{}expenses", arata.url)).await;
    browser.arrives_at("パスキーでログイン").await;
    browser.press("次へ").await;
    browser.arrives_at("医療費情報").await;
    demo.stop();
}

/// F10, L6, T8: at jomkenpo the passkey is set up at the second sign-in.
#[tokio::test]
async fn f10_l6_saki_of_jomkenpo_registers_her_device_at_the_second_sign_in() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let mut saki = demo.person("saki.natane");
    assert_eq!(saki.password, "8003084619850321", "T8: symbol, number, birthdate");
    let choices =
        Choices { email: None, user_id: None, method: PASSKEY, password: "Natane-no-Hana85" };
    browser.register(&mut demo, &mut saki, &choices).await;
    browser.arrives_at("初回ログインが完了しました").await;
    browser.press("ログアウトする").await;
    browser.arrives_at("もう一度ログインしてください").await;

    browser.add_authenticator().await;
    browser.give_password(&saki).await;
    browser.arrives_at("セキュリティキーの登録").await;
    browser.press("登録").await;
    assert_eq!(browser.typed("パスキーの名前").await, "パスキー");
    browser.press("次へ").await;
    browser.arrives_at("ようこそ、菜種　咲 さん").await;
    browser.sign_out().await;
    browser.give_password(&saki).await;
    browser.arrives_at("パスキーでログイン").await;
    browser.press("次へ").await;
    browser.arrives_at("ようこそ、菜種　咲 さん").await;
    demo.stop();
}
