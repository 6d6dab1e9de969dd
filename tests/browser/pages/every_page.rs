//! Every page, on a phone and on a desk: nothing sticks out, Chromium complains of nothing, and axe
//! finds nothing.

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};
use crate::support::devices::App;
use crate::support::steps::first_sign_in::{
    CODE, Choices, EMAIL_CODE, PASSKEY, TERMS, TOTP, USER_ID,
};
use crate::support::steps::settings::{
    AGAIN, METHODS, PASSKEY_SET_UP, PROFILE, TOTP_CODE, TOTP_SET_UP,
};
use crate::support::walk::Walk;

/// T10, F1, L1, L3, L9, L10, E1–E3
#[tokio::test]
async fn every_page_of_the_portal_fits_a_phone_and_a_desk_and_nothing_is_blocked() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);

    walk.visit("mailbox-empty", &demo.origin("mail"), "デモ用メールボックス").await;
    for union in ["kddikenpo", "www.klinekenpo", "nideckenpo", "jomkenpo", "jrckenpo"] {
        let (origin, name) = (demo.origin(union), union.trim_start_matches("www."));
        let welcome = "KOSMO Communication Web へようこそ";
        walk.visit(&format!("top-{name}"), &origin, welcome).await;
        walk.visit(&format!("sign-in-{name}"), &format!("{origin}/sign-in"), "ログイン").await;
        browser.press("パスワードを忘れた方はこちら").await;
        walk.arrive(&format!("forgotten-password-{name}"), "パスワードを忘れた方はこちら").await;
        browser.press("戻る").await;
        let word = if name == "jrckenpo" { "ユーザーID" } else { "ユーザID" };
        let forgotten = format!("{word}を忘れた方はこちら");
        browser.press(&forgotten).await;
        walk.arrive(&format!("forgotten-user-id-{name}"), &forgotten).await;
    }

    let taro = demo.person("taro_demo");
    let path = |path: &str| format!("{}{path}", taro.url);
    browser.goto(&path("sign-in")).await;
    browser.press("ログイン").await;
    browser.sees("＊ユーザIDを入力してください。").await;
    walk.look("sign-in-refused").await;
    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    walk.look("code").await;
    browser.fill("ワンタイムパスワード", "wrong").await;
    browser.press("実行").await;
    browser.sees("＊ワンタイムパスワードが正しくありません").await;
    walk.look("code-refused").await;
    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    walk.look("code-again").await;
    browser.fill("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    walk.look("top").await;

    walk.visit("expenses", &path("expenses"), "医療費情報").await;
    browser.press("最新の自己負担総額").await;
    browser.sees("あなたが支払った額").await;
    walk.look("month").await;
    walk.visit("month-empty", &path("expenses/months/2001-01"), "2001年1月の医療費明細").await;
    walk.visit("year", &path("expenses/years/2026"), "2026年の医療費明細").await;
    walk.visit("history", &path("expenses/history"), "過去の医療費通知").await;
    walk.visit("not-found", &path("nowhere"), "ページが見つかりません").await;
    walk.visit("sign-out", &path("sign-out"), "ログアウトしてもよろしいですか？").await;

    // L9: Taro is idle for longer than his union allows.
    let rest = "update sessions set last_seen_at = last_seen_at - interval '1 day'";
    sqlx::query(rest).execute(&mut demo.database().await).await.expect("a rest");
    let expired = "一定期間が経過したため、エラーになりました";
    walk.visit("session-expired", &path("expenses"), expired).await;
    browser.press("<川崎汽船>KOSMO Communication Web（加入者）へ移動").await;
    browser.arrives_at("ログイン").await;

    walk.visit("mailbox", &demo.origin("mail"), "デモ用メールボックス").await;
    browser.press("【KOSMOWeb】ワンタイムパスワードのお知らせ").await;
    browser.arrives_at("【KOSMOWeb】ワンタイムパスワードのお知らせ").await;
    walk.look("mail").await;
    demo.stop();
}

