//! Every sign-in begins on this page, and a sign-in that fails leads back to it.

use serde::Serialize;

use crate::account::at_door::SignInForm;
use crate::auth::factor::passkey::{Offer, Visit};
use crate::base::realm::Subscribers;
use crate::portal::opening;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::App;

#[derive(Debug, Default, Serialize)]
pub(crate) struct SignInPage {
    pub(in crate::portal) notice: Option<String>,
    /// The number of days for which a letter's password is valid.
    pub(in crate::portal) letter_days: Option<u16>,
    /// The last day of the union's old site. It is `None` once that day is over (T14).
    pub(in crate::portal) old_site_closes: Option<String>,
    /// The announcement of a maintenance that comes soon or is going on (T13).
    pub(in crate::portal) maintenance: Option<String>,
    /// The number of days for which ログイン状態の保存 lasts (L11). It is `None` if the union does not offer it.
    pub(in crate::portal) remember_days: Option<u16>,
    /// The challenge for a passkey that signs in by itself (L6). It is `None` if the union does not offer that.
    pub(in crate::portal) passkey: Option<Offer>,
    pub(in crate::portal) form: SignInForm,
}

impl SignInPage {
    pub(in crate::portal) fn of(
        app: &App,
        visitor: &Visitor,
        notice: Option<&str>,
        form: SignInForm,
    ) -> Result<Self, WebError> {
        let config = &visitor.tenant.config;
        let letter = config.first_sign_in.letter.as_ref();
        let passkey = match config.sign_in.passkey_alone {
            true => Some(visit(app, visitor, &visitor.passkey_secret()).offer::<Subscribers>()?),
            false => None,
        };
        Ok(Self {
            notice: notice.map(str::to_owned),
            form,
            letter_days: letter.and_then(|letter| letter.expires_after_days),
            remember_days: config.sign_in.remember_days,
            passkey,
            maintenance: opening::announcement(app, &visitor.tenant),
            old_site_closes: opening::old_site_closes(config, app.clock.today()),
        })
    }
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "portal/sign_in/page.html";
    const FRESH: &'static [&'static str] = &["passkey"];
}

/// The page says 「ご利用期間が終了しました」.
#[derive(Debug, Serialize)]
pub(crate) struct ClosedPage {
    pub(in crate::portal) lost_on: String,
    pub(in crate::portal) closed_on: String,
}

impl Page for ClosedPage {
    const TEMPLATE: &'static str = "portal/sign_in/closed.html";
}

/// The page says that the account is held, to a person whose password was right.
#[derive(Debug, Serialize)]
pub(crate) struct HeldPage {}

impl Page for HeldPage {
    const TEMPLATE: &'static str = "portal/sign_in/held.html";
}

/// Returns the visit in which a passkey that signs in by itself is asked for.
pub(in crate::portal) fn visit<'v>(
    app: &'v App,
    visitor: &'v Visitor,
    secret: &'v str,
) -> Visit<'v> {
    Visit { sealer: &app.sealer, clock: &app.clock, tenant: &visitor.tenant, secret }
}
