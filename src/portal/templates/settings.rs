//! The settings.

use crate::account::gallery::{Gallery, field, wrong};
use crate::account::second_factor::method::methods;
use crate::base::realm::Subscribers;
use crate::portal::settings::who_looked::WhoLookedPage;
use crate::portal::settings::{profile, profile_email};
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::UserIdRules;
use crate::web::trail::TrailLineView;

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
    gallery.show(&WhoLookedPage::default());
    let looked = |action: &str, roles: Option<&str>| TrailLineView {
        at: "2026年11月29日".into(),
        actor_kind: "staff".into(),
        roles: roles.map(str::to_owned),
        action: action.into(),
        person: Some("あなた".into()),
        outcome: "ok".into(),
        ..TrailLineView::default()
    };
    gallery.show(&WhoLookedPage {
        lines: vec![looked("person.view", Some("編集")), looked("account.unlocked", None)],
        later: true,
        older: Some("/who-looked?before=1-2&amp=b".into()),
        months: 13,
    });
}
