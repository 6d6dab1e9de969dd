//! 「パスワードの更新」: the first own password (F9), or one in place of an old one (G5).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::auth::journey::{Progress, Step};
use crate::auth::password::{self, Flaw, Rule};
use crate::auth::registration::Choice;
use crate::auth::session::Session;
use crate::base::secret::PlainToken;
use crate::portal::{ONWARD, sign_in_methods};
use crate::tenant::policy::PasswordRules;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{Fresh, SigningIn, Subscriber, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(super) struct NewPasswordPage {
    pub(super) progress: Option<Progress>,
    pub(super) expired: bool,
    /// Whether it is changed among the settings (S7).
    pub(super) settings: bool,
    pub(super) user_id: String,
    pub(super) rules: Vec<Rule>,
    pub(super) form: NewPasswordForm,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct NewPasswordForm {
    pub(super) errors: Vec<FormError>,
    pub(super) password: Field,
    pub(super) again: Field,
}

impl Page for NewPasswordPage {
    const TEMPLATE: &'static str = "portal/new_password.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct NewPassword {
    password: SecretString,
    again: SecretString,
}

/// Who chooses a password.
struct Choosing {
    visitor: Visitor,
    session: Session,
    token: PlainToken,
    settings: bool,
}

impl Choosing {
    fn at(signing_in: SigningIn) -> Result<Self, WebError> {
        let signing_in = match signing_in.step {
            Step::NewPassword => signing_in,
            _ => signing_in.at(Step::OwnPassword)?,
        };
        let SigningIn { visitor, session, token, .. } = signing_in;
        Ok(Self { visitor, session, token, settings: false })
    }

    fn among_settings(Fresh(subscriber): Fresh<Subscriber>) -> Self {
        let Subscriber { visitor, session, token } = subscriber;
        Self { visitor, session, token, settings: true }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &Choosing::at(signing_in)?, NewPasswordForm::default())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<NewPassword>,
) -> Result<Response, WebError> {
    choose(&app, Choosing::at(signing_in)?, fields).await
}

pub(super) async fn show_change(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
) -> Result<Response, WebError> {
    page(&app, &Choosing::among_settings(fresh), NewPasswordForm::default())
}

pub(super) async fn submit_change(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
    Form { fields, .. }: Form<NewPassword>,
) -> Result<Response, WebError> {
    choose(&app, Choosing::among_settings(fresh), fields).await
}

async fn choose(app: &App, choosing: Choosing, fields: NewPassword) -> Result<Response, WebError> {
    let Choosing { visitor, session, token, settings } = &choosing;
    let onward = if *settings { sign_in_methods::PAGE } else { ONWARD };
    let mut form = NewPasswordForm::default();
    if let Some(error) = typed_wrong(&fields.password, &fields.again) {
        error.put(&mut form.password, &mut form.again);
        return page(app, &choosing, form);
    }
    let choice =
        app.sign_in().choose_password(&visitor.tenant, session, token, &fields.password).await?;
    match choice {
        Choice::Done(token) => {
            let jar = choosing.visitor.renewed(app, &token);
            Ok((jar, Redirect::to(onward)).into_response())
        }
        Choice::NothingDue => Ok(Redirect::to(onward).into_response()),
        Choice::Refused(flaws) => {
            form.password.error = Some(messages(&visitor.tenant.config.password, &flaws));
            page(app, &choosing, form)
        }
    }
}

/// What is wrong with the two fields before any rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TypedWrong {
    Nothing,
    NotAgain,
    Differently,
}

impl TypedWrong {
    pub(super) fn put(self, password: &mut Field, again: &mut Field) {
        let (field, message) = match self {
            Self::Nothing => (password, "パスワードを入力してください。"),
            Self::NotAgain => (again, "確認のため、パスワードをもう一度入力してください。"),
            Self::Differently => {
                (again, "パスワードが一致していません。同じものを入力してください。")
            }
        };
        field.error = Some(message.to_owned());
    }
}

pub(super) fn typed_wrong(password: &SecretString, again: &SecretString) -> Option<TypedWrong> {
    match (password.expose_secret(), again.expose_secret()) {
        ("", _) => Some(TypedWrong::Nothing),
        (_, "") => Some(TypedWrong::NotAgain),
        (password, again) if password != again => Some(TypedWrong::Differently),
        _ => None,
    }
}

/// One line a flaw.
pub(super) fn messages(rules: &PasswordRules, flaws: &[Flaw]) -> String {
    flaws.iter().map(|flaw| flaw.message(rules)).collect::<Vec<_>>().join("\n")
}

fn page(app: &App, choosing: &Choosing, mut form: NewPasswordForm) -> Result<Response, WebError> {
    let Choosing { visitor, session, settings, .. } = choosing;
    form.errors = summary(&[("password", &form.password), ("again", &form.again)]);
    let page = NewPasswordPage {
        progress: visitor.progress(),
        expired: session.facts().own_password && !settings,
        settings: *settings,
        user_id: session.user_id.clone(),
        rules: password::list(&visitor.tenant.config.password),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
