//! An operator helps people on their way in, with the real program.

use std::os::unix::fs::PermissionsExt as _;

use super::said;
use crate::support::first_sign_in::Answers;
use crate::support::people::{NANA, Person, SABURO};
use crate::support::world::World;

#[tokio::test]
async fn t9_letters_are_random_private_and_kill_the_ones_before() {
    let world = World::new().await;
    let out = world.write("letters.csv", "");
    let path = out.to_str().unwrap();
    let ask = ["letters", "issue", "--tenant", "nideckenpo", "--member", "N1", "--out", path];
    let issue = [&ask[..], &["--yes"]].concat();
    let unconfirmed = world.kosmo(&ask);
    assert_eq!(unconfirmed.status.code(), Some(2), "her letter lives: {}", said(&unconfirmed));
    assert!(said(&unconfirmed).contains("使えなくなります"), "{}", said(&unconfirmed));
    let refused = world.kosmo(&issue);
    assert!(!refused.status.success(), "an older file is never overwritten: {}", said(&refused));
    std::fs::remove_file(&out).unwrap();
    let thief = Answers::of(NANA, "19990909");
    let mut browser = world.begin(thief).await;
    world.walk_to(&mut browser, thief, "/sign-in/new-password").await;
    let issued = world.kosmo(&issue);
    assert!(issued.status.success(), "{}", said(&issued));
    assert!(said(&issued).contains("1人分"));
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&out).unwrap();
    assert_eq!(text.matches("\r\n").count(), text.lines().count(), "Excel's line ends: {text}");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("\u{feff}個人コード,氏名,仮ユーザID,仮パスワード,有効期限"));
    let fields: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(fields[..3], ["N1", "歯車　七", "kari-n7"], "she keeps her ID");
    let dead = world.give_password(&mut world.browser("nideckenpo"), NANA).await;
    assert!(dead.shows("無効なユーザIDまたはパスワードです。"), "the older letter");
    let password: &'static str = fields[3].to_owned().leak();
    let reissued = Person { password, ..NANA };
    let newer = world.give_password(&mut world.browser("nideckenpo"), reissued).await;
    assert_eq!(newer.location(), "/first-sign-in/birthdate", "from the first step on");
    let plain = "select count(*) from logins l join subscribers s on s.login_id = l.id
                 where initial_password_hash like '$argon2id$%' and user_id = 'kari-n7'";
    assert_eq!(world.count(plain).await, 1);

    // A person with the older letter loses everything that they had begun with it.
    let began = "select count(*) from sessions where ended_at is null
                 and login_id = (select id from logins where user_id = 'kari-n7')";
    assert_eq!(world.count(began).await, 1);
    std::fs::remove_file(&out).unwrap();
    assert!(world.kosmo(&issue).status.success());
    assert_eq!(world.count(began).await, 0);

    for (tenant, member, told) in [
        ("nideckenpo", "N999", "個人コード「N999」の人はいません"),
        ("jrckenpo", "R1", "個人コード「R1」の人は登録済みです"),
        ("kddikenpo", "D1", "first_sign_in.letter がありません"),
    ] {
        std::fs::remove_file(&out).ok();
        let output = world
            .kosmo(&["letters", "issue", "--tenant", tenant, "--member", member, "--out", path]);
        assert!(!output.status.success() && said(&output).contains(told), "{}", said(&output));
        assert!(!out.exists(), "no half file is left");
    }
    world.sign_in(SABURO).await;
}

#[tokio::test]
async fn t9_newcomers_without_an_id_get_their_letters_at_once() {
    let world = World::new().await;
    let rows = [
        "K8,K8,06139927,101,88,00,海　八,ウミ　ハチ,1988-08-08,本人,2026-04-01,,,,",
        "K9,K9,06139927,101,99,00,海　九,ウミ　キュウ,1999-09-09,本人,2026-04-01,,,,",
    ];
    let file = crate::support::people::file(crate::support::people::MEMBER_HEADINGS, &rows);
    world.import_members("klinekenpo", &file).await.unwrap();
    let out = world.write("x", "").with_file_name("newcomers.csv");
    let path = out.to_str().unwrap();
    let output = world.kosmo(&["letters", "issue", "--tenant", "klinekenpo", "--out", path]);
    assert!(said(&output).contains("2人分"), "not to family members: {}", said(&output));
    let text = std::fs::read_to_string(&out).unwrap();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let user_id: &'static str = fields[2].to_owned().leak();
        let password: &'static str = fields[3].to_owned().leak();
        let person = Person { union: "klinekenpo", user_id, password, email: "" };
        let answer = world.give_password(&mut world.browser("klinekenpo"), person).await;
        assert_eq!(answer.location(), "/first-sign-in/birthdate", "{line}");
    }
}