/// F2–F9
#[tokio::test]
async fn every_page_of_the_first_sign_in_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let misaki = demo.someone("klinekenpo", "migrated");

    browser.give_password(&misaki).await;
    walk.arrive("birthdate", "生年月日の入力").await;
    walk.be_refused("birthdate", "実行", "生年月日を入力してください。").await;
    browser.give_birthdate(&misaki.birthdate_digits()).await;
    walk.arrive("terms", TERMS).await;
    browser.agree().await;
    walk.arrive("email", "メールアドレスの設定").await;
    browser.fill("メールアドレス", &format!("{}@example.jp", "x".repeat(245))).await;
    let too_long = "設定可能なメールアドレスの最大文字数は255文字です。";
    walk.be_refused("email", "実行", too_long).await;
    browser.fill("メールアドレス", misaki.address()).await;
    browser.press("実行").await;
    walk.arrive("email-sent", "メールアドレスの確認").await;
    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    walk.look("email-sent-again").await;

    let link = demo.mailed_link(&misaki);
    walk.visit("confirm-email", &link, "メールアドレスの確認").await;
    browser.press("メールアドレスを確認する").await;
    walk.arrive("confirm-email-done", "メールアドレスの確認が完了しました").await;
    let invalid = format!("{}confirm-email?token=x", misaki.url);
    walk.visit("confirm-email-invalid", &invalid, "このリンクは使用できません").await;

    walk.visit("user-id", &format!("{}sign-in/continue", misaki.url), USER_ID).await;
    browser.fill("ユーザID", "misaki+1").await;
    walk.be_refused("user-id", "実行", "「+」はユーザIDに利用できません。").await;
    browser.choose_user_id_and_method(Some("misaki"), EMAIL_CODE).await;
    walk.arrive("new-password", "パスワードの更新").await;
    browser.fill("パスワード", "misaki").await;
    browser.fill("パスワード確認用", "misaki").await;
    walk.be_refused("new-password", "実行", "パスワードは8文字以上で入力してください。").await;
    browser.set_password("Umineko-to-Misaki7").await;
    walk.arrive("first-code", CODE).await;
    demo.stop();
}

/// F10, L4–L6
#[tokio::test]
async fn every_page_of_a_second_factor_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);

    let mut kai = demo.someone("kddikenpo", "migrated");
    let choices =
        Choices { email: None, user_id: None, method: TOTP, password: "Denwa-no-Kaisen80" };
    browser.register(&mut demo, &mut kai, &choices).await;
    walk.arrive("totp-set-up", "ワンタイムパスワードの設定").await;
    walk.be_refused("totp-set-up", "実行", "デバイス名を入力してください。").await;
    browser.press("認証方法を選び直す").await;
    walk.arrive("method", "認証方法の設定").await;
    browser.choose(TOTP).await;
    browser.press("実行").await;
    browser.arrives_at("ワンタイムパスワードの設定").await;
    let mut app = App::set_up(&browser).await;
    browser.fill("デバイス名", "iphone17").await;
    browser.fill("ワンタイムパスワード", &app.code()).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、渡邊　回 さん").await;
    browser.sign_out().await;
    browser.give_password(&kai).await;
    walk.arrive("totp", "ワンタイムパスワードの入力").await;
    walk.be_refused("totp", "トップページへ", "ワンタイムパスワードを入力してください。").await;

    let mut saki = demo.person("saki.natane");
    let choices =
        Choices { email: None, user_id: None, method: PASSKEY, password: "Natane-no-Hana85" };
    browser.register(&mut demo, &mut saki, &choices).await;
    walk.arrive("done", "初回ログインが完了しました").await;
    browser.press("ログアウトする").await;
    walk.arrive("sign-in-again", "もう一度ログインしてください").await;
    browser.give_password(&saki).await;
    walk.arrive("passkey-set-up", "セキュリティキーの登録").await;
    browser.cancel_passkeys().await;
    browser.press("登録").await;
    browser.sees("セキュリティキーの登録が無効です").await;
    walk.look("passkey-set-up-cancelled").await;
    browser.let_passkeys_be().await;
    browser.add_authenticator().await;
    browser.press("再試行").await;
    browser.fill("パスキーの名前", "").await;
    walk.look("passkey-name").await;
    walk.be_refused("passkey-name", "次へ", "パスキーの名前を入力してください。").await;
    browser.fill("パスキーの名前", "会社のPC").await;
    browser.press("次へ").await;
    browser.arrives_at("ようこそ、菜種　咲 さん").await;
    browser.goto(&format!("{}sign-in-methods/recovery-codes", saki.url)).await;
    browser.press("リカバリーコードを発行する").await;
    browser.sees("もう一度表示することはできません。").await;
    browser.sign_out().await;
    browser.give_password(&saki).await;
    walk.arrive("passkey", "パスキーでログイン").await;
    browser.press("リカバリーコードを使う").await;
    walk.arrive("recovery-code", "リカバリーコードの入力").await;
    walk.be_refused("recovery-code", "実行", "リカバリーコードを入力してください。").await;
    demo.stop();
}

