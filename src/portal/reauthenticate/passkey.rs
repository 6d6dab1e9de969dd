//! A passkey, which proves both at once.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::due::{Asked, at, done};
use crate::auth::factor::passkey::{self, Answer};
use crate::portal::next::Next;
use crate::portal::places::AGAIN_PASSKEY;
use crate::portal::second_factor::passkey::REFUSED;
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct PasskeyAgainPage {
    pub(in crate::portal) next: String,
    pub(in crate::portal) options: String,
    pub(in crate::portal) form: PasskeyAgainForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct PasskeyAgainForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) credential: Field,
}

impl Page for PasskeyAgainPage {
    const TEMPLATE: &'static str = "portal/reauthenticate/passkey.html";
    const FRESH: &'static [&'static str] = &["options"];
}

#[derive(Debug, Deserialize)]
pub(super) struct Proof {
    next: Next,
    credential: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Query(Asked { next }): Query<Asked>,
) -> Result<Response, WebError> {
    match at(&app, subscriber, &next, SecondFactor::Passkey) {
        Ok(subscriber) => page(&app, &subscriber, &next, Field::default()).await,
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

pub(super) async fn submit(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Form { fields: Proof { next, credential }, .. }: Form<Proof>,
) -> Result<Response, WebError> {
    let subscriber = match at(&app, subscriber, &next, SecondFactor::Passkey) {
        Ok(subscriber) => subscriber,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let Subscriber { visitor, session, token } = &subscriber;
    let tenant = &visitor.tenant;
    let mut tx = visitor.begin(&app).await?;
    let answer =
        passkey::finish_sign_in(&mut tx, app.context(tenant), session, token, &credential).await?;
    tx.commit().await?;
    match answer {
        Answer::Done(token) => Ok(done(&app, subscriber.visitor, &token, &next)),
        Answer::NothingDue => Ok(Redirect::to(next.path()).into_response()),
        Answer::Locked => SignInPage::after(&app, subscriber.visitor, LOCKED),
        Answer::Refused | Answer::NameTaken | Answer::TooMany => {
            let refused = Field::default().with_error(REFUSED);
            page(&app, &subscriber, &next, refused).await
        }
    }
}

async fn page(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    next: &Next,
    credential: Field,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(app).await?;
    let options = passkey::begin_sign_in(&mut tx, app.context(&visitor.tenant), session).await?;
    tx.commit().await?;
    let errors = summary(&[("credential", &credential)]);
    let form = PasskeyAgainForm { errors, credential };
    let page = PasskeyAgainPage { next: next.path().to_owned(), options, form };
    visitor.page_at(app, &next.after(AGAIN_PASSKEY), status_of(&page.form.errors), &page)
}
