//! The pages of all acts, with and without a form, for the gallery.

use serde::Serialize;

use super::caller::{CallerForm, CallerPage, CheckView, ItemView};
use super::frame::{ActForm, ActPage, SubjectView};
use super::hold::HoldFacts;
use super::letter::{LetterFacts, ReturnedFacts};
use super::mail::MailFacts;
use super::reset::ResetFacts;
use super::sessions::SessionsFacts;
use super::unlock::UnlockFacts;
use super::user_id::{UserIdFacts, UserIdPage};
use crate::account::gallery::{Gallery, field, wrong};
use crate::web::form::RadioButton;
use crate::web::page::Page;

fn subject(address: bool) -> SubjectView {
    SubjectView {
        path: "/people/K1".to_owned(),
        code: "K1".to_owned(),
        name: "テスト <太郎>".to_owned(),
        kana: "テスト タロウ".to_owned(),
        number: "101-11-00".to_owned(),
        birthdate: "1979年8月22日（昭和54年8月22日）".to_owned(),
        address: address.then(|| "t***@example.jp".to_owned()),
    }
}

/// Shows a page with its form, with a form that was refused, and without one.
fn each<F: Serialize>(gallery: &mut Gallery, facts: impl Fn() -> F)
where
    ActPage<F>: Page,
{
    let refused = ActForm { errors: wrong(Some("reason")), reason: field() };
    for (form, refusal) in [
        (ActForm::default(), None),
        (refused, None),
        (ActForm::default(), Some("この手続きはできません。".to_owned())),
    ] {
        let subject = subject(refusal.is_none());
        gallery.show(&ActPage { subject, refusal, facts: facts(), form });
    }
}

pub(in crate::console) fn show(gallery: &mut Gallery) {
    let at = || Some("2026年11月21日 10:00".to_owned());
    each(gallery, || UnlockFacts { password: at(), places: 3, held: true, ..Default::default() });
    each(gallery, || UnlockFacts { second_factor: at(), ..Default::default() });
    each(gallery, || SessionsFacts { sessions: 2 });
    for releases in [true, false] {
        let (by_person, locked) = (releases, releases);
        each(gallery, || HoldFacts { releases, held_at: at(), by_person, locked, sessions: 1 });
    }
    for caller_known in [true, false] {
        let sets_up = caller_known;
        each(gallery, || ResetFacts { passkeys: 1, sets_up, caller_known, ..Default::default() });
        each(gallery, || LetterFacts { issued: at(), caller_known, ..Default::default() });
    }
    each(gallery, || LetterFacts { to_be_printed: at(), has_account: true, ..Default::default() });
    each(gallery, || LetterFacts { to_be_made: true, ..Default::default() });
    each(gallery, || ReturnedFacts { issued: at() });
    for (kind, state) in [("password_reset", "sent"), ("new_browser", "dead"), ("other", "queued")]
    {
        each(gallery, || MailFacts {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
            kind: kind.to_owned(),
            state: state.to_owned(),
            sent_at: "2026年11月21日 10:00".to_owned(),
            recipient: "t***@example.jp".to_owned(),
            link: kind == "password_reset",
        });
    }
    for symbols in ["-_.", ""] {
        let was = Some("taro".to_owned());
        let facts = UserIdFacts { was, min: 3, max: 20, symbols: symbols.to_owned() };
        let form = ActForm { errors: wrong(Some("user_id")), ..ActForm::default() };
        let act = ActPage { subject: subject(true), refusal: None, facts, form };
        gallery.show(&UserIdPage { act, user_id: field() });
    }
    caller(gallery);
}

fn caller(gallery: &mut Gallery) {
    let result = |passed, closes| CheckView {
        items: vec![ItemView { label: "氏名", matched: passed }],
        passed,
        closes,
    };
    for (result, closed) in [
        (None, false),
        (Some(result(true, false)), false),
        (Some(result(false, false)), false),
        (Some(result(false, true)), true),
    ] {
        let errors = if result.is_none() { wrong(Some("name")) } else { Vec::new() };
        let further = ["枝番", "資格取得年月日"].map(|label| RadioButton {
            value: label.to_owned(),
            label: label.to_owned(),
            recommended: false,
            checked: false,
        });
        gallery.show(&CallerPage {
            subject: subject(true),
            closed_until: closed.then(|| "2026年11月22日 10:00".to_owned()),
            closed: "電話では受け付けられません。".to_owned(),
            result,
            further: further.into(),
            form: CallerForm { errors, name: field(), ..CallerForm::default() },
        });
    }
}
