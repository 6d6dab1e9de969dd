//! Fills the templates of both web doors in once, so that no mistake in one is first met by a person.

mod second_factors;
mod settings;
pub(crate) mod validator;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::auth::journey::Progress;
use crate::auth::staff::right::Right;
use crate::base::clock::Clock;
use crate::base::ids::{TenantId, TermsId};
use crate::config::BaseUrl;
use crate::tenant::directory::Tenant;
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::hosts::Door;
use crate::tenant::policy::TenantConfig;
use crate::tenant::terms::{Terms, TermsVersion};
use crate::web::assets::TemplateFiles;
use crate::web::form::{Field, FormError};
use crate::web::page::{Frame, Page, Pages, SignedInPerson};

/// Pages for people who are neither signed in nor signing in.
const NOBODYS: [&str; 17] = [
    "portal/sign_in/closed.html",
    "portal/sign_in/held.html",
    "portal/not_me.html",
    "portal/confirm_email.html",
    "portal/first_sign_in/again.html",
    "portal/forgotten/password.html",
    "portal/forgotten/user_id.html",
    "portal/maintenance.html",
    "portal/message.html",
    "portal/not_open.html",
    "portal/out_of_service.html",
    "portal/forgotten/reset.html",
    "portal/forgotten/reset_over.html",
    "portal/sign_in/page.html",
    "console/invitation.html",
    "console/invitation_over.html",
    "console/sign_in.html",
];

/// The pages that are filled in.
pub(crate) struct Gallery {
    pages: Pages,
    pub(crate) frames: Vec<Frame>,
    /// Templates, and their HTML.
    pub(crate) shown: Vec<(&'static str, String)>,
}

impl Gallery {
    pub(crate) fn new() -> Self {
        let full = parse(EXAMPLE).unwrap();
        let mut bare = full.clone();
        bare.contact.mail = None;
        bare.contact.form_url = None;
        bare.contact.phone = None;
        bare.contact.hours = None;
        bare.contact.subject = None;
        bare.contact.note = None;
        bare.contact.required_items.clear();
        let whole = [(full, Some("テスト　太郎")), (bare, None)];
        let both = whole.iter().flat_map(|each| [(Door::Portal, each), (Door::Console, each)]);
        let frames = both.map(|(door, (config, person))| Frame {
            tenant: Arc::new(tenant(config.clone())),
            person: person.map(|name| SignedInPerson {
                name: (*name).to_owned(),
                lost_on: Some("2026年4月1日".to_owned()),
                until: Some("2028年3月31日".to_owned()),
                rights: Right::ALL.iter().map(|right| format!("{right:?}")).collect(),
            }),
            csrf: "token".to_owned(),
            offers_recovery_code: true,
            said: None,
            door,
        });
        Self {
            pages: Pages::load(crate::portal::places::of_service).unwrap(),
            frames: frames.collect(),
            shown: Vec::new(),
        }
    }

    pub(crate) fn show<P: Page>(&mut self, page: &P) {
        let (folder, _) = P::TEMPLATE.split_once('/').unwrap();
        let doors: &[Door] = match folder {
            "account" => &[Door::Portal, Door::Console],
            "console" => &[Door::Console],
            _ => &[Door::Portal],
        };
        for frame in self.frames.iter().filter(|frame| doors.contains(&frame.door)) {
            let html = self.pages.html(frame, page);
            let html = html.unwrap_or_else(|error| panic!("{}: {error:?}", P::TEMPLATE));
            fields_help_password_managers(P::TEMPLATE, &html);
            if frame.person.is_some() && !NOBODYS.contains(&P::TEMPLATE) {
                let leaves = html.contains("=\"/sign-out\"");
                assert!(leaves, "ASVS 7.4.4: nobody gets out of {}", P::TEMPLATE);
            }
            self.shown.push((P::TEMPLATE, html));
        }
    }
}

/// ASVS 6.2.7: password fields say what they are for.
fn fields_help_password_managers(template: &str, html: &str) {
    for field in html.split("<input").filter(|field| field.contains("type=\"password\"")) {
        let tag = field.split('>').next().unwrap_or_default();
        let told = ["current-password", "new-password"]
            .iter()
            .any(|what| tag.contains(&format!("autocomplete=\"{what}\"")));
        assert!(told, "{template}: {tag}");
    }
}

/// Shows the pages that both doors have.
pub(crate) fn show(gallery: &mut Gallery) {
    second_factors::show(gallery);
    settings::show(gallery);
}

/// Checks that every template of some folders was filled in.
pub(crate) fn is_complete(gallery: &Gallery, folders: &[&str]) {
    let all: BTreeSet<String> = TemplateFiles::iter()
        .map(std::borrow::Cow::into_owned)
        .filter(|path| folders.iter().any(|folder| path.starts_with(folder)))
        .filter(|path| !path.ends_with("/guide.html"))
        .collect();
    let seen: BTreeSet<String> = gallery.shown.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(seen, all);
}

pub(crate) fn tenant(config: TenantConfig) -> Tenant {
    let id = TenantId::new(&Clock::System);
    let terms = Terms::of(id, &[Arc::new(terms_version())]).unwrap();
    let base = BaseUrl::try_from("http://localhost:8080".to_owned()).unwrap();
    Tenant::new(id, 1, config, &base, terms)
}

pub(crate) fn terms_version() -> TermsVersion {
    TermsVersion {
        id: TermsId::new(&Clock::System),
        tenant: None,
        effective_at: Clock::System.now(),
        body: "## 第1条\n\n本文".to_owned(),
    }
}

pub(crate) fn field() -> Field {
    Field::with_value("<b>").with_error("誤り")
}

pub(crate) fn wrong(field: Option<&'static str>) -> Vec<FormError> {
    vec![FormError { field, message: "誤り".to_owned() }]
}

pub(crate) const PROGRESS: Option<Progress> = Some(Progress { step: 3, of: 6 });
