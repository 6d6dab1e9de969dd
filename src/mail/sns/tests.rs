use super::*;

const TOPIC: &str = "arn:aws:sns:ap-northeast-1:123456789012:kosmo-mail";
const NOTIFICATION_V1: &str = include_str!("../../../tests/fixtures/sns/notification_v1.json");
const NOTIFICATION_V2: &str = include_str!("../../../tests/fixtures/sns/notification_v2.json");
const SUBSCRIPTION_V1: &str = include_str!("../../../tests/fixtures/sns/subscription_v1.json");
const UNSUBSCRIPTION_V2: &str = include_str!("../../../tests/fixtures/sns/unsubscription_v2.json");

fn now() -> DateTime<Utc> {
    "2026-11-21T01:00:00Z".parse().unwrap()
}

fn certificate() -> Certificate {
    let pem = include_bytes!("../../../tests/fixtures/sns/certificate.pem");
    Certificate::from_pem(pem).unwrap()
}

fn topic(arn: &str) -> Topic {
    Topic::new(TopicArn::try_from(arn.to_owned()).unwrap())
}

fn envelope(body: &str) -> Envelope {
    Envelope::read(body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// Does all that [`Topic::open`] does, with a given certificate.
fn open(envelope: &Envelope, certificate: &Certificate) -> Result<Content, SnsError> {
    let topic = topic(TOPIC);
    envelope.check(&topic, now())?;
    envelope.clone().verified(&topic, certificate, now()).map(|genuine| genuine.content)
}

/// The fixtures were signed by OpenSSL.
#[test]
fn what_aws_signed_is_genuine() {
    for body in [NOTIFICATION_V1, NOTIFICATION_V2] {
        let content = open(&envelope(body), &certificate()).unwrap();
        assert!(
            matches!(content, Content::Notification(text) if text.contains("Bounce")),
            "{body}"
        );
    }
    let content = open(&envelope(SUBSCRIPTION_V1), &certificate()).unwrap();
    let Content::Subscription(url) = content else { panic!("{content:?}") };
    assert!(url.as_str().contains("Action=ConfirmSubscription"));
    let content = open(&envelope(UNSUBSCRIPTION_V2), &certificate()).unwrap();
    assert_eq!(content, Content::Unsubscription);
}

#[test]
fn the_signed_text_has_the_documented_fields_in_their_order() {
    let names = |body: &str| {
        let mut simple = envelope(body);
        simple.message = "x".to_owned();
        let text = simple.canonical();
        text.lines().step_by(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(NOTIFICATION_V1), "Message MessageId Timestamp TopicArn Type");
    assert_eq!(names(NOTIFICATION_V2), "Message MessageId Subject Timestamp TopicArn Type");
    let both = "Message MessageId SubscribeURL Timestamp Token TopicArn Type";
    assert_eq!(names(SUBSCRIPTION_V1), both);
    assert_eq!(names(UNSUBSCRIPTION_V2), both);
}

#[test]
fn whatever_is_changed_is_not_genuine() {
    type Tampering = fn(&mut Envelope);
    let changes: [(&str, Tampering); 14] = [
        ("message", |e| e.message.push(' ')),
        ("message ID", |e| e.message_id.push('0')),
        ("subject", |e| e.subject = Some("x".into())),
        ("subject left out", |e| e.subject = None),
        ("time", |e| e.timestamp = "2026-11-21T00:59:31.123Z".into()),
        ("type", |e| e.kind = MessageType::UnsubscribeConfirmation),
        ("topic", |e| e.topic_arn.push('2')),
        ("signature", |e| e.signature.replace_range(..1, "_")),
        ("no signature", |e| e.signature.clear()),
        ("version 1", |e| e.signature_version = "1".into()),
        ("version 3", |e| e.signature_version = "3".into()),
        ("certificate", |e| e.signing_cert_url = "https://evil.jp/x.pem".into()),
        ("old", |e| e.timestamp = "2026-11-20T23:59:59Z".into()),
        ("of tomorrow", |e| e.timestamp = "2026-11-22T01:00:00Z".into()),
    ];
    for (what, change) in changes {
        let mut changed = envelope(NOTIFICATION_V2);
        change(&mut changed);
        let refused = open(&changed, &certificate()).unwrap_err();
        assert!(matches!(refused, SnsError::NotGenuine(_)), "{what}: {refused}");
    }
    for url in ["https://evil.jp/", "https://sns.s3.amazonaws.com/?Action=ConfirmSubscription"] {
        let mut elsewhere = envelope(SUBSCRIPTION_V1);
        elsewhere.subscribe_url = Some(url.into());
        open(&elsewhere, &certificate()).unwrap_err();
    }
    for pem in [
        &include_bytes!("../../../tests/fixtures/sns/other.pem")[..],
        &include_bytes!("../../../tests/fixtures/sns/expired.pem")[..],
    ] {
        let other = Certificate::from_pem(pem).unwrap();
        let refused = open(&envelope(NOTIFICATION_V2), &other).unwrap_err();
        assert!(matches!(refused, SnsError::NotGenuine(_)), "{refused}");
    }
}

#[test]
fn nonsense_is_unreadable() {
    let no_type = NOTIFICATION_V1.replace("\"Notification\"", "\"Telegram\"");
    let no_id = NOTIFICATION_V1.replace("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "");
    for body in ["", "{}", "[]", "null", "a=b", no_type.as_str(), no_id.as_str()] {
        let read = Envelope::read(body.as_bytes());
        assert!(matches!(read, Err(SnsError::Unreadable)), "{body}");
    }
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x"] {
        assert!(Certificate::from_pem(pem.as_bytes()).is_none(), "{pem}");
    }
}

#[test]
fn only_sns_itself_is_asked_in_the_topics_region() {
    let is_taken =
        |arn: &str, url: &str| topic(arn).url(url).is_some_and(|url| url.is_certificate());
    for (arn, good) in [
        (TOPIC, "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-01.pem"),
        (
            "arn:aws-cn:sns:cn-north-1:1:x",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-01.pem",
        ),
        ("arn:aws-us-gov:sns:us-gov-west-1:1:x", "https://sns.us-gov-west-1.amazonaws.com/a/b.pem"),
    ] {
        assert!(is_taken(arn, good), "{good}");
    }
    for bad in [
        "http://sns.ap-northeast-1.amazonaws.com/x.pem",
        "https://sns.amazonaws.com/x.pem",
        "https://sns..amazonaws.com/x.pem",
        "https://sns.a.b.amazonaws.com/x.pem",
        "https://sns.s3.amazonaws.com/x.pem",
        "https://sns.s3-ap-northeast-1.amazonaws.com/x.pem",
        "https://sns.execute-api.ap-northeast-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.ap-northeast-1.amazonaws.com.cn/x.pem",
        "https://sns.ap-northeast-1.amazonaws.com./x.pem",
        "https://sns.ap-northeast-1.amazonaws.com",
        "https://sns.ap-northeast-1.amazonaws.com:8443/x.pem",
        "https://sns.ap-northeast-1.amazonaws.com@evil.jp/x.pem",
        "https://sns.ap-northeast-1.amazonaws.com.evil.jp/x.pem",
        "https://sns.ap-northeast-1.amazonaws.comx/x.pem",
        "https://sns.evil.jp/.amazonaws.com/x.pem",
        "https://evil.jp/sns.ap-northeast-1.amazonaws.com/x.pem",
        "https://evil.jp#.sns.ap-northeast-1.amazonaws.com/x.pem",
        "https://SNS.ap-northeast-1.amazonaws.com/x.pem",
        "https://s3.ap-northeast-1.amazonaws.com/x.pem",
        "https://sns.ap-northeast-1.amazonaws.com/x.crt",
        "https://sns.ap-northeast-1.amazonaws.com/x?y.pem",
        "https://sns.ap-northeast-1.amazonaws.com/x#.pem",
        "https://sns.ap-northeast-1.amazonaws.com/x\r\n.pem",
    ] {
        assert!(!is_taken(TOPIC, bad), "{bad}");
    }
    let chinese = "arn:aws-cn:sns:cn-north-1:1:x";
    assert!(!is_taken(chinese, "https://sns.cn-north-1.amazonaws.com/x.pem"), "not without .cn");
}
