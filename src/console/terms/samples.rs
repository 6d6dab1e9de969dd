//! The pages of the terms with made-up content.

use super::draft::{ChangedLine, TermsDraftPage};
use super::edit::TermsEditPage;
use super::line::{Text, VersionLine};
use super::list::{DraftLine, TermsListPage};
use super::version::{AgreedLine, TermsVersionPage};
use crate::account::gallery::{Gallery, field, wrong};
use crate::web::form::Field;

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

pub(in crate::console) fn fill_in(gallery: &mut Gallery) {
    gallery.show(&TermsListPage {
        versions: vec![version(false)],
        drafts: Vec::new(),
        can_draft: false,
    });
    gallery.show(&TermsListPage {
        versions: vec![version(true), version(false)],
        drafts: vec![draft_line()],
        can_draft: true,
    });
    for (people, later, next) in [
        (Vec::new(), false, None),
        (Vec::new(), true, None),
        (vec![agreed()], true, Some(format!("/terms/{ID}?after=1.{ID}"))),
    ] {
        let (version, text) = (version(later), text());
        gallery.show(&TermsVersionPage { version, text, people, later, next });
    }
    gallery.show(&TermsEditPage::default());
    gallery.show(&TermsEditPage {
        id: Some(ID.to_owned()),
        seen: "1".to_owned(),
        effective_on: field(),
        body: field(),
        errors: wrong(Some("body")),
    });
    gallery.show(&draft());
    gallery.show(&TermsDraftPage {
        obstacle: Some("施行日は、明日以後の日にしてください。"),
        before_is_shared: true,
        ..draft()
    });
    gallery.show(&TermsDraftPage { can_publish: false, can_draft: false, ..draft() });
    let (errors, reason) = (wrong(Some("reason")), field());
    gallery.show(&TermsDraftPage { has_approver: false, errors, reason, ..draft() });
}

fn version(shared: bool) -> VersionLine {
    VersionLine {
        id: ID.to_owned(),
        effective: "2027年4月1日".to_owned(),
        shared,
        state: "施行前",
        published_at: "2026年11月21日 10:00".to_owned(),
        published_by: (!shared).then(|| "管理 <花子>".to_owned()),
        agreed: 12,
        not_yet: 3,
        not_asked: 4,
    }
}

fn draft_line() -> DraftLine {
    DraftLine {
        id: ID.to_owned(),
        effective: "2027年4月1日".to_owned(),
        written_by: "編集 <三郎>".to_owned(),
        written_at: "2026年11月21日 10:00".to_owned(),
    }
}

fn text() -> Text {
    Text {
        effective: "2027年4月1日".to_owned(), html: "<h3>第1条</h3>\n<p>本文</p>\n".to_owned()
    }
}

fn agreed() -> AgreedLine {
    AgreedLine {
        number: "800-1234-00".to_owned(),
        name: "テスト　<太郎>".to_owned(),
        at: "2026年11月21日 10:00".to_owned(),
    }
}

fn draft() -> TermsDraftPage {
    let line = |fate, text: &str, skipped| ChangedLine { fate, text: text.to_owned(), skipped };
    TermsDraftPage {
        id: ID.to_owned(),
        written_by: "編集 <三郎>".to_owned(),
        written_at: "2026年11月21日 10:00".to_owned(),
        seen: "1".to_owned(),
        text: text(),
        before: "2025年9月30日".to_owned(),
        before_is_shared: false,
        changes: vec![
            line("skipped", "", 3),
            line("kept", "第1条", 0),
            line("removed", "<旧>", 0),
            line("added", "<新>", 0),
        ],
        asked: 12,
        obstacle: None,
        can_draft: true,
        can_publish: true,
        has_approver: true,
        errors: Vec::new(),
        reason: Field::default(),
    }
}
