//! 「パスキーでログイン」 after the password (L6), or 「続行するには再度認証してください」 (S4) by a passkey, which proves both
//! factors at once.

use std::ops::ControlFlow;

use axum::extract::{Query, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{Addresses, OccasionView, Prover, Proving};
use crate::account::at_door::AtDoor;
use crate::account::next::{LeadsTo, Next};
use crate::account::places::{AGAIN_PASSKEY, PASSKEY};
use crate::account::words::PASSKEY_REFUSED;
use crate::auth::factor::passkey;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, summary};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

pub(crate) const PAGE: Addresses = Addresses { sign_in: PASSKEY, reauthentication: AGAIN_PASSKEY };

#[derive(Debug, Serialize)]
pub(crate) struct PasskeyPage {
    pub(crate) occasion: OccasionView,
    /// The request to the browser's authenticator, as JSON.
    pub(crate) options: String,
    pub(crate) form: PasskeyForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct PasskeyForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) credential: Field,
}

impl Page for PasskeyPage {
    const TEMPLATE: &'static str = "account/second_factor/prove/passkey.html";
    const FRESH: &'static [&'static str] = &["options"];
}

#[derive(Debug, Deserialize)]
#[serde(bound = "R: AtDoor")]
pub(crate) struct PasskeyProof<R> {
    #[serde(default)]
    next: Next<R>,
    credential: String,
}

pub(crate) async fn show<P: Prover>(
    State(app): State<AppState>,
    person: P,
    Query(LeadsTo { next }): Query<LeadsTo<P::Realm>>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::Passkey)?;
    page(&app, &proving, Field::default()).await
}

pub(crate) async fn submit<P: Prover>(
    State(app): State<AppState>,
    person: P,
    Form { fields: PasskeyProof { next, credential }, .. }: Form<PasskeyProof<P::Realm>, P::Realm>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::Passkey)?;
    let Proving { visitor, session, token, .. } = &proving;
    let mut tx = visitor.begin(&app).await?;
    let cx = app.context(&visitor.tenant);
    let proved = passkey::prove(&mut tx, cx, session, token, &credential).await?;
    tx.commit().await?;
    match proving.conclude(&app, proved)? {
        ControlFlow::Break(answer) => Ok(answer),
        ControlFlow::Continue(proving) => {
            page(&app, &proving, Field::default().with_error(PASSKEY_REFUSED)).await
        }
    }
}

async fn page<R: AtDoor>(
    app: &App,
    proving: &Proving<R>,
    credential: Field,
) -> Result<Response, WebError> {
    let Proving { visitor, session, occasion, .. } = proving;
    let mut tx = visitor.begin(app).await?;
    let options = passkey::begin_proof(&mut tx, app.context(&visitor.tenant), session).await?;
    tx.commit().await?;
    let errors = summary(&[("credential", &credential)]);
    let form = PasskeyForm { errors, credential };
    let page = PasskeyPage { occasion: occasion.view(PAGE), options, form };
    occasion.show(app, visitor, PAGE, &page.form.errors, &page)
}
