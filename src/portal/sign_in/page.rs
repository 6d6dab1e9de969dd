//! Every sign-in begins on this page, and a sign-in that fails leads back to it.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::auth::factor::passkey::{Offer, Visit};
use crate::base::realm::Subscribers;
use crate::portal::opening;
use crate::portal::places::SIGN_IN;
use crate::web::error::WebError;
use crate::web::form::{Field, FormError};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::App;

pub(in crate::portal) const STALE: &str =
    "ページの有効期限が切れました。お手数ですが、もう一度入力してください。";
const TOO_MANY: &str = "ログインの失敗が続いたため、受け付けを一時的に止めています。しばらく時間をおいてから、もう一度お試しください。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SignInPage {
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
    pub(in crate::portal) fn of(app: &App, visitor: &Visitor) -> Result<Self, WebError> {
        let config = &visitor.tenant.config;
        let letter = config.first_sign_in.letter.as_ref();
        let passkey = match config.sign_in.passkey_alone {
            true => Some(visit(app, visitor, &visitor.passkey_secret()).offer::<Subscribers>()?),
            false => None,
        };
        Ok(Self {
            letter_days: letter.and_then(|letter| letter.expires_after_days),
            remember_days: config.sign_in.remember_days,
            passkey,
            maintenance: opening::announcement(app, &visitor.tenant),
            old_site_closes: opening::old_site_closes(config, app.clock.today()),
            ..Self::default()
        })
    }

    /// Shows the sign-in page after a sign-in that has to begin again.
    pub(in crate::portal) fn after(
        app: &App,
        visitor: Visitor,
        notice: &'static str,
    ) -> Result<Response, WebError> {
        let page = Self { notice: Some(notice.to_owned()), ..Self::of(app, &visitor)? };
        visitor.signed_out().page_at(app, SIGN_IN, StatusCode::UNPROCESSABLE_ENTITY, &page)
    }
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SignInForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) user_id: Field,
    pub(in crate::portal) password: Field,
    pub(in crate::portal) remember: bool,
}

impl Page for SignInPage {
    const TEMPLATE: &'static str = "portal/sign_in/page.html";
    const FRESH: &'static [&'static str] = &["passkey"];
}

/// Answers a person if there were too many wrong tries from one place, or at the whole union.
pub(in crate::portal) fn too_many(
    app: &App,
    visitor: &Visitor,
    form: SignInForm,
) -> Result<Response, WebError> {
    let page =
        SignInPage { notice: Some(TOO_MANY.to_owned()), form, ..SignInPage::of(app, visitor)? };
    visitor.page(app, StatusCode::TOO_MANY_REQUESTS, &page)
}

/// Returns the visit in which a passkey that signs in by itself is asked for.
pub(in crate::portal) fn visit<'v>(
    app: &'v App,
    visitor: &'v Visitor,
    secret: &'v str,
) -> Visit<'v> {
    Visit { sealer: &app.sealer, clock: &app.clock, tenant: &visitor.tenant, secret }
}