/// G1–G4
#[tokio::test]
async fn every_page_of_the_single_form_fits_a_phone_and_a_desk() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let kirie = demo.someone("jrckenpo", "letter");

    browser.give_password(&kirie).await;
    walk.arrive("identity", "本人確認").await;
    walk.be_refused("identity", "確認", "保険者番号を入力してください。").await;
    browser.fill("保険者番号", &kirie.insurer_number).await;
    browser.fill("生年月日", &kirie.birthdate_digits()).await;
    browser.choose("同意する").await;
    browser.press("確認").await;
    walk.arrive("details", "個人情報入力画面").await;
    walk.be_refused("details", "入力内容確認", "ユーザーIDを入力してください。").await;
    browser.fill("ユーザーID", "kirie1970").await;
    browser.fill("パスワード", "Kiri8no8oto").await;
    browser.fill("パスワード確認用", "Kiri8no8oto").await;
    browser.press("入力内容確認").await;
    walk.arrive("confirmation", "入力確認画面").await;
    browser.press("戻る").await;
    walk.arrive("details-again", "個人情報入力画面").await;
    browser.press("入力内容確認").await;
    browser.arrives_at("入力確認画面").await;
    browser.press("実行").await;
    walk.arrive("registered", "登録が完了しました").await;
    demo.stop();
}

