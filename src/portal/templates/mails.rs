//! The mails.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::gallery::tenant;
use crate::app::mail_room;
use crate::base::clock::Clock;
use crate::config::Settings;
use crate::mail::message::RenderedMail;
use crate::mail::samples;
use crate::portal::places;
use crate::tenant::directory::Tenant;
use crate::tenant::file::{EXAMPLE, parse};
use crate::web::assets::TemplateFiles;
use crate::web::page::Pages;

fn mails(union: &Tenant) -> BTreeMap<&'static str, RenderedMail> {
    let pages = Pages::load(places::of_service).unwrap();
    let room = mail_room(&pages, &Settings::default());
    let clock = Clock::test("2026-11-21T01:00:00Z".parse().unwrap());
    samples::all(&room, union, &clock).unwrap().into_iter().collect()
}

/// A union with every way to reach it, and one that can only be called.
fn unions() -> [Tenant; 2] {
    let full = parse(EXAMPLE).unwrap();
    let mut bare = full.clone();
    bare.contact.mail = None;
    bare.contact.form_url = None;
    bare.contact.hours = None;
    bare.contact.subject = None;
    bare.contact.note = None;
    bare.contact.required_items.clear();
    [tenant(full), tenant(bare)]
}

#[test]
fn every_mail_can_be_filled_in() {
    let files: BTreeSet<String> = TemplateFiles::iter()
        .filter_map(|path| path.strip_prefix("mail/").map(str::to_owned))
        .collect();
    for union in unions() {
        let mails = mails(&union);
        let kinds: BTreeSet<&str> = mails.values().map(|mail| mail.kind.as_str()).collect();
        let expected: BTreeSet<String> = kinds
            .iter()
            .flat_map(|kind| {
                ["subject.txt", "text.txt", "page.html"].map(|part| format!("{kind}/{part}"))
            })
            .collect();
        assert_eq!(
            files, expected,
            "each mail has a subject, a text and an HTML part, and a sample"
        );
        for (name, mail) in mails {
            assert_eq!(mail.sender_name, "サンプル健康保険組合", "M1");
            assert_eq!(mail.reply_to, union.config.contact.mail);
            assert!(mail.html.contains(&format!("<title>{}</title>", mail.subject)), "{name}");
            for part in [&mail.text, &mail.html] {
                assert!(part.contains(&union.config.contact.text), "{name}: {part}");
                assert_eq!(part.contains("kenpo@example.jp"), mail.reply_to.is_some(), "{name}");
                assert_eq!(part.contains("送信専用"), mail.reply_to.is_none(), "{name}");
                assert!(part.contains("電話：") && part.contains("03-0000-0000"), "{name}: {part}");
                let hours = union.config.contact.hours.is_some();
                assert_eq!(part.contains("受付時間：平日9時～17時"), hours, "{name}: {part}");
            }
        }
    }
}

#[test]
fn m1_mails_say_and_come_from_what_was_promised() {
    let [union, _] = unions();
    let mails = mails(&union);
    let (no_reply, webmaster) = ("no-reply@kosmo-web.jp", "webmaster@kosmo-web.jp");
    for (name, sender, subject, words) in [
        ("email_code", no_reply, "【KOSMOWeb】ワンタイムパスワードのお知らせ", "012345"),
        (
            "email_confirmation",
            no_reply,
            "【KOSMOWeb管理者】メールアドレスの確認",
            "アカウントが作成されました",
        ),
        (
            "email_confirmation_changed",
            no_reply,
            "【KOSMOWeb管理者】メールアドレスの確認",
            "変更する手続き",
        ),
        ("first_sign_in", webmaster, "【KOSMOWeb】初回ログインのお知らせ", "2026年11月21日 10:00"),
        ("welcome", webmaster, "KOSMO Communication Web へようこそ", "taro2026"),
        ("account_changed", no_reply, "【KOSMOWeb】ご登録内容変更のお知らせ", "パスワードの変更"),
        (
            "new_browser",
            no_reply,
            "【KOSMOWeb】新しい端末からのログインのお知らせ",
            "Chrome（Windows）",
        ),
        (
            "password_reset",
            no_reply,
            "【KOSMOWeb】パスワードリセットのご案内",
            "このリンクの有効時間は5分です。",
        ),
        ("user_id", no_reply, "【KOSMOWeb】ユーザIDのご案内", "taro2026"),
        (
            "factors_reset",
            no_reply,
            "【KOSMOWeb】認証方法の初期化のお知らせ",
            "次回ログイン時に、認証方法をもう一度登録してください。",
        ),
    ] {
        let mail = &mails[name];
        assert_eq!((mail.sender.as_str(), mail.subject.as_str()), (sender, subject), "{name}");
        for part in [&mail.text, &mail.html] {
            assert!(part.contains(words), "{name}: {part}");
        }
    }
    assert!(!mails["email_confirmation_changed"].text.contains("アカウントが作成"), "S6");
    assert!(mails["email_confirmation"].text.contains("このリンクの有効時間は30分です。"), "F6");
    assert!(mails["email_code"].text.contains("10分"), "L3");
    assert!(mails["new_browser"].html.contains("192.0.2.1"), "S9");
}

#[test]
fn links_stand_in_both_parts_and_lead_to_the_union() {
    let [union, _] = unions();
    let mails = mails(&union);
    for (name, path, label) in [
        ("email_confirmation", "confirm-email", "メールアドレスの確認"),
        ("password_reset", "reset-password", "パスワードをリセット"),
        ("account_changed_by_staff", "not-me", "心当たりがない"),
        ("factors_reset_by_staff", "not-me", "心当たりがない"),
    ] {
        let mail = &mails[name];
        let url = format!("{}/{path}?token=SAMPLE", union.origin);
        assert!(mail.text.contains(&format!("{label}\n{url}\n")), "{}", mail.text);
        let link = format!("<a class=\"button\" href=\"{url}\">{label}</a>");
        assert!(mail.html.contains(&link), "{}", mail.html);
    }
}

#[test]
fn m4_no_mail_tells_of_anybodys_health() {
    let [union, _] = unions();
    for (name, mail) in mails(&union) {
        // The service's name is all that an update mail says about health (M1).
        let text = mail.text.replace("医療費情報", "");
        let html = mail.html.replace("医療費情報", "");
        for word in ["医療", "診療", "薬", "健診", "病", "給付", "円"] {
            assert!(!text.contains(word) && !html.contains(word), "{name}: {word}");
        }
    }
}
