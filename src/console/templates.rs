//! Fills every template of the console in once, so that no mistake in one is first met by a person.

use super::acts;
use super::door::StaffSignInPage;
use super::home::list::{FAILED_IMPORTS, Failure as FailedImport, WorkPage, WorkPerson};
use super::home::{ConsoleHome, WorkLine};
use super::invitation::{InvitationForm, InvitationOverPage, InvitationPage};
use super::message::ConsoleMessage;
use super::method::StaffMethodPage;
use super::people;
use super::sign_out::ConsoleSignOut;
use super::{approvals, policy, reports, staff, terms, trail};
use crate::account::at_door::SignInForm;
use crate::account::gallery::{Gallery, field, is_complete, validator, wrong};
use crate::account::second_factor::method::methods;
use crate::auth::credentials::password;
use crate::auth::people::People as _;
use crate::base::clock::Clock;
use crate::base::ids::RequestId;
use crate::base::realm::Staff;
use crate::tenant::file::{EXAMPLE, parse};
use crate::web::error::Failure;
use crate::web::form::Field;
use crate::web::layers::FailureMessage;

fn fill_in_every_page() -> Gallery {
    let mut gallery = Gallery::new();
    home(&mut gallery);
    gallery.show(&StaffSignInPage::default());
    let form =
        SignInForm { errors: wrong(None), user_id: field(), password: field(), remember: false };
    gallery.show(&StaffSignInPage { notice: Some("お知らせ".to_owned()), form });
    for form in [InvitationForm::default(), wrong_invitation()] {
        gallery.show(&invitation(form));
    }
    for method in [Field::default(), field()] {
        let methods = methods::<Staff>(&parse(EXAMPLE).unwrap(), "totp");
        gallery.show(&StaffMethodPage { methods, errors: wrong(Some("method")), method });
    }
    gallery.show(&InvitationOverPage {});
    gallery.show(&ConsoleSignOut {});
    for failure in
        [Failure::NotFound, Failure::Refused, Failure::SessionExpired, Failure::Unexpected]
    {
        let id = RequestId::new(&Clock::System);
        gallery.show(&ConsoleMessage::from(FailureMessage::of(failure, id)));
    }
    approvals::samples::fill_in(&mut gallery);
    staff::samples::fill_in(&mut gallery);
    terms::samples::fill_in(&mut gallery);
    policy::samples::fill_in(&mut gallery);
    reports::samples::fill_in(&mut gallery);
    trail::samples::fill_in(&mut gallery);
    people::templates::show(&mut gallery);
    acts::templates::show(&mut gallery);
    gallery
}

fn home(gallery: &mut Gallery) {
    let kinds =
        ["approvals", "not-me", "locked", "undelivered", "ending-soon", FAILED_IMPORTS, "alerts"];
    for (open, is_empty) in [(true, false), (false, true)] {
        let line = |kind| WorkLine { kind, path: "/".into(), count: "99+".into(), is_empty };
        let work = kinds.map(line).into();
        gallery.show(&ConsoleHome { open, searches: open, work });
    }
    gallery.show(&ConsoleHome::default());
    for kind in ["not-me", "locked", "undelivered", "ending-soon"] {
        let next = Some("/".to_owned());
        let people = vec![WorkPerson::default(), WorkPerson::default()];
        gallery.show(&WorkPage { kind, people, next, ..WorkPage::default() });
    }
    let failures = vec![FailedImport { kind: "members.import".into(), at: "今日".into() }];
    gallery.show(&WorkPage { kind: FAILED_IMPORTS, failures, ..WorkPage::default() });
    gallery.show(&WorkPage { kind: "locked", ..WorkPage::default() });
}

fn wrong_invitation() -> InvitationForm {
    InvitationForm {
        errors: wrong(Some("user_id")),
        user_id: field(),
        password: field(),
        again: field(),
        method: field(),
    }
}

fn invitation(form: InvitationForm) -> InvitationPage {
    let config = parse(EXAMPLE).unwrap();
    InvitationPage {
        token: "token".to_owned(),
        name: "管理 <花子>".to_owned(),
        min: 3,
        max: 20,
        symbols: "- _".to_owned(),
        rules: password::list(&config, &Staff::password_rules(&config)),
        methods: methods::<Staff>(&config, ""),
        form,
    }
}

#[test]
fn every_page_of_the_console_can_be_filled_in() {
    is_complete(&fill_in_every_page(), &["console/"]);
}

#[test]
fn every_page_of_the_console_is_valid_html() {
    validator::find_nothing_wrong(&fill_in_every_page());
}
