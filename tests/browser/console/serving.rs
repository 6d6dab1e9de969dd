//! A staff member from the invitation to the first person served, and what the trail tells of it.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::steps::first_sign_in::{CODE, TOTP};
use crate::support::steps::settings::{METHODS, PROFILE, TOTP_SET_UP};
use crate::support::steps::staff::{HOME, PERSON};
use crate::support::walk::Walk;

const GORO: &str = "goro.henshu@klinekenpo.example.jp";
const PASSWORD: &str = "Tegami-to-denwa-26";
const PASSKEY_SET_UP: &str = "セキュリティキーの登録";

/// Makes it long ago that Taro gave his address, so that nothing about him is risky.
async fn let_the_address_age(demo: &Demo) {
    let age = "update logins set email_confirmed_at = now() - interval '1 year'
               where realm = 'subscriber' and user_id = 'taro_demo'";
    sqlx::query(age).execute(&mut demo.database().await).await.expect(age);
}

/// A1, A2, A3, A8, R4
#[tokio::test]
async fn a1_to_a3_r4_an_invited_editor_resets_taros_factors_and_he_registers_anew() {
    let mut demo = Demo::start();
    let mut taro = demo.person("taro_demo");
    let home = Browser::open().await;
    home.sign_in(&mut demo, &taro).await;
    home.choose_in_menu(PROFILE).await;
    home.change_method(TOTP).await;
    home.arrives_at(TOTP_SET_UP).await;
    home.add_app("なくす端末").await;
    home.arrives_at(METHODS).await;
    let_the_address_age(&demo).await;
    let hanako = demo.staff("klinekenpo", "admin");
    let ichiro = demo.someone_else(&hanako);

    // Hanako invites Goro, and Ichiro approves.
    let browser = Browser::open().await;
    browser.sign_in_staff(&demo, &hanako).await;
    browser.goto(&hanako.path("staff/invite")).await;
    browser.prove_staff_again_if_asked(&demo, &hanako).await;
    browser.arrives_at("職員を招待しますか？").await;
    browser.fill("氏名", "編集 五郎").await;
    browser.fill("メールアドレス", GORO).await;
    browser.choose("編集").await;
    browser.fill("理由", "窓口の担当が増えるため").await;
    browser.press("招待の承認を申請する").await;
    browser.sees("承認").await;

    let approver = Browser::open().await;
    approver.sign_in_staff(&demo, &ichiro).await;
    approver.press("承認待ち").await;
    approver.arrives_at("承認").await;
    approver.press("職員の招待").await;
    approver.prove_staff_again_if_asked(&demo, &ichiro).await;
    approver.sees("編集 五郎").await;
    approver.press("承認して実行する").await;
    approver.sees("実行済み").await;

    // Goro opens the mailed link, and sets up a passkey.
    let mail = demo.next_mail(GORO, "【KOSMOWeb】管理画面への招待");
    let mut words = mail.text.split_whitespace();
    let link = words.find(|word| word.contains("/invitation?token=")).expect("a link").to_owned();
    let goro = Browser::open().await;
    let walk = Walk::new(&goro);
    walk.visit("console-invitation", &link, "職員の登録").await;
    goro.fill("ユーザID", "henshu_goro").await;
    goro.fill("パスワード", PASSWORD).await;
    goro.fill("パスワード確認用", PASSWORD).await;
    goro.choose("生体認証").await;
    goro.press("登録して二要素認証の設定へ").await;
    goro.arrives_at(PASSKEY_SET_UP).await;
    goro.add_authenticator().await;
    goro.press("登録").await;
    goro.fill("パスキーの名前", "事務所のPC").await;
    goro.press("次へ").await;
    walk.arrive("console-home", HOME).await;

    // Taro calls. Goro finds him, checks who is calling, and resets his second factors.
    goro.search("101-1").await;
    goro.sees("記号-番号 101-1 として検索").await;
    walk.look("console-search-found").await;
    goro.press("テスト　太郎").await;
    walk.arrive("console-person", PERSON).await;
    goro.press("認証方法を初期化する（初期化対応）").await;
    goro.arrives_at("認証方法を初期化しますか？").await;
    goro.press("問い合わせ者の本人確認").await;
    walk.arrive("console-caller", "問い合わせ者の本人確認").await;
    goro.fill("氏名", "ﾃｽﾄ ﾀﾛｳ").await;
    goro.fill("記号", "101").await;
    goro.fill("番号", "1").await;
    goro.fill("生年月日", "昭和59年5月12日").await;
    goro.choose("枝番").await;
    goro.fill("その答え", "00").await;
    goro.press("確認する").await;
    goro.sees("すべての項目が一致しました。").await;
    walk.look("console-caller-passed").await;
    goro.press("加入者のページへ戻る").await;
    goro.arrives_at(PERSON).await;
    goro.press("認証方法を初期化する（初期化対応）").await;
    walk.arrive("console-reset", "認証方法を初期化しますか？").await;
    goro.fill("理由", "電話で本人から依頼").await;
    goro.press("初期化する").await;
    walk.arrive("console-person-reset", PERSON).await;

    // Taro is told, and registers anew.
    let told = demo.next_mail(taro.address(), "【KOSMOWeb】認証方法の初期化のお知らせ");
    assert!(told.text.contains("/not-me?token="), "{told:?}");
    home.goto(&format!("{}expenses", taro.url)).await;
    home.arrives_at("ログイン").await;
    home.give_password(&taro).await;
    home.arrives_at(CODE).await;
    taro.email = Some("taro.test@example.jp".to_owned());
    home.fill("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    home.press("実行").await;
    home.arrives_at(TOTP_SET_UP).await;
    home.add_app("新しい端末").await;
    home.sees("医療費情報").await;

    // The trail tells it in sentences, and Taro sees who looked at his data.
    browser.goto(&hanako.path("trail")).await;
    browser.arrives_at("操作履歴").await;
    let text = browser.text().await;
    for told in
        ["編集 五郎さん", "認証方法を初期化しました", "ページを開きました", "加入者を検索しました"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    Walk::new(&browser).look("console-trail").await;
    home.goto(&format!("{}who-looked", taro.url)).await;
    home.arrives_at("職員による閲覧").await;
    home.sees("編集").await;
    Walk::new(&home).look("who-looked").await;
    demo.stop();
}
