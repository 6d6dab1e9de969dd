//! jrckenpo's older way of signing up: two forms, and the password only.

use crate::support::browser::Browser;
use crate::support::demo::{Demo, Person};

const REFUSED: &str = "無効なユーザーIDまたはパスワードです。";
const PASSWORD: &str = "Kiri8no8oto";

/// G1–G4, T4, T9: Kirie has a letter.
#[tokio::test]
async fn g1_to_g4_kirie_of_jrckenpo_registers_with_a_letter() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let letter = demo.someone("jrckenpo", "letter");
    let mut kirie = letter.clone();
    browser.give_password(&kirie).await;
    prove_identity(&browser, &kirie).await;
    type_details(&browser, &kirie).await;
    confirm(&browser, &kirie).await;

    browser.arrives_at("登録が完了しました").await;
    browser.sees("kirie1970").await;
    browser.press("メニューへ").await;
    browser.arrives_at("ようこそ、濵田　霧江 さん").await;
    let welcome = demo.next_mail(kirie.address(), "KOSMO Communication Web へようこそ");
    assert!(welcome.from.starts_with("webmaster@"), "G4: {welcome:?}");
    assert!(welcome.text.contains("kirie1970"), "G4: {welcome:?}");
    assert!(!welcome.text.contains(PASSWORD), "{welcome:?}");

    browser.sign_out().await;
    browser.give_password(&letter).await;
    browser.sees(REFUSED).await;
    kirie.user_id = "kirie1970".to_owned();
    kirie.password = PASSWORD.to_owned();
    browser.give_password(&kirie).await;
    browser.arrives_at("ようこそ、濵田　霧江 さん").await;
    assert_eq!(demo.codes_to(&kirie), 0, "T4: no code is mailed");
    demo.stop();
}

/// G1, with mistakes.
async fn prove_identity(browser: &Browser, kirie: &Person) {
    browser.arrives_at("本人確認").await;
    browser.sees("全3ステップ中1").await;
    browser.goto(&format!("{}expenses", kirie.url)).await;
    browser.arrives_at("本人確認").await;
    browser.fill("保険者番号", "0613995").await;
    browser.fill("生年月日", "昭和45年1月31日").await;
    browser.press("確認").await;
    browser.explains("保険者番号は数字8桁で入力してください。").await;
    browser.explains("利用規約をご確認のうえ、「同意する」をチェックしてください。").await;
    assert_eq!(browser.typed("生年月日").await, "昭和45年1月31日", "what was typed stays");
    browser.fill("保険者番号", "06139919").await;
    browser.choose("同意する").await;
    browser.press("確認").await;
    browser.sees("保険者番号または生年月日が正しくありません。").await;
    browser.fill("保険者番号", &kirie.insurer_number).await;
    browser.press("確認").await;
}

/// G2, with mistakes.
async fn type_details(browser: &Browser, kirie: &Person) {
    browser.arrives_at("個人情報入力画面").await;
    browser.sees("全3ステップ中2").await;
    assert_eq!(browser.typed("メールアドレス").await, kirie.address());
    assert!(is_chosen(browser, "必要").await);
    browser.fill("ユーザーID", "kirie").await;
    browser.fill("パスワード", PASSWORD).await;
    browser.fill("パスワード確認用", "Kiri8no8oko").await;
    browser.choose("不要").await;
    browser.press("入力内容確認").await;
    browser.explains("ユーザーIDは8文字以上、13文字以内で入力してください。").await;
    browser.explains("パスワードが一致していません。同じものを入力してください。").await;
    browser.fill("ユーザーID", "Kirie1970").await;
    browser.fill("パスワード", PASSWORD).await;
    browser.fill("パスワード確認用", PASSWORD).await;
    browser.press("入力内容確認").await;
}

/// G3: 「戻る」 loses nothing, and asks for no password again.
async fn confirm(browser: &Browser, kirie: &Person) {
    for looks_again in [true, false] {
        browser.arrives_at("入力確認画面").await;
        browser.sees("全3ステップ中3").await;
        let text = browser.text().await;
        for typed in ["kirie1970", "●●●●●●●●", kirie.address(), "不要"] {
            assert!(text.contains(typed), "G3: {typed}: {text}");
        }
        assert!(!text.contains(PASSWORD), "G3: dots: {text}");
        if looks_again {
            browser.press("戻る").await;
            browser.arrives_at("個人情報入力画面").await;
            assert_eq!(browser.typed("ユーザーID").await, "kirie1970", "G3");
            assert_eq!(browser.typed("メールアドレス").await, kirie.address(), "G3");
            assert_eq!(browser.typed("パスワード").await, "", "a password is never sent back");
            assert!(is_chosen(browser, "不要").await, "G3");
            browser.sees("入力済みです。変更する場合のみ入力してください。").await;
            browser.press("入力内容確認").await;
        }
    }
    browser.press("実行").await;
}

async fn is_chosen(browser: &Browser, label: &str) -> bool {
    browser.field(label).await.is_selected().await.expect(label)
}

/// T4: jrckenpo asks for the password only.
#[tokio::test]
async fn t4_the_password_alone_signs_jrckenpos_people_in() {
    let demo = Demo::start();
    let browser = Browser::open().await;
    let kai = demo.someone("jrckenpo", "registered");
    browser.give_password(&kai).await;
    browser.arrives_at("ようこそ、無線　海 さん").await;
    assert_eq!(demo.codes_to(&kai), 0, "T4: no code is mailed");
    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    demo.stop();
}
