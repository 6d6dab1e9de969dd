//! Second factors: each page on each occasion, as it comes and with something wrong everywhere.

use super::{Gallery, PROGRESS, field, wrong};
use crate::account::next::Next;
use crate::account::second_factor::method::{MethodForm, MethodPage, methods};
use crate::account::second_factor::prove::{
    CodeForm, Occasion, email_code, passkey, recovery_code, totp,
};
use crate::account::second_factor::set_up::passkey::{PasskeySetUpForm, PasskeySetUpPage};
use crate::account::second_factor::set_up::recovery_codes::RecoveryCodesPage;
use crate::account::second_factor::set_up::totp::{TotpSetUpForm, TotpSetUpPage};
use crate::base::realm::Subscribers;

use crate::tenant::file::{EXAMPLE, parse};

pub(super) fn show(gallery: &mut Gallery) {
    gallery.show(&MethodPage::default());
    let policy = parse(EXAMPLE).unwrap();
    let form = MethodForm { errors: wrong(None), method: field() };
    gallery.show(&MethodPage { methods: methods::<Subscribers>(&policy, ""), form });
    let again = Occasion::Reauthentication(Next::from("/sessions".to_owned()));
    for occasion in [Occasion::SignIn, again] {
        for is_wrong in [false, true] {
            prove(gallery, &occasion, is_wrong);
        }
    }
    set_up(gallery);
}

fn prove(gallery: &mut Gallery, occasion: &Occasion<Subscribers>, is_wrong: bool) {
    let policy = parse(EXAMPLE).unwrap();
    let errors = || if is_wrong { wrong(None) } else { Vec::new() };
    let field = || if is_wrong { field() } else { Default::default() };
    for address in ["t***@example.jp", ""] {
        gallery.show(&email_code::EmailCodePage {
            occasion: occasion.view(email_code::PAGE),
            resend: "/",
            progress: PROGRESS.filter(|_| is_wrong),
            address: address.to_owned(),
            failed: is_wrong && !address.is_empty(),
            minutes: 10,
            notice: is_wrong.then(|| "送信".to_owned()),
            form: CodeForm { errors: errors(), code: field() },
        });
    }
    gallery.show(&totp::TotpPage {
        occasion: occasion.view(totp::PAGE),
        devices: if is_wrong { methods::<Subscribers>(&policy, "") } else { Vec::new() },
        form: totp::TotpForm { errors: errors(), code: field(), device: field() },
    });
    gallery.show(&passkey::PasskeyPage {
        occasion: occasion.view(passkey::PAGE),
        options: "{}".to_owned(),
        form: passkey::PasskeyForm { errors: errors(), credential: field() },
    });
    gallery.show(&recovery_code::RecoveryCodePage {
        occasion: occasion.view(recovery_code::PAGE),
        form: CodeForm { errors: errors(), code: field() },
    });
}

fn set_up(gallery: &mut Gallery) {
    gallery.show(&TotpSetUpPage::default());
    let form = TotpSetUpForm { errors: wrong(None), code: field(), ..Default::default() };
    gallery.show(&TotpSetUpPage {
        progress: None,
        settings: true,
        key: "ABCD".into(),
        url: "otpauth://".into(),
        form,
    });
    gallery.show(&PasskeySetUpPage::default());
    let form = PasskeySetUpForm {
        errors: wrong(None),
        credential: field(),
        name: field(),
        everywhere: true,
    };
    gallery.show(&PasskeySetUpPage {
        progress: None,
        settings: true,
        options: "{}".to_owned(),
        failure: Some("失敗"),
        form,
    });
    for (left, codes) in [(0, Vec::new()), (3, Vec::new()), (10, vec!["abcd-efgh".to_owned()])] {
        gallery.show(&RecoveryCodesPage { left, made_at: 0, codes });
    }
}
