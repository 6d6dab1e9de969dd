//! The top page, with the union's services (T10). Every sign-in ends here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::opening;
use crate::account::next::Next;
use crate::auth::session::Session;
use crate::base::email::masked;
use crate::base::realm::Subscribers;
use crate::portal::places::ONWARD;
use crate::portal::settings::passkey_offer;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct Home {
    /// The page on which a person in the middle of signing in continues.
    pub(super) resume: Option<&'static str>,
    /// The maintenance announced, if any (T13).
    pub(super) maintenance: Option<String>,
    /// The person's masked address, if mail to it bounced.
    pub(super) failed_address: Option<String>,
    /// Present if a passkey is offered.
    pub(super) passkey_offer: Option<PasskeyOffer>,
}

#[derive(Debug, Serialize)]
pub(super) struct PasskeyOffer {
    pub(super) alone: bool,
}

impl Page for Home {
    const TEMPLATE: &'static str = "portal/home.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    if let Some(next) =
        Next::<Subscribers>::waiting(&visitor.jar).filter(|_| visitor.complete_session().is_some())
    {
        let jar = visitor.jar.without_next();
        return Ok((jar, Redirect::to(next.path())).into_response());
    }
    let halfway = visitor.session().is_some() && visitor.complete_session().is_none();
    let offered = passkey_offer::is_due(&app, &visitor).await?;
    let alone = visitor.tenant.config.sign_in.passkey_alone;
    let passkey_offer = offered.then_some(PasskeyOffer { alone });
    let maintenance = opening::announcement(&app, &visitor.tenant);
    let resume = halfway.then_some(ONWARD);
    let failed_address = visitor.complete_session().and_then(Session::failed_email).map(masked);
    visitor.page(&app, StatusCode::OK, &Home { resume, maintenance, failed_address, passkey_offer })
}