#[tokio::test]
async fn f3_terms_are_published_for_a_day_to_come() {
    let world = World::new().await;
    let file = world.write("terms.txt", "## 第1条\n\n新しい規約\n");
    let path = file.to_str().unwrap();
    let publish = |whose: &[&str], from: &str, path: &str| {
        let arguments = [&["terms", "publish"], whose, &["--from", from, path]].concat();
        world.kosmo(&arguments)
    };
    let kline = &["--tenant", "klinekenpo"];
    let done = publish(kline, "2099-01-01", path);
    assert!(done.status.success(), "{}", said(&done));
    let again = publish(kline, "2099-01-01", path);
    assert!(said(&again).contains("2099-01-01 施行の版はすでにあります"), "{}", said(&again));
    assert!(publish(&["--platform"], "2099-01-01", path).status.success());
    let late = publish(kline, "2020-01-01", path);
    assert!(said(&late).contains("2020-01-01 は過ぎています"), "{}", said(&late));
    let empty = world.write("empty.txt", " \n");
    let nothing = publish(kline, "2099-01-02", empty.to_str().unwrap());
    assert!(said(&nothing).contains("本文がありません"), "{}", said(&nothing));
    assert_eq!(publish(&[], "2099-01-03", path).status.code(), Some(2), "whose terms?");
    let list = said(&world.kosmo(&["terms", "list"]));
    assert!(
        list.contains("2099-01-01  klinekenpo") && list.contains("2025-09-30  （共通）"),
        "{list}"
    );
}

#[tokio::test]
async fn f3_terms_written_on_windows_are_previewed_and_read_as_they_were_meant() {
    let world = World::new().await;
    let text =
        "## 第1条 見出し\r\n\r\n本文一。\r\n\r\n## 第2条 次の見出し\r\n本文二。<b>太字</b>\r\n";
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    let with_bom = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for (name, bytes) in
        [("crlf.txt", text.as_bytes()), ("cp932.txt", &cp932), ("bom.txt", &with_bom)]
    {
        let path = world.write(name, bytes);
        let html = path.with_extension("html");
        let arguments =
            ["terms", "preview", path.to_str().unwrap(), "--html", html.to_str().unwrap()];
        let output = world.kosmo(&arguments);
        assert!(output.status.success(), "{}", said(&output));
        let told = said(&output);
        let expected = "■ 第1条 見出し\n\n本文一。\n\n■ 第2条 次の見出し\n\n本文二。<b>太字</b>\n";
        assert!(told.starts_with(expected), "{name}: {told}");
        assert!(told.contains("見出し 2、段落 2、箇条書き 0"), "{name}: {told}");
        let page = std::fs::read_to_string(&html).unwrap();
        assert!(page.contains("<h2>第2条 次の見出し</h2>\n<p>本文二。&lt;b&gt;"), "{name}: {page}");
        assert!(page.contains(".terms {") && !page.contains("<link"), "it looks the same anywhere");
        assert!(!world.kosmo(&arguments).status.success(), "an older file is never overwritten");
    }
    assert_eq!(world.count("select count(*) from tenant_terms").await, 0);

    let path = world.write("crlf.txt", &cp932);
    let publish = ["terms", "publish", "--tenant", "jrckenpo", "--from", "2099-01-01"];
    let published = world.kosmo(&[&publish[..], &[path.to_str().unwrap()]].concat());
    assert!(said(&published).contains("見出し 2、段落 2"), "{}", said(&published));
    world.execute("update tenant_terms set effective_at = '2026-11-20'").await;
    world.app.directory.refresh(&world.app.db).await.unwrap();
    let mut browser = world.browser("jrckenpo");
    let page = world.give_password(&mut browser, SABURO).await;
    let page = browser.follow(page).await;
    assert!(page.heading().contains("利用規約"), "{}", page.text());
    for part in [
        "<h2>第1条 見出し</h2>",
        "<p>本文一。</p>",
        "<h2>第2条 次の見出し</h2>",
        "<p>本文二。&lt;b&gt;太字&lt;/b&gt;</p>",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    let json = world.kosmo(&["terms", "preview", "--json", path.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json["headings"].as_i64(), json["paragraphs"].as_i64()), (Some(2), Some(2)));
    assert!(json["text"].as_str().unwrap().starts_with("■ 第1条 見出し"), "{json}");
    let broken = world.write("broken.txt", b"\xff\xff");
    let output = world.kosmo(&["terms", "preview", broken.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[tokio::test]
async fn l2_a_locked_person_is_unlocked_by_command() {
    let world = World::new().await;
    let lock = "update logins set locked_at = now() where user_id = 'saburo76'";
    sqlx::query(lock).execute(&mut world.database.admin().await).await.unwrap();
    let refused = world.give_password(&mut world.browser("jrckenpo"), SABURO).await;
    assert!(refused.shows("無効なユーザーIDまたはパスワードです。"));
    let unlock = |user_id| world.kosmo(&["members", "unlock", "--tenant", "jrckenpo", user_id]);
    assert!(said(&unlock("SABURO76")).contains("ロックを解除しました"));
    assert!(said(&unlock("saburo76")).contains("ロックされていません"));
    assert!(!unlock("nobody").status.success());
    world.sign_in(SABURO).await;
    let lines = "select count(*) from audit_events where action = 'account.unlocked'";
    assert_eq!(world.count(lines).await, 1);
}
