//! Fills every template in once, so that no mistake in one is first met by a person.

mod expenses;
mod mails;
mod recovery;
mod second_factors;
mod settings;
mod validator;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::home::{Home, PasskeyOffer};
use super::message::PortalMessage;
use super::opening::{NotOpen, OutOfService};
use super::policies::PoliciesPage;
use super::sign_in::SignInPage;
use super::sign_in::sign_out::SignOut;
use super::terms::TermsText;
use crate::account::sign_in::SignInForm;
use crate::auth::credentials::password;
use crate::auth::factor::passkey::Offer;
use crate::auth::journey::Progress;
use crate::base::clock::Clock;
use crate::base::ids::{RequestId, TenantId, TermsId};
use crate::base::realm::Subscribers;
use crate::config::BaseUrl;
use crate::portal::places;
use crate::tenant::directory::Tenant;
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::hosts::Door;
use crate::tenant::policy::{ServiceKind, TenantConfig};
use crate::tenant::terms::{Terms, TermsVersion};
use crate::web::assets::TemplateFiles;
use crate::web::error::Failure;
use crate::web::form::{Field, FormError};
use crate::web::layers::FailureMessage;
use crate::web::page::{Frame, Page, Pages, SignedInPerson};
use crate::web::prose::Shelf;

/// Pages for people who are neither signed in nor signing in.
const NOBODYS: [&str; 14] = [
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
];

struct Gallery {
    pages: Pages,
    frames: Vec<Frame>,
    /// Templates, and their HTML.
    shown: Vec<(&'static str, String)>,
}

impl Gallery {
    fn new() -> Self {
        let full = parse(EXAMPLE).unwrap();
        let mut bare = full.clone();
        bare.contact.mail = None;
        bare.contact.form_url = None;
        bare.contact.phone = None;
        bare.contact.hours = None;
        bare.contact.subject = None;
        bare.contact.note = None;
        bare.contact.required_items.clear();
        let frames = [(full, Some("テスト　太郎")), (bare, None)].map(|(config, person)| Frame {
            tenant: Arc::new(tenant(config)),
            person: person.map(|name| SignedInPerson {
                name: name.to_owned(),
                lost_on: Some("2026年4月1日".to_owned()),
                until: Some("2028年3月31日".to_owned()),
                rights: Vec::new(),
            }),
            csrf: "token".to_owned(),
            offers_recovery_code: true,
            said: None,
            door: Door::Portal,
        });
        Self {
            pages: Pages::load(places::of_service).unwrap(),
            frames: frames.into(),
            shown: Vec::new(),
        }
    }

