//! Every template is filled in once, so that none waits for a person to find its mistake.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;

use super::email_code::{CodeForm, EmailCodePage};
use super::expenses::history::History;
use super::expenses::overview::Overview;
use super::expenses::statement::Statement;
use super::first_sign_in::FirstSignIn;
use super::home::Home;
use super::sign_in::{SignInForm, SignInPage};
use super::sign_out::SignOut;
use crate::base::clock::Clock;
use crate::base::ids::{RequestId, TenantId};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::care::Care;
use crate::expenses::ledger::{ExpenseRow, MonthSum};
use crate::mail::message::{EmailCodeMail, MailRoom};
use crate::tenant::directory::Tenant;
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::{ServiceKind, TenantConfig};
use crate::web::assets::TemplateFiles;
use crate::web::error::Failure;
use crate::web::form::{Field, FormError};
use crate::web::identity::SessionExpired;
use crate::web::layers::Message;
use crate::web::page::{Frame, Page, Pages};

struct Gallery {
    pages: Pages,
    frames: Vec<Frame>,
    seen: BTreeSet<&'static str>,
}

impl Gallery {
    fn new() -> Self {
        let full = parse(EXAMPLE).unwrap();
        let mut bare = full.clone();
        bare.contact.mail = None;
        bare.contact.form_url = None;
        bare.contact.subject = None;
        bare.contact.note = None;
        bare.contact.required_items.clear();
        let frames = [(full, Some("テスト　太郎")), (bare, None)].map(|(config, person)| Frame {
            tenant: Arc::new(tenant(config)),
            person: person.map(str::to_owned),
            csrf: "token".to_owned(),
        });
        Self { pages: Pages::load().unwrap(), frames: frames.into(), seen: BTreeSet::new() }
    }

    fn show<P: Page>(&mut self, page: &P) {
        self.seen.insert(P::TEMPLATE);
        for frame in &self.frames {
            let rendered = self.pages.render(frame, StatusCode::OK, page);
            assert!(rendered.is_ok(), "{}: {:?}", P::TEMPLATE, rendered.err());
        }
    }
}

fn tenant(config: TenantConfig) -> Tenant {
    let id = TenantId::new(&Clock::System);
    Tenant { id, version: 1, config, origin: "http://example.localhost:8080".to_owned() }
}

fn row(institution: &str, remarks: &str) -> ExpenseRow {
    ExpenseRow {
        treatment_month: Month::new(2025, 1).unwrap(),
        patient: "テスト タロウ".to_owned(),
        institution: institution.to_owned(),
        care: Care::Outpatient,
        days: 1,
        total: Yen(12_960),
        insurer: Yen(9_072),
        public: Yen(3_588),
        out_of_pocket: Yen(300),
        remarks: remarks.to_owned(),
    }
}

#[test]
fn every_page_of_the_portal_can_be_filled_in() {
    let mut gallery = Gallery::new();
    let wrong = |field| vec![FormError { field, message: "誤り".to_owned() }];
    let field = || Field::with_value("<b>").with_error("誤り");
    let services = &gallery.frames[0].tenant.config.services;
    assert!(services.iter().any(|service| service.kind == ServiceKind::Expenses));
    let home = Home { services: services.iter().map(Into::into).collect() };
    gallery.show(&home);
    gallery.show(&Home { services: Vec::new() });
    gallery.show(&SignInPage::default());
    let form = SignInForm { errors: wrong(None), user_id: field(), password: field() };
    gallery.show(&SignInPage { notice: Some("お知らせ"), form });
    for (notice, form) in [
        (None, CodeForm::default()),
        (Some("送信".to_owned()), CodeForm { errors: wrong(Some("code")), code: field() }),
    ] {
        gallery.show(&EmailCodePage {
            address: "t***@example.jp".into(),
            minutes: 10,
            notice,
            form,
        });
    }
    let nowhere = EmailCodePage {
        address: String::new(),
        minutes: 10,
        notice: None,
        form: CodeForm::default(),
    };
    gallery.show(&nowhere);
    gallery.show(&FirstSignIn { steps: vec!["生年月日の入力"] });
    gallery.show(&SignOut {});
    gallery.show(&SessionExpired {});
    for failure in
        [Failure::BadRequest, Failure::NotFound, Failure::Unexpected, Failure::Unavailable]
    {
        gallery.show(&Message::of(failure, RequestId::new(&Clock::System)));
    }
    let months = [(2026, 1), (2025, 3)].map(|(year, month)| MonthSum {
        month: Month::new(year, month).unwrap(),
        out_of_pocket: Yen(1_914),
    });
    for months in [&months[..], &[]] {
        gallery.show(&Overview::of(months, 2026));
        gallery.show(&History::of(months));
    }
    for rows in [vec![row("サンプルクリニック", ""), row("", "備考")], Vec::new()] {
        gallery.show(&Statement::of("2025年3月の医療費明細".to_owned(), rows));
    }
    let all: BTreeSet<String> = TemplateFiles::iter()
        .map(std::borrow::Cow::into_owned)
        .filter(|path| path.starts_with("portal/") && !path.ends_with("/guide.html"))
        .collect();
    let seen: BTreeSet<String> = gallery.seen.iter().map(|path| (*path).to_owned()).collect();
    assert_eq!(seen, all);
}

#[test]
fn every_mail_can_be_filled_in() {
    let pages = Pages::load().unwrap();
    let room = MailRoom::new(pages.templates(), "kosmo-web.jp".to_owned());
    let mail = EmailCodeMail { code: "012345".to_owned(), minutes: 10 };
    let letter = room.write(&tenant(parse(EXAMPLE).unwrap()), &mail).unwrap();
    assert_eq!(letter.subject, "【KOSMOWeb】ワンタイムパスワードのお知らせ");
    assert_eq!(letter.sender, "no-reply@kosmo-web.jp");
    assert_eq!(letter.sender_name, "サンプル健康保険組合");
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("012345") && part.contains("10分"), "{part}");
    }
    let files = TemplateFiles::iter().filter(|path| path.starts_with("mail/")).count();
    assert_eq!(files, 3, "each mail has a subject, a text and an HTML part");
}
