//! 「セキュリティキーの登録」 and 「パスキーでログイン」 (L6).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::auth::account_changed::Change;
use crate::auth::factor::device::{self, Device, Kind};
use crate::auth::factor::method;
use crate::auth::factor::passkey::{self, Answer};
use crate::auth::journey::{Progress, Step};
use crate::auth::session;
use crate::portal::onward::go_on;
use crate::portal::places::ONWARD;
use crate::portal::second_factor::set_up::{SettingUp, too_many};
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::{Fresh, SigningIn, Subscriber};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// What a passkey is called where the person has no better name.
const DEFAULT_NAME: &str = "パスキー";
const SET_UP_REFUSED: &str =
    "お使いの端末からの応答を確認できませんでした。もう一度お試しください。";
pub(in crate::portal) const REFUSED: &str =
    "パスキーを確認できませんでした。もう一度お試しください。";
const NAME_TAKEN: &str = "同じ名前のパスキーがあります。別の名前を入力してください。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct PasskeySetUpPage {
    pub(in crate::portal) progress: Option<Progress>,
    /// Whether another passkey is made among the settings.
    pub(in crate::portal) settings: bool,
    /// What the browser is asked, as JSON.
    pub(in crate::portal) options: String,
    pub(in crate::portal) failure: Option<&'static str>,
    pub(in crate::portal) form: PasskeySetUpForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct PasskeySetUpForm {
    pub(in crate::portal) errors: Vec<FormError>,
    /// The browser's answer, kept while a name is wrong.
    pub(in crate::portal) credential: Field,
    pub(in crate::portal) name: Field,
    pub(in crate::portal) everywhere: bool,
}

impl Page for PasskeySetUpPage {
    const TEMPLATE: &'static str = "portal/passkey_set_up.html";
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct PasskeyPage {
    pub(in crate::portal) options: String,
    pub(in crate::portal) form: PasskeyForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct PasskeyForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) credential: Field,
}

impl Page for PasskeyPage {
    const TEMPLATE: &'static str = "portal/passkey.html";
    const FRESH: &'static [&'static str] = &["options"];
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct SetUp {
    credential: String,
    name: String,
    #[serde(default, deserialize_with = "ticked")]
    everywhere: bool,
}

pub(in crate::portal) async fn set_up(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    begin(&app, &SettingUp::at(signing_in, Step::PasskeySetUp)?).await
}

pub(in crate::portal) async fn set_up_another(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
) -> Result<Response, WebError> {
    begin(&app, &SettingUp::among_settings(fresh, SecondFactor::Passkey)?).await
}

async fn begin(app: &App, setting_up: &SettingUp) -> Result<Response, WebError> {
    let mut tx = setting_up.visitor.begin(app).await?;
    let known = device::list(&mut tx, setting_up.session.login, Kind::Passkey).await?;
    tx.commit().await?;
    let name = Field::with_value(&free_name(&known));
    let form = PasskeySetUpForm { name, ..PasskeySetUpForm::default() };
    set_up_page(app, setting_up, None, form).await
}