    fn show<P: Page>(&mut self, page: &P) {
        for frame in &self.frames {
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

/// ASVS 6.2.7: pasting is allowed.
#[test]
fn no_script_hinders_pasting() {
    for path in TemplateFiles::iter().filter(|path| path.ends_with(".js")) {
        let script = TemplateFiles::get(&path).unwrap();
        assert!(!String::from_utf8_lossy(&script.data).contains("paste"), "{path}");
    }
}

fn tenant(config: TenantConfig) -> Tenant {
    let id = TenantId::new(&Clock::System);
    let terms = Terms::of(id, &[Arc::new(terms_version())]).unwrap();
    let base = BaseUrl::try_from("http://localhost:8080".to_owned()).unwrap();
    Tenant::new(id, 1, config, &base, terms)
}

fn terms_version() -> TermsVersion {
    TermsVersion {
        id: TermsId::new(&Clock::System),
        tenant: None,
        effective_at: Clock::System.now(),
        body: "## 第1条\n\n本文".to_owned(),
    }
}

fn field() -> Field {
    Field::with_value("<b>").with_error("誤り")
}

fn wrong(field: Option<&'static str>) -> Vec<FormError> {
    vec![FormError { field, message: "誤り".to_owned() }]
}

const PROGRESS: Option<Progress> = Some(Progress { step: 3, of: 6 });

/// Every page of the first sign-in, empty and with every error.
fn first_sign_in(gallery: &mut Gallery) {
    use super::confirm_email::ConfirmEmailPage;
    use super::first_sign_in::{birthdate, confirmation, details, done, email, identity, user_id};
    use super::terms::TermsPage;
    use crate::account::new_password::{NewPasswordForm, NewPasswordPage};
    let config = parse(EXAMPLE).unwrap();
    let terms = terms_version();
    let rules = || password::list(&config, &config.password);
    let methods = || crate::account::second_factor::method::methods::<Subscribers>(&config, "");
    for errors in [Vec::new(), wrong(None)] {
        let progress = PROGRESS;
        let form = birthdate::BirthdateForm { errors: errors.clone(), birthdate: field() };
        gallery.show(&birthdate::BirthdatePage { progress, form });
        let form = email::EmailForm { errors: errors.clone(), email: field(), everywhere: true };
        gallery.show(&email::EmailPage { progress, form });
        let user_id_form =
            user_id::UserIdForm { errors: errors.clone(), user_id: field(), method: field() };
        gallery.show(&user_id::UserIdPage {
            progress,
            rules: (&config.user_id).into(),
            methods: methods(),
            form: user_id_form,
        });
        let form = NewPasswordForm { errors: errors.clone(), password: field(), again: field() };
        gallery.show(&NewPasswordPage {
            progress,
            expired: errors.is_empty(),
            settings: errors.is_empty(),
            user_id: "taro".into(),
            rules: rules(),
            form,
        });
        gallery.show(&identity::IdentityPage {
            progress,
            terms: TermsText::of(&Shelf::default(), &terms),
            form: identity::IdentityForm {
                errors: errors.clone(),
                insurer_number: field(),
                birthdate: field(),
                agree: field(),
            },
        });
        gallery.show(&details::DetailsPage {
            progress,
            user_id_rules: (&config.user_id).into(),
            rules: rules(),
            password_min: 8,
            password_kept: errors.is_empty(),
            form: details::DetailsForm { errors: errors.clone(), ..Default::default() },
        });
        gallery.show(&confirmation::ConfirmationPage {
            progress,
            user_id: "taro".into(),
            email: errors.is_empty().then(|| "taro@example.jp".into()),
            expense_mail: true,
            form: confirmation::ConfirmationForm { errors },
        });
    }
    for (notice, expired) in [(None, false), (Some("送信"), true)] {
        gallery.show(&email::EmailSentPage {
            progress: PROGRESS,
            address: "taro@example.jp".into(),
            minutes: 30,
            notice: notice.map(str::to_owned),
            expired,
        });
        let terms = TermsText::of(&Shelf::default(), &terms);
        gallery.show(&TermsPage { progress: None, terms, updated: expired, notice });
        let email = expired.then(|| "taro@example.jp".into());
        gallery.show(&confirmation::RegisteredPage { user_id: "taro".into(), email });
    }
    gallery.show(&done::DonePage { progress: PROGRESS });
    gallery.show(&done::AgainPage {});
    for state in ["ask", "done", "expired", "invalid", "taken"] {
        for onward in [None, Some("/sign-in/continue")] {
            let action = "/".to_owned();
            gallery.show(&ConfirmEmailPage { state, action, onward, ..Default::default() });
        }
    }
}

fn fill_in_every_page() -> Gallery {
    let mut gallery = Gallery::new();
    let services = &gallery.frames[0].tenant.config.services;
    assert!(services.iter().any(|service| service.kind == ServiceKind::Expenses));
    let home = Home { resume: None, maintenance: None, failed_address: None, passkey_offer: None };
    gallery.show(&home);
    let maintenance = Some("11月19日（木）".to_owned());
    let failed_address = Some("t***@example.jp".to_owned());
    let passkey_offer = Some(PasskeyOffer { alone: true });
    gallery.show(&Home { resume: Some("/"), maintenance, failed_address, passkey_offer });
    gallery.show(&SignInPage::default());
    let form =
        SignInForm { errors: wrong(None), user_id: field(), password: field(), remember: true };
    let notice = Some("お知らせ".to_owned());
    gallery.show(&SignInPage {
        notice,
        form,
        maintenance: Some("11月19日（木）".to_owned()),
        letter_days: Some(90),
        remember_days: Some(30),
        passkey: Some(Offer { options: "{}".into(), ticket: "ticket".into() }),
        old_site_closes: Some("6月30日".into()),
    });
    first_sign_in(&mut gallery);
    second_factors::show(&mut gallery);
    settings::show(&mut gallery);
    gallery.show(&OutOfService {});
    gallery.show(&NotOpen { opens: "2026年4月7日".into(), old_site_closes: None });
    recovery::show(&mut gallery);
    gallery.show(&SignOut {});
    gallery.show(&PoliciesPage { terms: TermsText::of(&Shelf::default(), &terms_version()) });
    for failure in [
        Failure::BadRequest,
        Failure::NotFound,
        Failure::SessionExpired,
        Failure::TooMany,
        Failure::TooManyCookies,
        Failure::Unexpected,
        Failure::Unavailable,
    ] {
        gallery.show(&PortalMessage(FailureMessage::of(failure, RequestId::new(&Clock::System))));
    }
    expenses::show(&mut gallery);
    gallery
}

#[test]
fn every_page_of_the_portal_can_be_filled_in() {
    let gallery = fill_in_every_page();
    let all: BTreeSet<String> = TemplateFiles::iter()
        .map(std::borrow::Cow::into_owned)
        .filter(|path| path.starts_with("portal/") && !path.ends_with("/guide.html"))
        .collect();
    let seen: BTreeSet<String> = gallery.shown.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(seen, all);
}
