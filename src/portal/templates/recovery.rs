//! Recovery, and a closed portal.

use super::{Gallery, field, wrong};
use crate::auth::credentials::password;
use crate::portal::forgotten::{password as by_user_id, reset, user_id as by_birthdate};
use crate::portal::not_me::NotMePage;
use crate::portal::opening::UnderMaintenance;
use crate::portal::sign_in::{ClosedPage, HeldPage};
use crate::tenant::file::{EXAMPLE, parse};

pub(super) fn show(gallery: &mut Gallery) {
    for given in [true, false] {
        let form = by_user_id::ForgottenPasswordForm { errors: wrong(None), user_id: field() };
        gallery.show(&by_user_id::ForgottenPasswordPage { formula: given, letter: given, form });
        let (errors, birthdate, email) = (wrong(None), field(), field());
        let form = by_birthdate::ForgottenUserIdForm { errors, birthdate, email };
        gallery.show(&by_birthdate::ForgottenUserIdPage { formula: given, letter: given, form });
        let (errors, password, again) = (wrong(None), field(), field());
        let form = reset::ResetPasswordForm { errors, password, again, lost: given };
        let config = parse(EXAMPLE).unwrap();
        let rules = password::list(&config, &config.password);
        let token = "token".to_owned();
        let user_id = "taro".to_owned();
        gallery.show(&reset::ResetPasswordPage { token, user_id, rules, lost_device: given, form });
    }
    gallery.show(&reset::ResetOverPage {});
    gallery.show(&ClosedPage {
        lost_on: "2024年4月1日".into(), closed_on: "2026年3月31日".into()
    });
    gallery.show(&HeldPage {});
    for state in ["ask", "done", "expired", "invalid"] {
        gallery.show(&NotMePage { state, action: "/not-me?token=token".into() });
    }
    gallery.show(&UnderMaintenance { until: "2026年11月19日 22:00".into() });
}
