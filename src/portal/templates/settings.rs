//! The settings.

use crate::account::gallery::{Gallery, field, wrong};
use crate::account::second_factor::method::methods;
use crate::base::realm::Subscribers;
use crate::portal::settings::{profile, profile_email};
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::UserIdRules;

pub(super) fn show(gallery: &mut Gallery) {
    let config = parse(EXAMPLE).unwrap();
    gallery.show(&profile_email::ProfileEmailPage::default());
    gallery.show(&profile_email::ProfileEmailSentPage::default());
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
}
