//! The mails.

use super::tenant;
use crate::mail::message::{
    AccountChangedMail, EmailCodeMail, EmailConfirmationMail, FactorsResetMail, FirstSignInMail,
    MailRoom, NewBrowserMail, PasswordResetMail, UserIdMail, WelcomeMail,
};
use crate::tenant::file::{EXAMPLE, parse};
use crate::web::assets::TemplateFiles;
use crate::web::page::Pages;

#[test]
fn every_mail_can_be_filled_in() {
    let pages = Pages::load().unwrap();
    let room = MailRoom::new(pages.templates(), "kosmo-web.jp".to_owned());
    let union = tenant(parse(EXAMPLE).unwrap());
    let mail = EmailCodeMail { code: "012345".to_owned(), minutes: 10 };
    let letter = room.write(&union, &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb】ワンタイムパスワードのお知らせ");
    assert_eq!(letter.sender, "no-reply@kosmo-web.jp");
    assert_eq!(letter.sender_name, "サンプル健康保険組合");
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("012345") && part.contains("10分"), "{part}");
    }
    let url = "http://example.localhost:8080/confirm-email?token=x".to_owned();
    let mail = EmailConfirmationMail { url: url.clone(), minutes: 30, changes: false };
    let letter = room.write(&union, &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb管理者】メールアドレスの確認");
    assert!(letter.text.contains(&url) && letter.html.contains(&format!("href=\"{url}\"")), "F6");
    assert!(letter.text.contains("このリンクの有効時間は30分です。"), "F6");
    assert!(letter.text.contains("アカウントが作成されました"), "F6");
    let mail = EmailConfirmationMail { changes: true, ..mail };
    let letter = room.write(&union, &mail).unwrap();
    assert!(!letter.text.contains("アカウントが作成されました"), "S6");
    let origin = || union.origin.clone();
    let mail = FirstSignInMail { at: "2026年11月21日 10:00".into(), origin: origin() };
    let letter = room.write(&union, &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb】初回ログインのお知らせ");
    assert_eq!(letter.sender, "webmaster@kosmo-web.jp", "F11");
    let letter = room.write(&union, &WelcomeMail { user_id: "taro76".into(), origin: origin() });
    let letter = letter.unwrap();
    assert_eq!(letter.subject, "KOSMO Communication Web へようこそ", "G4");
    assert_eq!(letter.sender, "webmaster@kosmo-web.jp", "G4");
    assert!(letter.text.contains("taro76") && letter.html.contains("taro76"), "G4");
    let mail = AccountChangedMail {
        what: "パスワードの変更", at: "今日".into(), origin: origin()
    };
    let letter = room.write(&union, &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb】ご登録内容変更のお知らせ", "S6");
    assert!(letter.text.contains(mail.what) && letter.html.contains(mail.what));
    let mail = NewBrowserMail {
        at: "今日".into(),
        device: "Chrome（Windows）".into(),
        address: Some("192.0.2.1".into()),
        origin: origin(),
    };
    let letter = room.write(&union, &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb】新しい端末からのログインのお知らせ", "S9");
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("Chrome（Windows）") && part.contains("192.0.2.1"), "S9: {part}");
    }
    let url = "http://example.localhost:8080/reset-password?token=x".to_owned();
    let letter = room.write(&union, &PasswordResetMail { url: url.clone(), minutes: 5 }).unwrap();
    assert!(letter.text.contains(&url) && letter.text.contains("5分"), "R1");
    let mail = UserIdMail { user_id: "taro76".into(), origin: origin() };
    assert!(room.write(&union, &mail).unwrap().text.contains("taro76"), "R2");
    let mail = FactorsResetMail { at: "今日".into(), origin: origin() };
    let letter = room.write(&union, &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb】認証方法の初期化のお知らせ", "R4");
    let files = TemplateFiles::iter().filter(|path| path.starts_with("mail/")).count();
    assert_eq!(files, 9 * 3, "each mail has a subject, a text and an HTML part");
}
