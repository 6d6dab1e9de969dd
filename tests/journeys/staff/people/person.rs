//! A person's page: who they are, what went to them, and who looked.

use axum::http::StatusCode;

use super::REFUSED;
use crate::support::people::{MEMBER_HEADINGS, TARO, file};
use crate::support::world::World;

#[tokio::test]
async fn a3_the_page_says_who_it_is_and_where_they_are_signed_in() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    world
        .execute(
            "insert into devices (tenant_id, realm, id, login_id, kind, name, created_at, secret, key_id, last_step)
             select tenant_id, realm, gen_random_uuid(), id, 'totp', '<b>仕事用</b>', '2026-11-01', '\\x00', 'k', 1
             from logins where email = 'taro@example.jp'",
        )
        .await;
    let mut editor = world.staff_browser("klinekenpo", &["editor"], &[]).await;
    let page = editor.get("/people/K1").await;
    assert_eq!((page.status, page.heading()), (StatusCode::OK, "加入者の状況"));
    for shown in [
        "テスト 太郎",
        "テスト タロウ",
        "101-11-00",
        "1979年8月22日（昭和54年8月22日）",
        "2010年4月1日",
        "taro_k",
        "t***@example.jp（確認済み）",
        "<b>仕事用</b>",
        "認証アプリ",
        "ワンタイムパスワード（OTP）メール認証",
        "ログインできます。",
        "不明な端末",
    ] {
        assert!(page.shows(shown), "{shown}: {}", page.text());
    }
    assert!(!page.body.contains("taro@example.jp") && !page.body.contains("<b>仕事用"));
    assert!(page.body.contains("href=\"/people/K2\""), "the household");
    assert!(!page.shows("いまログインしている端末はありません。"));
    for act in ["caller", "reset", "user-id", "sessions", "hold"] {
        assert!(page.body.contains(&format!("href=\"/people/K1/{act}\"")), "{act}");
    }
    for act in ["unlock", "letter", "release", "medical"] {
        assert!(!page.body.contains(&format!("href=\"/people/K1/{act}\"")), "{act}");
    }
    assert!(page.shows("ご本人がログインを完了しました。"), "{}", page.text());
    assert!(page.body.contains("action=\"/search\""), "the next call");
}

/// Case 10: neither a figure nor the name of a clinic stands on the page without the extra right.
#[tokio::test]
async fn case10_nothing_medical_stands_on_a_persons_page() {
    let world = World::new().await;
    let mut admin = world.staff_browser("klinekenpo", &["admin"], &["medical"]).await;
    for code in ["K1", "K2", "K3"] {
        let page = admin.get(&format!("/people/{code}")).await;
        assert_eq!(page.status, StatusCode::OK);
        for medical in ["クリニック", "歯科", "薬局", "1,500", "3,420", "233,331"] {
            assert!(!page.shows(medical), "{code} {medical}: {}", page.text());
        }
        assert!(page.body.contains(&format!("href=\"/people/{code}/medical\"")));
    }
}

#[tokio::test]
async fn a3_each_look_is_a_line_with_the_member_and_the_login() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    viewer.get("/people/K1").await;
    viewer.get("/people/K1").await;
    let page = viewer.get("/people/K2").await;
    assert!(page.shows("アカウントはありません。"), "a person without a login: {}", page.text());
    assert!(page.shows("ログインできません。まだアカウントがないためです。"));
    let of_taro = "select count(*) from audit_events e join subscribers s on s.login_id = e.subject_login
                   where e.action = 'person.view' and e.subject_member = 'K1' and s.member_code = 'K1'
                     and e.actor_kind = 'staff' and e.actor_roles = '{viewer}'";
    assert_eq!(world.count(of_taro).await, 2);
    let of_hanako = "select count(*) from audit_events
                     where action = 'person.view' and subject_member = 'K2' and subject_login is null";
    assert_eq!(world.count(of_hanako).await, 1);
    assert!(page.shows("管理 花子さん（閲覧）がページを開きました。"), "{}", page.text());

    world.execute("revoke insert on audit_events from kosmo_server").await;
    let page = viewer.get("/people/K1").await;
    assert!(page.status.is_server_error() && !page.shows("太郎"), "no line, no look");
}

/// Case 1: another union's person is nobody, and so is nobody.
#[tokio::test]
async fn case01_another_unions_person_is_the_same_page_as_nobody() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &["medical"]).await;
    let nobody = viewer.get("/people/NOBODY").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    let long = format!("/people/{}", "K".repeat(3000));
    for path in ["/people/J1", "/people/R1", "/people/k1", "/people/%00", "/people/K1%0A", &long] {
        let page = viewer.get(path).await;
        assert_eq!((page.status, &page.body), (StatusCode::NOT_FOUND, &nobody.body), "{path:.30}");
        let page = viewer.get(&format!("{path}/medical")).await;
        assert_eq!((page.status, &page.body), (StatusCode::NOT_FOUND, &nobody.body), "{path:.30}");
    }
    let own = viewer.get("/people/K1/medical").await;
    assert_eq!(own.status, StatusCode::OK);
    let given = [("purpose", "audit"), ("reason", "確認"), ("period", "2026-10")];
    let page = viewer.post("/people/J1/medical", &given).await;
    assert_eq!((page.status, &page.body), (StatusCode::NOT_FOUND, &nobody.body));
    let views = "select count(*) from audit_events
                 where action in ('person.view', 'medical.view') and subject_member <> 'K1'";
    assert_eq!(world.count(views).await, 0);
}

