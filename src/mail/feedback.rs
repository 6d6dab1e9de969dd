//! The reports of SES about a mail after accepting it, in its own JSON
//! (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>).

use std::collections::HashMap;

use serde::Deserialize;

use crate::base::email::EmailAddress;

/// No word of SES's is longer than this.
const LONGEST_WORD: usize = 40;

/// The reason why SES says that an address is not to be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackKind {
    /// The mail could not be delivered, for good.
    Bounce,
    /// The reader reported it as spam.
    Complaint,
}

impl FeedbackKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
        }
    }
}

/// A bounce or a complaint.
#[derive(Debug, PartialEq, Eq)]
pub struct DeliveryFailure {
    pub kind: FeedbackKind,
    /// SES's own word for it: `NoEmail`, `abuse`.
    pub detail: String,
    pub addresses: Vec<EmailAddress>,
    pub mail: Tags,
}

/// The tags that a mail was sent with. SES repeats them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// The union's slug.
    pub tenant: Option<String>,
    /// The kind of mail.
    pub kind: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Feedback {
    Failure(DeliveryFailure),
    /// The mail could not be delivered yet. The address is fine.
    Delayed {
        detail: String,
        mail: Tags,
    },
    /// Anything else. It is ignored.
    Other,
}

/// Reads the message of a notification.
#[must_use]
pub fn read(message: &str) -> Feedback {
    let Ok(event) = serde_json::from_str::<Event>(message) else { return Feedback::Other };
    let mail = event.mail.tags();
    match (event.kind.as_str(), event.bounce, event.complaint) {
        ("Bounce", Some(bounce), _) if bounce.bounce_type == "Permanent" => {
            Feedback::Failure(DeliveryFailure {
                kind: FeedbackKind::Bounce,
                detail: word(&bounce.bounce_sub_type),
                addresses: addresses(&bounce.bounced_recipients, &event.mail.destination),
                mail,
            })
        }
        ("Bounce", Some(bounce), _) => {
            Feedback::Delayed { detail: word(&bounce.bounce_sub_type), mail }
        }
        // A reader who says 「迷惑メールではない」 is reported in the same way.
        ("Complaint", _, Some(complaint)) if complaint.feedback_type() != "not-spam" => {
            Feedback::Failure(DeliveryFailure {
                kind: FeedbackKind::Complaint,
                detail: word(complaint.feedback_type()),
                addresses: addresses(&complaint.complained_recipients, &event.mail.destination),
                mail,
            })
        }
        _ => Feedback::Other,
    }
}

/// Returns the addresses to mark. Our mails have one recipient; if that mailbox forwards, SES may name the address
/// it forwards to, so the recipient is always added.
fn addresses(told: &[ReportedRecipient], destination: &[String]) -> Vec<EmailAddress> {
    let sole = destination.first().filter(|_| destination.len() == 1);
    let told = told.iter().map(|recipient| &recipient.email_address);
    let mut found = Vec::new();
    for address in told.chain(sole).filter_map(|address| EmailAddress::parse(address)) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

fn word(text: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    text.chars().filter(kept).take(LONGEST_WORD).collect()
}

#[derive(Deserialize)]
struct Event {
    /// SES calls it `notificationType` in notifications of an identity, and `eventType` in those of
    /// a configuration set.
    #[serde(rename = "eventType", alias = "notificationType")]
    kind: String,
    #[serde(default)]
    mail: SentMail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentMail {
    destination: Vec<String>,
    tags: HashMap<String, Vec<String>>,
}

impl SentMail {
    fn tags(&self) -> Tags {
        let tag = |name: &str| self.tags.get(name)?.first().cloned();
        Tags { tenant: tag("tenant"), kind: tag("kind") }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
    #[serde(default)]
    bounce_sub_type: String,
    #[serde(default)]
    bounced_recipients: Vec<ReportedRecipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
    #[serde(default)]
    complained_recipients: Vec<ReportedRecipient>,
}

impl Complaint {
    fn feedback_type(&self) -> &str {
        self.complaint_feedback_type.as_deref().unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReportedRecipient {
    email_address: String,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn bounce(kind: &str) -> Value {
        json!({
            "eventType": "Bounce",
            "bounce": {
                "bounceType": kind, "bounceSubType": "NoEmail",
                "bouncedRecipients": [{ "emailAddress": "Taro@Example.jp", "status": "5.1.1" }],
                "feedbackId": "x", "timestamp": "2026-11-21T01:00:00.000Z"
            },
            "mail": {
                "destination": ["taro@example.jp"],
                "tags": { "tenant": ["klinekenpo"], "kind": ["email_code"],
                          "ses:caller-identity": ["kosmo"] }
            }
        })
    }

    fn failure(event: &Value) -> DeliveryFailure {
        match read(&event.to_string()) {
            Feedback::Failure(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    fn texts(failure: &DeliveryFailure) -> Vec<&str> {
        failure.addresses.iter().map(EmailAddress::as_str).collect()
    }

    #[test]
    fn a_permanent_bounce_names_address_union_and_mail() {
        let read = failure(&bounce("Permanent"));
        assert_eq!((read.kind, read.detail.as_str()), (FeedbackKind::Bounce, "NoEmail"));
        assert_eq!(texts(&read), ["taro@example.jp"]);
        assert_eq!(read.mail.tenant.as_deref(), Some("klinekenpo"));
        assert_eq!(read.mail.kind.as_deref(), Some("email_code"));
        let mut forwarded = bounce("Permanent");
        forwarded["bounce"]["bouncedRecipients"][0]["emailAddress"] = json!("t@elsewhere.jp");
        assert_eq!(texts(&failure(&forwarded)), ["t@elsewhere.jp", "taro@example.jp"]);
    }

    #[test]
    fn an_identitys_own_notification_has_no_tags() {
        let event = json!({
            "notificationType": "Complaint",
            "complaint": { "complainedRecipients": [{ "emailAddress": "taro@example.jp" }],
                           "complaintFeedbackType": "abuse" },
            "mail": { "destination": ["taro@example.jp"] }
        });
        let read = failure(&event);
        assert_eq!((read.kind, read.detail.as_str()), (FeedbackKind::Complaint, "abuse"));
        assert_eq!(read.mail, Tags::default());
    }

    #[test]
    fn what_says_nothing_against_an_address_marks_none() {
        for kind in ["Transient", "Undetermined"] {
            let read = read(&bounce(kind).to_string());
            assert!(matches!(read, Feedback::Delayed { .. }), "{kind}");
        }
        for text in [
            "Successfully validated SNS topic for Amazon SES event publishing.",
            "{}",
            r#"{"eventType":"Delivery","mail":{"destination":["taro@example.jp"]}}"#,
            r#"{"eventType":"Bounce","mail":{}}"#,
            r#"{"eventType":"Complaint","mail":{"destination":["taro@example.jp"]},
                "complaint":{"complaintFeedbackType":"not-spam"}}"#,
        ] {
            assert_eq!(read(text), Feedback::Other, "{text}");
        }
    }

    #[test]
    fn a_word_has_only_plain_characters() {
        assert_eq!(word("General"), "General");
        assert_eq!(word("taro@example.jp 5.1.1\n"), "taroexamplejp511");
        assert_eq!(word(&"x".repeat(50)).len(), 40);
    }
}
