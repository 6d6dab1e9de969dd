//! 「KOSMO Communication Web 利用規約」 (F3), and the same after an update (L8).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize, Serializer};

use crate::auth::first_sign_in::consent;
use crate::auth::journey::{Progress, Step};
use crate::base::clock::jst;
use crate::base::ids::TermsId;
use crate::base::japanese::day;
use crate::db::actor::Client;
use crate::portal::places::ONWARD;
use crate::tenant::terms::TermsVersion;
use crate::web::error::WebError;
use crate::web::form::Form;
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::prose::Shelf;
use crate::web::state::{App, AppState};

/// Shown if new terms came into force between showing and agreeing.
pub(super) const NEWER: &str =
    "利用規約が新しくなりました。新しい内容をご確認のうえ、あらためて同意してください。";

#[derive(Debug, Serialize)]
pub(super) struct TermsPage {
    pub(super) progress: Option<Progress>,
    pub(super) terms: TermsText,
    pub(super) updated: bool,
    pub(super) notice: Option<&'static str>,
}

/// A version as pages show it.
#[derive(Debug, Serialize)]
pub(super) struct TermsText {
    id: TermsId,
    effective: String,
    #[serde(serialize_with = "as_str")]
    html: Arc<str>,
}

/// serde serialises an `Arc` only with an extra feature.
fn as_str<S: Serializer>(html: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(html)
}

impl TermsText {
    pub(super) fn of(prose: &Shelf, version: &TermsVersion) -> Self {
        Self {
            id: version.id,
            effective: day(jst(version.effective_at).date_naive()),
            html: prose.html(version.id, &version.body),
        }
    }
}

impl Page for TermsPage {
    const TEMPLATE: &'static str = "portal/terms.html";
    const FRESH: &'static [&'static str] = &["terms"];
}

#[derive(Debug, Deserialize)]
pub(super) struct Agreement {
    /// The version that was shown.
    terms: TermsId,
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &signing_in.at(Step::Terms)?, None).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    client: Client,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Agreement>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Terms)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    if visitor.tenant.terms.in_force(app.clock.now()).id != fields.terms {
        return page(&app, &signing_in, Some(NEWER)).await;
    }
    let mut tx = visitor.begin(&app).await?;
    consent::agree(&mut tx, &app.clock, session.login, fields.terms, &client).await?;
    tx.commit().await?;
    Ok(Redirect::to(ONWARD).into_response())
}

async fn page(
    app: &App,
    signing_in: &SigningIn,
    notice: Option<&'static str>,
) -> Result<Response, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let mut tx = visitor.begin(app).await?;
    let updated = consent::has_agreed_before(&mut tx, session.login).await?;
    tx.commit().await?;
    let terms = TermsText::of(&app.prose, visitor.tenant.terms.in_force(app.clock.now()));
    let page = TermsPage { progress: signing_in.progress(), terms, updated, notice };
    visitor.page(app, StatusCode::OK, &page)
}