/// 「パスキー」, or 「パスキー2」 for the second.
fn free_name(known: &[Device]) -> String {
    let taken = |name: &str| known.iter().any(|device| device.name == name);
    let numbered = (2..).map(|number| format!("{DEFAULT_NAME}{number}"));
    let mut names = std::iter::once(DEFAULT_NAME.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

pub(in crate::portal) async fn finish_set_up(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<SetUp>,
) -> Result<Response, WebError> {
    finish(&app, SettingUp::at(signing_in, Step::PasskeySetUp)?, fields).await
}

pub(in crate::portal) async fn finish_another(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
    Form { fields, .. }: Form<SetUp>,
) -> Result<Response, WebError> {
    finish(&app, SettingUp::among_settings(fresh, SecondFactor::Passkey)?, fields).await
}

async fn finish(app: &App, setting_up: SettingUp, fields: SetUp) -> Result<Response, WebError> {
    let SettingUp { visitor, session, token, .. } = &setting_up;
    let mut form = PasskeySetUpForm {
        errors: Vec::new(),
        credential: Field::with_value(&fields.credential),
        name: Field::with_value(&fields.name),
        everywhere: fields.everywhere,
    };
    let name = match device::read_name(&fields.name, "パスキーの名前") {
        Ok(name) => name,
        Err(error) => {
            form.name = form.name.with_error(&error);
            return set_up_page(app, &setting_up, None, form).await;
        }
    };
    let tenant = &visitor.tenant;
    let mut tx = visitor.begin(app).await?;
    let answer = passkey::finish_set_up(
        &mut tx,
        app.context(tenant),
        session,
        token,
        &fields.credential,
        &name,
    )
    .await?;
    if setting_up.is_told() && matches!(answer, Answer::Done(_)) {
        Change::PasskeyAdded.tell(&mut tx, app.context(tenant), session).await?;
    }
    // Nothing is due to a double click's second request; what it promises holds for it, too.
    if fields.everywhere && matches!(answer, Answer::Done(_) | Answer::NothingDue) {
        session::end_others(&mut tx, &app.clock, session.login, Some(session.id)).await?;
    }
    let method = SecondFactor::Passkey;
    let in_use = method::is_in_use(&mut tx, session.login, method).await?;
    tx.commit().await?;
    match answer {
        Answer::Done(token) => setting_up.done(app, &token, &name, (method, in_use)),
        Answer::NothingDue => Ok(setting_up.onward().into_response()),
        Answer::Refused | Answer::Locked => {
            form.credential = Field::default();
            set_up_page(app, &setting_up, Some(SET_UP_REFUSED), form).await
        }
        Answer::NameTaken => {
            form.name = form.name.with_error(NAME_TAKEN);
            set_up_page(app, &setting_up, None, form).await
        }
        Answer::TooMany => {
            form.name = form.name.with_error(&too_many());
            set_up_page(app, &setting_up, None, form).await
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Proof {
    credential: String,
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &signing_in.at(Step::Passkey)?, Field::default()).await
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Proof>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Passkey)?;
    let SigningIn { visitor, session, token, .. } = &signing_in;
    let tenant = &visitor.tenant;
    let mut tx = visitor.begin(&app).await?;
    let answer =
        passkey::finish_sign_in(&mut tx, app.context(tenant), session, token, &fields.credential)
            .await?;
    tx.commit().await?;
    match answer {
        Answer::Done(token) => Ok(go_on(&app, signing_in.visitor, &token)),
        Answer::NothingDue => Ok(Redirect::to(ONWARD).into_response()),
        Answer::Locked => SignInPage::after(&app, signing_in.visitor, LOCKED),
        Answer::Refused | Answer::NameTaken | Answer::TooMany => {
            page(&app, &signing_in, Field::default().with_error(REFUSED)).await
        }
    }
}

async fn set_up_page(
    app: &App,
    setting_up: &SettingUp,
    failure: Option<&'static str>,
    mut form: PasskeySetUpForm,
) -> Result<Response, WebError> {
    let SettingUp { visitor, session, progress, settings, .. } = setting_up;
    // While a name is wrong, the browser's answer waits with its challenge.
    let options = match form.credential.value.is_empty() {
        true => {
            let mut tx = visitor.begin(app).await?;
            let options =
                passkey::begin_set_up(&mut tx, app.context(&visitor.tenant), session).await?;
            tx.commit().await?;
            options
        }
        false => String::new(),
    };
    form.errors = summary(&[("name", &form.name)]);
    let page =
        PasskeySetUpPage { progress: *progress, settings: *settings, options, failure, form };
    visitor.page(app, status_of(&page.form.errors), &page)
}

async fn page(app: &App, signing_in: &SigningIn, credential: Field) -> Result<Response, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let mut tx = visitor.begin(app).await?;
    let options = passkey::begin_sign_in(&mut tx, app.context(&visitor.tenant), session).await?;
    tx.commit().await?;
    let errors = summary(&[("credential", &credential)]);
    let page = PasskeyPage { options, form: PasskeyForm { errors, credential } };
    visitor.page(app, status_of(&page.form.errors), &page)
}
