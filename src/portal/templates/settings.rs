//! The settings.

use super::{Gallery, field, wrong};
use crate::account::reauthenticate::{PasswordForm, PasswordPage};
use crate::account::second_factor::method::methods;
use crate::account::sessions::{SessionLine, SessionsPage, TryLine};
use crate::account::sign_in_methods::{DeletePage, DeviceLine, Devices, MethodsPage};
use crate::base::realm::Subscribers;
use crate::portal::settings::{profile, profile_email};
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::UserIdRules;

pub(super) fn show(gallery: &mut Gallery) {
    let config = parse(EXAMPLE).unwrap();
    gallery.show(&PasswordPage::default());
    gallery.show(&profile_email::ProfileEmailPage::default());
    gallery.show(&profile_email::ProfileEmailSentPage::default());
    gallery.show(&MethodsPage::default());
    let form = PasswordForm { errors: wrong(None), password: field() };
    let (next, user_id) = ("/".into(), "taro".into());
    gallery.show(&PasswordPage { next, user_id, recovery: true, form });
    for changeable in [true, false] {
        let rules = UserIdRules { changeable, ..config.user_id.clone() };
        gallery.show(&profile::ProfilePage {
            rules: (&rules).into(),
            email: changeable.then(|| "taro@example.jp".into()),
            was: "taro".into(),
            name: "テスト　太郎".into(),
            temporary: changeable,
            methods: if changeable { methods::<Subscribers>(&config, "totp") } else { Vec::new() },
            form: profile::ProfileForm { errors: wrong(None), user_id: field(), method: field() },
        });
    }
    let devices = || Devices {
        devices: vec![DeviceLine { id: "1".into(), name: "<b>".into(), created: "今日".into() }],
    };
    gallery.show(&MethodsPage {
        password_set: "2024年10月24日 15:59".into(),
        totp: Some(devices()),
        passkeys: Some(Devices::default()),
        email_code: true,
        method_label: Some("生体認証"),
    });
    gallery.show(&SessionsPage::default());
    gallery.show(&SessionsPage {
        sessions: vec![SessionLine { this: true, ..Default::default() }, SessionLine::default()],
        others: true,
        tries: vec![TryLine { accepted: true, ..Default::default() }, TryLine::default()],
    });
    for kind in ["totp", "passkey"] {
        let (name, action) = ("iphone17".to_owned(), "/".to_owned());
        gallery.show(&DeletePage { kind, name, action, falls_back: kind == "totp" });
    }
}