#[tokio::test]
async fn a3_an_auditor_is_refused_whether_the_person_exists_or_not() {
    let world = World::new().await;
    let mut auditor = world.staff_browser("klinekenpo", &["auditor"], &[]).await;
    let known = auditor.get("/people/K1").await;
    assert_eq!((known.status, known.heading()), (StatusCode::FORBIDDEN, REFUSED));
    let nobody = auditor.get("/people/NOBODY").await;
    assert_eq!((nobody.status, &nobody.body), (known.status, &known.body));
    let refused = "select count(*) from audit_events
                   where action = 'authz.denied' and why = 'no_right' and detail ->> 'act' = 'person.view'";
    assert_eq!(world.count(refused).await, 2);
    let named = format!("{refused} and subject_member = 'K1' and subject_login is not null");
    assert_eq!(world.count(&named).await, 1);
}

#[tokio::test]
async fn a3_a_code_of_any_characters_has_an_address() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    let row = "本社/7 ?#%,本社/7 ?#%,06139927,909,9,00,住所　一,ジュウショ　イチ,1970-01-01,本人,2012-04-01,,,,";
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[row])).await.unwrap();
    viewer.get("/search").await;
    let page = viewer.post("/search", &[("text", "909-9")]).await;
    let at = page.body.find("href=\"/people/").expect("a link") + "href=\"".len();
    let path = page.body[at..].split('"').next().unwrap().to_owned();
    let page = viewer.get(&path).await;
    assert!(page.shows("住所 一"), "{path}: {}", page.text());
}

#[tokio::test]
async fn a3_a_person_who_is_deleted_under_an_open_page_is_nobody() {
    let world = World::new().await;
    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &["medical"]).await;
    let row = "K9,K9,06139927,909,9,00,一時　一,イチジ　イチ,1970-01-01,本人,2012-04-01,,,,";
    world.import_members("klinekenpo", &file(MEMBER_HEADINGS, &[row])).await.unwrap();
    assert_eq!(viewer.get("/people/K9/medical").await.status, StatusCode::OK);
    world.execute("delete from member_keys where member_code = 'K9'").await;
    world.execute("delete from members where code = 'K9'").await;
    assert_eq!(viewer.get("/people/K9").await.status, StatusCode::NOT_FOUND);
    let given = [("purpose", "audit"), ("reason", "確認")];
    let page = viewer.post("/people/K9/medical", &given).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.text());
    let line = "select count(*) from audit_events where action = 'medical.view'";
    assert_eq!(world.count(line).await, 0);
}

/// Case 27: the provider's words about a mail are text, too.
#[tokio::test]
async fn a3_case27_each_mail_is_listed_with_its_fate_and_without_its_content() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    let mails = "insert into outbox (tenant_id, id, kind, sender_name, sender, recipient, subject, text_body,
                                     html_body, state, created_at, due_at, finished_at, last_error)
                 select tenant_id, gen_random_uuid(), kind, 'x', 'x', email, '件名999999', 'https://secret.example/',
                        'x', state, at::timestamptz, at::timestamptz, at::timestamptz + interval '1 minute', error
                 from logins, (values
                     ('password_reset', 'sent', '2026-11-20T01:00:00Z', null),
                     ('user_id', 'dead', '2026-11-19T01:00:00Z', 'SES: <script>1</script> taro@example.jp rejected'),
                     ('email_confirmation', 'expired', '2026-11-18T01:00:00Z', null),
                     ('account_changed', 'sent', '2026-11-17T01:00:00Z', null)) as m (kind, state, at, error)
                 where email = 'taro@example.jp'";
    world.execute(mails).await;
    world
        .execute(
            "insert into email_failures (tenant_id, email, kind, at, detail)
             select tenant_id, email, 'bounce', '2026-11-20T01:05:00Z', 'NoEmail' from logins
             where email = 'taro@example.jp'",
        )
        .await;
    let mut editor = world.staff_browser("klinekenpo", &["editor"], &[]).await;
    let page = editor.get("/people/K1").await;
    let (_, mails) = page.body.split_once("送信したメール").unwrap();
    let mails: Vec<&str> = mails.split("<tr>").skip(2).collect();
    for (kind, parts) in [
        ("新しい端末からのログインのお知らせ", vec!["送信待ち"]),
        ("ワンタイムパスワード", vec!["送信済み"]),
        ("パスワードリセットの案内", vec!["不達（戻り）", "理由：NoEmail", "/people/K1/mail/"]),
        (
            "ユーザIDの案内",
            vec!["不達（送信できず）", "t***@example.jp rejected", "/people/K1/mail/"],
        ),
        ("メールアドレスの確認", vec!["期限切れ", "/people/K1/mail/"]),
        ("登録内容変更のお知らせ", vec!["送信済み"]),
    ] {
        let line = mails.iter().find(|line| line.contains(&format!(">{kind}<"))).expect(kind);
        for part in &parts {
            assert!(line.contains(part), "{kind} {part}: {line}");
        }
        let again = parts.contains(&"/people/K1/mail/");
        assert_eq!(line.contains("/people/K1/mail/"), again, "{kind}: {line}");
    }
    for secret in ["999999", "secret.example", "<script>1", "taro@example.jp"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
    assert!(page.shows(
        "登録されたアドレスへのメールが、2026年11月20日 10:05に戻ってきました（理由：NoEmail）。"
    ));
    assert!(page.shows("ログインできないおそれがあります。"), "codes go there: {}", page.text());

    let mut viewer = world.staff_browser("klinekenpo", &["viewer"], &[]).await;
    assert!(!viewer.get("/people/K1").await.body.contains("/mail/"), "no act for a viewer");
    world.execute("update logins set email = 'taro@example.jp', email_confirmed_at = null, registered_at = null, password_hash = null, password_set_at = null where email = 'goro@example.jp'").await;
    let page = viewer.get("/people/K1").await;
    assert!(page.shows("ほかの方のアカウントにも登録されています。"), "{}", page.text());
}
