//! Mail that bounces: Amazon SES reports it through SNS, and the person is told.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use kosmo::app;
use kosmo::base::ids::MailId;
use kosmo::config::TopicArn;
use kosmo::mail::sns::certificates::Certificate;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use x509_parser::pem::parse_x509_pem;

use crate::support::people::{GORO, JIRO, SABURO, TARO};
use crate::support::world::{World, settings};

const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:kosmo-mail";
const CERTIFICATE: &str =
    "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0.pem";
const NOTICE: &str = "t***@example.jp にメールをお届けできませんでした。";
const ON_TOP: &str = "メールアドレスをご確認のうえ、「プロフィール変更」から変更してください。";

/// A server that accepts posts of our topic, and a key that stands for AWS's.
struct Hook {
    router: Router,
    key: RsaKeyPair,
}

impl Hook {
    async fn of(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        settings.mail.sns_topic_arn = Some(TopicArn::try_from(TOPIC.to_owned()).unwrap());
        settings.database.max_connections = 4;
        let options = world.database.options.clone();
        let app = app::build(&settings, options, world.clock.clone()).await.unwrap();
        let pem = include_bytes!("../../fixtures/sns/certificate.pem");
        let certificate = Certificate::from_pem(pem).unwrap();
        let topic = app.returned_mail.as_ref().unwrap();
        topic.certificates.keep(topic.url(CERTIFICATE).unwrap(), certificate);
        let (_, pem) = parse_x509_pem(include_bytes!("../../fixtures/sns/key.pem")).unwrap();
        let key = RsaKeyPair::from_pkcs8(&pem.contents).unwrap();
        Self { router: app::router(app), key }
    }

    /// Makes what SNS posts when SES publishes an event.
    fn notification(&self, world: &World, event: &Value) -> Value {
        let mut body = json!({
            "Type": "Notification",
            "MessageId": MailId::new(&world.clock).to_string(),
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": event.to_string(),
            "Timestamp": world.clock.now().to_rfc3339(),
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
        });
        self.sign(&mut body);
        body
    }

    fn sign(&self, body: &mut Value) {
        let fields = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
        let lines = fields.map(|name| format!("{name}\n{}\n", body[name].as_str().unwrap()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let text = lines.concat();
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
            .unwrap();
        body["Signature"] = json!(STANDARD.encode(signature));
    }

    async fn tell(&self, world: &World, event: &Value) -> StatusCode {
        self.post(&self.notification(world, event).to_string()).await
    }

    async fn post(&self, body: &str) -> StatusCode {
        post(&self.router, body).await
    }
}

/// Posts to a host that belongs to no union.
async fn post(router: &Router, body: &str) -> StatusCode {
    let request = Request::post("/hooks/ses").header(HOST, "portal.internal:8080");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    router.clone().oneshot(request).await.unwrap().status()
}

fn bounce(kind: &str, address: &str, tags: &Value) -> Value {
    json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind, "bounceSubType": "General",
            "bouncedRecipients": [{ "emailAddress": address }]
        },
        "mail": { "destination": [address], "tags": tags }
    })
}

fn of_union(slug: &str) -> Value {
    json!({ "tenant": [slug], "kind": ["email_code"] })
}

fn taros_bounce() -> Value {
    bounce("Permanent", TARO.email, &of_union(TARO.union))
}

async fn marks_that(world: &World, condition: &str) -> i64 {
    world.count(&format!("select count(*) from email_failures where {condition}")).await
}

#[tokio::test]
async fn a_person_whose_mail_bounced_is_told_at_sign_in_and_on_the_top_page() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    assert_eq!(hook.tell(&world, &taros_bounce()).await, StatusCode::OK);
    assert_eq!(marks_that(&world, "kind = 'bounce' and detail = 'General'").await, 1);
    let mut browser = world.browser(TARO.union);
    let page = world.give_password(&mut browser, TARO).await;
    let page = browser.follow(page).await;
    assert!(page.shows(NOTICE) && page.shows("健康保険組合までお問い合わせ"), "{}", page.text());
    assert!(!page.body.contains("/profile/email"));
    let code = world.mailed_code(TARO.email).await;
    let answer = browser.post("/sign-in/code", &[("code", &code)]).await;
    let page = browser.follow(answer).await;
    assert!(page.shows(NOTICE) && page.shows(ON_TOP), "{}", page.text());
    assert!(page.body.contains("href=\"/profile/email\""));
    let mut others = world.sign_in(GORO).await;
    assert!(!others.get("/").await.shows("お届けできませんでした"));
    let mut nobody = world.browser(TARO.union);
    assert!(!nobody.get("/").await.shows("お届けできませんでした"));
}

#[tokio::test]
async fn a_complaint_is_told_likewise_and_its_withdrawal_is_not() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    let mut complaint = json!({
        "notificationType": "Complaint",
        "complaint": {
            "complainedRecipients": [{ "emailAddress": SABURO.email }],
            "complaintFeedbackType": "not-spam"
        },
        "mail": { "destination": [SABURO.email] }
    });
    assert_eq!(hook.tell(&world, &complaint).await, StatusCode::OK);
    assert_eq!(marks_that(&world, "true").await, 0);
    complaint["complaint"]["complaintFeedbackType"] = json!("abuse");
    assert_eq!(hook.tell(&world, &complaint).await, StatusCode::OK);
    assert_eq!(marks_that(&world, "kind = 'complaint' and detail = 'abuse'").await, 1);
    let page = world.sign_in(SABURO).await.get("/").await;
    assert!(page.shows("s***@example.jp にメールをお届けできませんでした。"), "{}", page.text());
}

