//! A mail in the form in which it travels (RFC 5322).

use mail_builder::MessageBuilder;
use mail_builder::headers::raw::Raw;

use super::queue::Outgoing;
use crate::base::email::EmailAddress;

/// The recipient is not exactly one mail address.
#[derive(Debug, thiserror::Error)]
#[error("the recipient is not a mail address")]
pub struct NoAddress;

/// Returns the address that a mail goes to.
///
/// # Errors
/// Returns [`NoAddress`] if the text is not exactly an address as we store it.
pub(super) fn recipient(mail: &Outgoing) -> Result<EmailAddress, NoAddress> {
    EmailAddress::parse(&mail.recipient)
        .filter(|address| address.as_str() == mail.recipient)
        .ok_or(NoAddress)
}

/// Puts text and HTML into one message. The Message-ID is made of the mail's id, so that a repeat
/// is recognised (Amazon SES replaces it with its own). `Auto-Submitted` asks programs not to
/// answer.
///
/// # Errors
/// Returns [`NoAddress`] if the recipient isn't one: nothing else may get into a header.
pub fn message(mail: &Outgoing) -> Result<Vec<u8>, NoAddress> {
    let rendered = &mail.rendered;
    let recipient = recipient(mail)?;
    let domain = rendered.sender.rsplit('@').next().unwrap_or("localhost");
    let mut message = MessageBuilder::new()
        .from((rendered.sender_name.as_str(), rendered.sender.as_str()))
        .to(recipient.deliverable())
        .subject(rendered.subject.as_str())
        .date(mail.created_at.timestamp())
        .message_id(format!("{}@{domain}", mail.id))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .text_body(rendered.text.as_str())
        .html_body(rendered.html.as_str());
    if let Some(address) = rendered.reply_to.as_deref().and_then(EmailAddress::parse) {
        message = message.reply_to(address.as_str().to_owned());
    }
    Ok(message.write_to_vec().expect("writing to memory does not fail"))
}

#[cfg(test)]
mod tests {
    use mail_parser::{Message, MessageParser};

    use super::*;
    use crate::base::clock::Clock;
    use crate::mail::message::RenderedMail;

    fn outgoing() -> Outgoing {
        let clock = Clock::test("2026-11-21T00:00:00Z".parse().unwrap());
        let rendered = RenderedMail {
            kind: "email_code".into(),
            sender_name: "川崎汽船健康保険組合\r\nBcc: evil@example.com".into(),
            sender: "no-reply@kosmo-web.jp".into(),
            reply_to: Some("kenpo@example.jp".into()),
            subject: "【KOSMOWeb】ワンタイムパスワードのお知らせ\r\nX-Evil: 1".into(),
            text: "コードは 012345 です。".into(),
            html: "<p>コードは 012345 です。</p>".into(),
        };
        Outgoing::sample(rendered, "klinekenpo", "taro@example.jp", &clock)
    }

    fn parsed(bytes: &[u8]) -> Message<'_> {
        MessageParser::default().parse(bytes).unwrap()
    }

    #[test]
    fn japanese_survives_and_headers_can_not_be_forged() {
        let mail = outgoing();
        let bytes = message(&mail).unwrap();
        let message = parsed(&bytes);
        assert!(
            message.subject().unwrap().starts_with("【KOSMOWeb】ワンタイムパスワードのお知らせ")
        );
        assert_eq!(message.body_text(0).unwrap().trim(), "コードは 012345 です。");
        assert!(message.header("X-Evil").is_none() && message.bcc().is_none());
        let sender = message.from().unwrap().first().unwrap();
        assert!(sender.name().unwrap().starts_with("川崎汽船健康保険組合"));
        assert_eq!(sender.address(), Some("no-reply@kosmo-web.jp"));
        let answers_to = message.reply_to().unwrap().first().unwrap();
        assert_eq!(answers_to.address(), Some("kenpo@example.jp"));
        assert_eq!(message.message_id(), Some(format!("{}@kosmo-web.jp", mail.id).as_str()));
        assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    }

    #[test]
    fn a_recipient_is_one_address_or_there_is_no_mail() {
        let long = format!("{}@example.jp", "x".repeat(320));
        for recipient in [
            "",
            "taro",
            "taro@example.jp\r\nBcc: evil@example.com",
            "taro@example.jp\nSubject: x",
            "taro@example.jp, evil@example.com",
            "\"<evil@example.com>\" <taro@example.jp>",
            " taro@example.jp",
            "ｔａｒｏ@example.jp",
            long.as_str(),
        ] {
            let mail = Outgoing { recipient: recipient.to_owned(), ..outgoing() };
            assert!(message(&mail).is_err(), "{recipient:?}");
        }
    }

    #[test]
    fn an_answer_goes_nowhere_rather_than_to_what_is_no_address() {
        for reply_to in [None, Some("kenpo@example.jp\r\nBcc: evil@example.com".to_owned())] {
            let mut mail = outgoing();
            mail.rendered.reply_to = reply_to;
            let bytes = message(&mail).unwrap();
            let message = parsed(&bytes);
            assert!(message.reply_to().is_none() && message.bcc().is_none());
        }
    }
}
