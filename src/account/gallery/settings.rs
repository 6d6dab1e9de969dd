//! The pages among the settings.

use super::{Gallery, field, wrong};
use crate::account::reauthenticate::{PasswordForm, PasswordPage};
use crate::account::sessions::{SessionLine, SessionsPage, TryLine};
use crate::account::sign_in_methods::{DeletePage, DeviceLine, Devices, MethodsPage};

pub(super) fn show(gallery: &mut Gallery) {
    gallery.show(&PasswordPage::default());
    gallery.show(&MethodsPage::default());
    let form = PasswordForm { errors: wrong(None), password: field() };
    let (next, user_id) = ("/".into(), "taro".into());
    gallery.show(&PasswordPage { next, user_id, recovery: true, form });
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