/// S1–S8, for a person with mailed codes who changes to an app.
#[tokio::test]
async fn every_page_of_the_settings_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let taro = demo.person("taro_demo");
    let path = |path: &str| format!("{}{path}", taro.url);
    browser.sign_in(&mut demo, &taro).await;
    browser.press("メニュー").await;
    walk.look("menu").await;

    demo.let_proofs_age().await;
    walk.visit("again-password", &path("profile"), AGAIN).await;
    browser.fill("パスワード", "not my password").await;
    walk.be_refused("again-password", "ログイン", "パスワードが正しくありません。").await;
    browser.give_password_again(&taro).await;
    browser.arrives_at(CODE).await;
    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    walk.look("again-code").await;
    walk.be_refused("again-code", "実行", "ワンタイムパスワードを入力してください。").await;
    browser.give_mailed_code(&mut demo, &taro).await;
    walk.arrive("profile", PROFILE).await;
    browser.fill("ユーザID", "taro+1").await;
    walk.be_refused("profile", "変更", "「+」はユーザIDに利用できません。").await;
    browser.fill("ユーザID", "taro.kaiun").await;
    browser.press("変更").await;
    browser.sees("変更しました。").await;
    walk.look("profile-changed").await;

    browser.press("Eメール変更").await;
    walk.arrive("profile-email", "Eメール変更").await;
    let same = "現在のメールアドレスと同じです。別のメールアドレスを入力してください。";
    walk.be_refused("profile-email", "実行", same).await;
    browser.fill("メールアドレス", "taro.atarashii@example.jp").await;
    browser.press("実行").await;
    browser.arrives_at("メールアドレスの確認").await;
    browser.press("再送信").await;
    browser.sees("メールを送信したばかりです。").await;
    walk.look("profile-email-sent").await;

    walk.visit("methods-empty", &path("sign-in-methods"), METHODS).await;
    browser.press("更新").await;
    walk.arrive("another-password", "パスワードの更新").await;
    walk.be_refused("another-password", "実行", "パスワードを入力してください。").await;
    browser.goto(&path("profile")).await;
    browser.change_method(TOTP).await;
    walk.arrive("another-totp", TOTP_SET_UP).await;
    walk.be_refused("another-totp", "実行", "デバイス名を入力してください。").await;
    browser.add_app("長い名前をつけた仕事用のスマートフォンiphone17").await;
    browser.arrives_at(METHODS).await;
    browser.press("Authenticatorを設定").await;
    let mut app = browser.add_app("iphone17").await;
    walk.arrive("methods-apps", METHODS).await;
    browser.press("確認・発行").await;
    walk.arrive("recovery-codes", "リカバリーコード").await;
    browser.press("リカバリーコードを発行する").await;
    browser.sees("もう一度表示することはできません。").await;
    walk.look("recovery-codes-shown").await;
    walk.visit("sessions", &path("sessions"), "ログイン中の端末").await;
    browser.goto(&path("sign-in-methods")).await;
    browser.ask_to_delete("長い名前をつけた仕事用のスマートフォンiphone17").await;
    walk.look("delete-app").await;

    demo.let_proofs_age().await;
    browser.press("戻る").await;
    browser.arrives_at(METHODS).await;
    browser.press("更新").await;
    let taro = Person { user_id: "taro.kaiun".to_owned(), ..taro };
    browser.give_password_again(&taro).await;
    walk.arrive("again-totp", TOTP_CODE).await;
    browser.choose("iphone17").await;
    browser.fill("ワンタイムパスワード", "000000").await;
    let wrong = "ワンタイムパスワードが正しくありません";
    walk.be_refused("again-totp", "トップページへ", wrong).await;
    demo.let_codes_age().await;
    browser.fill("ワンタイムパスワード", &app.code()).await;
    browser.press("トップページへ").await;
    browser.arrives_at("パスワードの更新").await;
    demo.stop();
}

/// S2–S5, for a person with passkeys.
#[tokio::test]
async fn every_page_of_a_passkey_among_the_settings_fits_a_phone_and_a_desk() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let walk = Walk::new(&browser);
    let meguru = demo.person("meguru_haguruma");
    browser.sign_in(&mut demo, &meguru).await;
    browser.add_authenticator().await;

    browser.choose_in_menu(PROFILE).await;
    browser.change_method(PASSKEY).await;
    walk.arrive("another-passkey", PASSKEY_SET_UP).await;
    browser.press("登録").await;
    browser.fill("パスキーの名前", "").await;
    walk.be_refused("another-passkey", "次へ", "パスキーの名前を入力してください。").await;
    browser.fill("パスキーの名前", "会社のPC").await;
    browser.press("次へ").await;
    browser.arrives_at_methods_with(PASSKEY).await;
    walk.look("methods-passkey").await;
    browser.press("設定").await;
    browser.arrives_at(PASSKEY_SET_UP).await;
    browser.press("登録").await;
    browser.sees("この端末のパスキーは、すでに登録されています。").await;
    walk.look("another-passkey-known").await;
    browser.press("戻る").await;
    browser.arrives_at(METHODS).await;
    browser.ask_to_delete("会社のPC").await;
    walk.look("delete-passkey").await;

    demo.let_proofs_age().await;
    browser.choose_in_menu(PROFILE).await;
    walk.arrive("again-passkey", AGAIN).await;
    browser.press("次へ").await;
    browser.arrives_at(PROFILE).await;
    demo.stop();
}
