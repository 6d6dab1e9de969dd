//! Fills every template in once, so that no mistake in one is first met by a person.

mod expenses;
mod mails;
mod recovery;
mod settings;

use super::home::{Home, PasskeyOffer};
use super::message::PortalMessage;
use super::opening::{NotOpen, OutOfService};
use super::policies::PoliciesPage;
use super::sign_in::SignInPage;
use super::sign_in::sign_out::SignOut;
use super::terms::TermsText;
use crate::account::at_door::SignInForm;
use crate::account::gallery::{
    self, Gallery, PROGRESS, field, is_complete, terms_version, validator, wrong,
};
use crate::auth::credentials::password;
use crate::auth::factor::passkey::Offer;
use crate::base::clock::Clock;
use crate::base::ids::RequestId;
use crate::base::realm::Subscribers;
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::ServiceKind;
use crate::web::assets::TemplateFiles;
use crate::web::error::Failure;
use crate::web::layers::FailureMessage;
use crate::web::prose::Shelf;

/// ASVS 6.2.7: pasting is allowed.
#[test]
fn no_script_hinders_pasting() {
    for path in TemplateFiles::iter().filter(|path| path.ends_with(".js")) {
        let script = TemplateFiles::get(&path).unwrap();
        assert!(!String::from_utf8_lossy(&script.data).contains("paste"), "{path}");
    }
}

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
    gallery::show(&mut gallery);
    settings::show(&mut gallery);
    gallery.show(&OutOfService {});
    gallery.show(&NotOpen { opens: "2026年4月7日".into(), old_site_closes: None });
    recovery::show(&mut gallery);
    gallery.show(&SignOut {});
    gallery.show(&PoliciesPage { terms: TermsText::of(&Shelf::default(), &terms_version()) });
    for failure in [
        Failure::BadRequest,
        Failure::NotFound,
        Failure::Refused,
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
    is_complete(&fill_in_every_page(), &["portal/", "account/"]);
}

#[test]
fn every_page_of_the_portal_is_valid_html() {
    let gallery = fill_in_every_page();
    assert!(gallery.shown.len() > 200, "{}", gallery.shown.len());
    validator::find_nothing_wrong(&gallery);
}
