//! 「セキュリティキーの登録」 (L6).

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::{Enroller, SettingUp, too_many};
use crate::account::at_door::AtDoor;
use crate::auth::factor::device::{self, Device, DeviceKind};
use crate::auth::factor::enrolled::Enrolled;
use crate::auth::factor::passkey;
use crate::auth::journey::Progress;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// The name that the page proposes.
const DEFAULT_NAME: &str = "パスキー";
const REFUSED: &str = "お使いの端末からの応答を確認できませんでした。もう一度お試しください。";
const NAME_TAKEN: &str = "同じ名前のパスキーがあります。別の名前を入力してください。";

#[derive(Debug, Default, Serialize)]
pub(crate) struct PasskeySetUpPage {
    pub(crate) progress: Option<Progress>,
    /// True among the settings.
    pub(crate) settings: bool,
    /// The request to the browser's authenticator, as JSON.
    pub(crate) options: String,
    pub(crate) failure: Option<&'static str>,
    pub(crate) form: PasskeySetUpForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct PasskeySetUpForm {
    pub(crate) errors: Vec<FormError>,
    /// The browser's answer, kept while a name is wrong.
    pub(crate) credential: Field,
    pub(crate) name: Field,
    pub(crate) everywhere: bool,
}

impl Page for PasskeySetUpPage {
    const TEMPLATE: &'static str = "account/second_factor/set_up/passkey.html";
}

#[derive(Debug, Deserialize)]
pub(crate) struct NewPasskey {
    credential: String,
    name: String,
    #[serde(default, deserialize_with = "ticked")]
    everywhere: bool,
}

pub(crate) async fn show<E: Enroller>(
    State(app): State<AppState>,
    person: E,
) -> Result<Response, WebError> {
    let setting_up = person.setting_up(DeviceKind::Passkey)?;
    let SettingUp { visitor, session, kind, .. } = &setting_up;
    let mut tx = visitor.begin(&app).await?;
    let known = device::list_of(&mut tx, session.login, *kind).await?;
    tx.commit().await?;
    let name = Field::with_value(&free_name(&known));
    page(&app, &setting_up, None, PasskeySetUpForm { name, ..PasskeySetUpForm::default() }).await
}

/// Returns 「パスキー」, or 「パスキー2」 for the second.
fn free_name(known: &[Device]) -> String {
    let taken = |name: &str| known.iter().any(|device| device.name == name);
    let numbered = (2..).map(|number| format!("{DEFAULT_NAME}{number}"));
    let mut names = std::iter::once(DEFAULT_NAME.to_owned()).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

pub(crate) async fn submit<E: Enroller>(
    State(app): State<AppState>,
    person: E,
    Form { fields: NewPasskey { credential, name, everywhere }, .. }: Form<NewPasskey, E::Realm>,
) -> Result<Response, WebError> {
    let setting_up = person.setting_up(DeviceKind::Passkey)?;
    let mut form = PasskeySetUpForm {
        errors: Vec::new(),
        credential: Field::with_value(&credential),
        name: Field::with_value(&name),
        everywhere,
    };
    let name = match device::read_name(&name, "パスキーの名前") {
        Ok(name) => name,
        Err(error) => {
            form.name = form.name.with_error(&error);
            return page(&app, &setting_up, None, form).await;
        }
    };
    let SettingUp { visitor, session, token, .. } = &setting_up;
    let mut tx = visitor.begin(&app).await?;
    let cx = app.context(&visitor.tenant);
    let enrolled = passkey::enrol(&mut tx, cx, session, token, &credential, &name).await?;
    let in_use = setting_up.commit(&app, tx, &enrolled, everywhere).await?;
    let mut failure = None;
    match enrolled {
        Enrolled::Done(token) => return setting_up.done(&app, &token, &name, in_use),
        Enrolled::NothingDue => return Ok(setting_up.onward().into_response()),
        Enrolled::Wrong => {
            form.credential = Field::default();
            failure = Some(REFUSED);
        }
        Enrolled::NameTaken => form.name = form.name.with_error(NAME_TAKEN),
        Enrolled::TooMany => form.name = form.name.with_error(&too_many()),
    }
    page(&app, &setting_up, failure, form).await
}

async fn page<R: AtDoor>(
    app: &App,
    setting_up: &SettingUp<R>,
    failure: Option<&'static str>,
    mut form: PasskeySetUpForm,
) -> Result<Response, WebError> {
    let SettingUp { visitor, session, progress, settings, .. } = setting_up;
    // While a name is wrong, the browser's answer waits with its challenge.
    let options = match form.credential.value.is_empty() {
        true => {
            let mut tx = visitor.begin(app).await?;
            let cx = app.context(&visitor.tenant);
            let options = passkey::begin_set_up(&mut tx, cx, session).await?;
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