#[tokio::test]
async fn what_says_nothing_against_an_address_marks_nobody() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    for event in [
        bounce("Transient", TARO.email, &of_union(TARO.union)),
        bounce("Undetermined", TARO.email, &of_union(TARO.union)),
        bounce("Permanent", "nobody@example.jp", &of_union(TARO.union)),
        bounce("Permanent", TARO.email, &of_union("no-such-union")),
        json!({ "eventType": "Delivery", "mail": { "destination": [TARO.email] } }),
        json!("Successfully validated SNS topic for Amazon SES event publishing."),
    ] {
        assert_eq!(hook.tell(&world, &event).await, StatusCode::OK, "{event}");
    }
    assert_eq!(marks_that(&world, "true").await, 0);
}

#[tokio::test]
async fn what_is_not_genuine_marks_nobody() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("another topic", |body| body["TopicArn"] = json!(format!("{TOPIC}-2"))),
        ("another host's certificate", |body| {
            body["SigningCertURL"] = json!(CERTIFICATE.replace("amazonaws.com", "evil.jp"));
        }),
        ("a bucket that is anybody's", |body| {
            body["SigningCertURL"] = json!(CERTIFICATE.replace("ap-northeast-1", "s3"));
        }),
        ("old", |body| body["Timestamp"] = json!("2026-11-20T23:59:59Z")),
        ("of tomorrow", |body| body["Timestamp"] = json!("2026-11-22T03:00:00Z")),
        ("another version", |body| body["SignatureVersion"] = json!("3")),
    ];
    for (what, change) in changes {
        let mut body = hook.notification(&world, &taros_bounce());
        change(&mut body);
        hook.sign(&mut body);
        assert_eq!(hook.post(&body.to_string()).await, StatusCode::FORBIDDEN, "{what}");
    }
    let mut forged = hook.notification(&world, &taros_bounce());
    forged["Message"] = json!(bounce("Permanent", GORO.email, &json!({})).to_string());
    assert_eq!(hook.post(&forged.to_string()).await, StatusCode::FORBIDDEN, "forged");
    let late = hook.notification(&world, &taros_bounce());
    world.clock.advance(Duration::hours(1) + Duration::seconds(1));
    assert_eq!(hook.post(&late.to_string()).await, StatusCode::FORBIDDEN, "kept for an hour");
    assert_eq!(marks_that(&world, "true").await, 0);
    assert_eq!(world.count("select count(*) from sns_messages").await, 0);
}

#[tokio::test]
async fn nonsense_is_turned_away() {
    let world = World::empty().await;
    let hook = Hook::of(&world).await;
    let long = format!("\"{}\"", "x".repeat(300 * 1024));
    for body in ["", "{}", "[1]", "Type=Notification", long.as_str()] {
        assert_eq!(hook.post(body).await, StatusCode::BAD_REQUEST, "{body:.20}");
    }
    let genuine = hook.notification(&world, &taros_bounce()).to_string();
    assert_eq!(post(&world.router, &genuine).await, StatusCode::NOT_FOUND, "no topic is set");
}

#[tokio::test]
async fn a_notification_is_taken_once() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    let body = hook.notification(&world, &taros_bounce()).to_string();
    assert_eq!(hook.post(&body).await, StatusCode::OK);
    world.execute("delete from email_failures").await;
    assert_eq!(hook.post(&body).await, StatusCode::OK);
    assert_eq!(marks_that(&world, "true").await, 0, "a replay changes nothing");
    world.clock.advance(Duration::hours(25));
    assert_eq!(hook.tell(&world, &taros_bounce()).await, StatusCode::OK);
    assert_eq!(world.count("select count(*) from sns_messages").await, 1, "the old are forgotten");
}

#[tokio::test]
async fn another_unions_same_address_is_marked_only_if_nothing_tells_which_union_sent_the_mail() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    let same = format!("update logins set email = '{}' where email = '{}'", TARO.email, JIRO.email);
    world.execute(&same).await;
    let jiros = format!("tenant_id = '{}'", world.tenant(JIRO.union));
    assert_eq!(hook.tell(&world, &taros_bounce()).await, StatusCode::OK);
    assert_eq!((marks_that(&world, "true").await, marks_that(&world, &jiros).await), (1, 0));
    let untagged = bounce("Permanent", TARO.email, &json!({}));
    assert_eq!(hook.tell(&world, &untagged).await, StatusCode::OK);
    assert_eq!((marks_that(&world, "true").await, marks_that(&world, &jiros).await), (2, 1));
}

#[tokio::test]
async fn the_notice_is_gone_once_the_address_is_changed() {
    let world = World::new().await;
    let hook = Hook::of(&world).await;
    let mut browser = world.sign_in(TARO).await;
    assert_eq!(hook.tell(&world, &taros_bounce()).await, StatusCode::OK);
    assert!(browser.get("/").await.shows(NOTICE));
    let once = format!(
        "insert into email_failures (tenant_id, email, kind, at, detail)
         values ('{}', 'new@example.jp', 'bounce', now(), 'General')",
        world.tenant(TARO.union)
    );
    world.execute(&once).await;
    browser.get("/profile/email").await;
    browser.post("/profile/email", &[("email", "new@example.jp")]).await;
    assert!(browser.get("/").await.shows(NOTICE), "nothing has changed yet");
    let confirmed = world.open_link(TARO, "new@example.jp").await;
    assert_eq!(confirmed.heading(), "メールアドレスの確認が完了しました");
    assert!(!browser.get("/").await.shows("お届けできませんでした"));
    assert_eq!(marks_that(&world, "true").await, 0, "nobody has the old one any more");
}
