//! 「パスワードの更新」 sets a person's first own password (F9), or a new one in place of an old one (G5).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::at_door::AtDoor;
use super::places::{METHODS, ONWARD};
use crate::auth::credentials::password::{self, Flaw, PasswordRule};
use crate::auth::first_sign_in::registration::PasswordChoice;
use crate::auth::journey::{Progress, Step};
use crate::auth::session::Session;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::tenant::policy::TenantConfig;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{Fresh, SignedIn, SigningIn, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const CHANGED: &str = "パスワードを更新しました。次回から新しいパスワードでログインしてください。ほかのデバイスからはすべてサインアウトしました。";

#[derive(Debug, Default, Serialize)]
pub(crate) struct NewPasswordPage {
    pub(crate) progress: Option<Progress>,
    pub(crate) expired: bool,
    /// True if the password is changed on the settings page (S7).
    pub(crate) settings: bool,
    pub(crate) user_id: String,
    pub(crate) rules: Vec<PasswordRule>,
    pub(crate) form: NewPasswordForm,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct NewPasswordForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) password: Field,
    pub(crate) again: Field,
}

impl NewPasswordForm {
    fn fields(&mut self) -> TwoFields<'_> {
        TwoFields { password: &mut self.password, again: &mut self.again }
    }
}

impl Page for NewPasswordPage {
    const TEMPLATE: &'static str = "account/new_password.html";
}

#[derive(Debug, Deserialize)]
pub(crate) struct NewPassword {
    password: SecretString,
    again: SecretString,
}

/// The person who chooses a password.
struct Choosing<R: AtDoor> {
    visitor: Visitor<R>,
    session: Session<R>,
    token: PlainToken,
    settings: bool,
}

impl Choosing<Subscribers> {
    fn at(signing_in: SigningIn) -> Result<Self, WebError> {
        let signing_in = match signing_in.step {
            Step::NewPassword => signing_in,
            _ => signing_in.at(Step::OwnPassword)?,
        };
        let SigningIn { visitor, session, token, .. } = signing_in;
        Ok(Self { visitor, session, token, settings: false })
    }
}

impl<R: AtDoor> Choosing<R> {
    fn among_settings(Fresh(person): Fresh<SignedIn<R>>) -> Self {
        let SignedIn { visitor, session, token } = person;
        Self { visitor, session, token, settings: true }
    }
}

pub(crate) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &Choosing::at(signing_in)?, NewPasswordForm::default())
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<NewPassword>,
) -> Result<Response, WebError> {
    choose(&app, Choosing::at(signing_in)?, fields).await
}

pub(crate) async fn show_change<R: AtDoor>(
    State(app): State<AppState>,
    fresh: Fresh<SignedIn<R>>,
) -> Result<Response, WebError> {
    page(&app, &Choosing::among_settings(fresh), NewPasswordForm::default())
}

pub(crate) async fn submit_change<R: AtDoor>(
    State(app): State<AppState>,
    fresh: Fresh<SignedIn<R>>,
    Form { fields, .. }: Form<NewPassword, R>,
) -> Result<Response, WebError> {
    choose(&app, Choosing::among_settings(fresh), fields).await
}

async fn choose<R: AtDoor>(
    app: &App,
    choosing: Choosing<R>,
    fields: NewPassword,
) -> Result<Response, WebError> {
    let Choosing { visitor, session, token, settings } = &choosing;
    let onward = if *settings { METHODS } else { ONWARD };
    let mut form = NewPasswordForm::default();
    let user_id = &session.user_id;
    let twice = TypedTwice { password: &fields.password, again: &fields.again };
    if twice.is_refused(app, visitor, (user_id, user_id), &mut form.fields()).await? {
        return page(app, &choosing, form);
    }
    let choice = visitor
        .sign_in(app)
        .choose_password(&visitor.tenant, session, token, &fields.password)
        .await?;
    match choice {
        PasswordChoice::Done(token) => {
            let jar = visitor.clone().renewed(app, &token);
            match settings {
                true => visitor.say(app, jar, onward, CHANGED),
                false => Ok((jar, Redirect::to(onward)).into_response()),
            }
        }
        PasswordChoice::NothingDue => Ok(Redirect::to(onward).into_response()),
        PasswordChoice::Refused(flaws) => {
            form.password.error = Some(messages::<R>(&visitor.tenant.config, &flaws));
            page(app, &choosing, form)
        }
    }
}

/// A new password, as it was typed into the two fields.
#[derive(Clone, Copy)]
pub(crate) struct TypedTwice<'t> {
    pub(crate) password: &'t SecretString,
    pub(crate) again: &'t SecretString,
}

/// The two fields, as the form shows them again.
pub(crate) struct TwoFields<'f> {
    pub(crate) password: &'f mut Field,
    pub(crate) again: &'f mut Field,
}

impl TypedTwice<'_> {
    pub(crate) fn is_empty(self) -> bool {
        self.password.expose_secret().is_empty() && self.again.expose_secret().is_empty()
    }

    /// Returns true if the password is empty or the two fields differ, and puts the reason into the fields. If they
    /// differ, the flaws of the password itself are shown, too, so that the person is not sent back a second time.
    /// The first of `ids` is the user ID that goes with the password, and the second is the present one.
    pub(crate) async fn is_refused<R: AtDoor>(
        self,
        app: &App,
        visitor: &Visitor<R>,
        ids: (&str, &str),
        fields: &mut TwoFields<'_>,
    ) -> Result<bool, WebError> {
        let wrong = match (self.password.expose_secret(), self.again.expose_secret()) {
            ("", _) => {
                fields.password.error = Some("パスワードを入力してください。".to_owned());
                return Ok(true);
            }
            (password, again) if password == again => return Ok(false),
            (_, "") => "確認のため、パスワードをもう一度入力してください。",
            _ => "パスワードが一致していません。同じものを入力してください。",
        };
        fields.again.error = Some(wrong.to_owned());
        fields.password.error = self.flaws(app, visitor, ids).await?;
        Ok(true)
    }

    /// Returns a message about the union's rules that the password breaks. Returns `None` if it breaks none.
    pub(crate) async fn flaws<R: AtDoor>(
        self,
        app: &App,
        visitor: &Visitor<R>,
        (user_id, current): (&str, &str),
    ) -> Result<Option<String>, WebError> {
        let tenant = &visitor.tenant;
        let flaws =
            visitor.sign_in(app).flaws::<R>(tenant, user_id, current, self.password).await?;
        Ok((!flaws.is_empty()).then(|| messages::<R>(&tenant.config, &flaws)))
    }
}

/// Returns one line for each flaw.
pub(crate) fn messages<R: AtDoor>(union: &TenantConfig, flaws: &[Flaw]) -> String {
    let rules = R::password_rules(union);
    let lines: Vec<_> = flaws.iter().map(|flaw| flaw.message(&rules)).collect();
    union.say(&lines.join("\n"))
}

fn page<R: AtDoor>(
    app: &App,
    choosing: &Choosing<R>,
    mut form: NewPasswordForm,
) -> Result<Response, WebError> {
    let Choosing { visitor, session, settings, .. } = choosing;
    let config = &visitor.tenant.config;
    form.errors = summary(&[("password", &form.password), ("again", &form.again)]);
    let page = NewPasswordPage {
        progress: visitor.progress(),
        expired: session.facts().own_password && !settings,
        settings: *settings,
        user_id: session.user_id.clone(),
        rules: password::list(config, &R::password_rules(config)),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
