//! 「パスワードの更新」 sets a person's first own password (F9), or a new one in place of an old one (G5).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::auth::credentials::password::{self, Flaw, PasswordRule};
use crate::auth::first_sign_in::registration::PasswordChoice;
use crate::auth::journey::{Progress, Step};
use crate::auth::session::Session;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::portal::places::{METHODS, ONWARD};
use crate::tenant::policy::TenantConfig;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::{Fresh, SigningIn, Subscriber, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const CHANGED: &str = "パスワードを更新しました。次回から新しいパスワードでログインしてください。ほかのデバイスからはすべてサインアウトしました。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct NewPasswordPage {
    pub(in crate::portal) progress: Option<Progress>,
    pub(in crate::portal) expired: bool,
    /// True if the password is changed on the settings page (S7).
    pub(in crate::portal) settings: bool,
    pub(in crate::portal) user_id: String,
    pub(in crate::portal) rules: Vec<PasswordRule>,
    pub(in crate::portal) form: NewPasswordForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct NewPasswordForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) password: Field,
    pub(in crate::portal) again: Field,
}

impl NewPasswordForm {
    fn fields(&mut self) -> TwoFields<'_> {
        TwoFields { password: &mut self.password, again: &mut self.again }
    }
}

impl Page for NewPasswordPage {
    const TEMPLATE: &'static str = "portal/sign_in/new_password.html";
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct NewPassword {
    password: SecretString,
    again: SecretString,
}

/// The person who chooses a password.
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

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &Choosing::at(signing_in)?, NewPasswordForm::default())
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<NewPassword>,
) -> Result<Response, WebError> {
    choose(&app, Choosing::at(signing_in)?, fields).await
}

pub(in crate::portal) async fn show_change(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
) -> Result<Response, WebError> {
    page(&app, &Choosing::among_settings(fresh), NewPasswordForm::default())
}

pub(in crate::portal) async fn submit_change(
    State(app): State<AppState>,
    fresh: Fresh<Subscriber>,
    Form { fields, .. }: Form<NewPassword>,
) -> Result<Response, WebError> {
    choose(&app, Choosing::among_settings(fresh), fields).await
}

async fn choose(app: &App, choosing: Choosing, fields: NewPassword) -> Result<Response, WebError> {
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
            form.password.error = Some(messages(&visitor.tenant.config, &flaws));
            page(app, &choosing, form)
        }
    }
}

/// A new password, as it was typed into the two fields.
#[derive(Clone, Copy)]
pub(in crate::portal) struct TypedTwice<'t> {
    pub(in crate::portal) password: &'t SecretString,
    pub(in crate::portal) again: &'t SecretString,
}

/// The two fields, as the form shows them again.
pub(in crate::portal) struct TwoFields<'f> {
    pub(in crate::portal) password: &'f mut Field,
    pub(in crate::portal) again: &'f mut Field,
}

impl TypedTwice<'_> {
    pub(in crate::portal) fn is_empty(self) -> bool {
        self.password.expose_secret().is_empty() && self.again.expose_secret().is_empty()
    }

    /// Returns true if the password is empty or the two fields differ, and puts the reason into the fields. If they
    /// differ, the flaws of the password itself are shown, too, so that the person is not sent back a second time.
    /// The first of `ids` is the user ID that goes with the password, and the second is the present one.
    pub(in crate::portal) async fn is_refused(
        self,
        app: &App,
        visitor: &Visitor,
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
    pub(in crate::portal) async fn flaws(
        self,
        app: &App,
        visitor: &Visitor,
        (user_id, current): (&str, &str),
    ) -> Result<Option<String>, WebError> {
        let tenant = &visitor.tenant;
        let flaws = visitor
            .sign_in(app)
            .flaws::<Subscribers>(tenant, user_id, current, self.password)
            .await?;
        Ok((!flaws.is_empty()).then(|| messages(&tenant.config, &flaws)))
    }
}

/// Returns one line for each flaw.
pub(in crate::portal) fn messages(union: &TenantConfig, flaws: &[Flaw]) -> String {
    let lines: Vec<_> = flaws.iter().map(|flaw| flaw.message(&union.password)).collect();
    union.say(&lines.join("\n"))
}

fn page(app: &App, choosing: &Choosing, mut form: NewPasswordForm) -> Result<Response, WebError> {
    let Choosing { visitor, session, settings, .. } = choosing;
    form.errors = summary(&[("password", &form.password), ("again", &form.again)]);
    let page = NewPasswordPage {
        progress: visitor.progress(),
        expired: session.facts().own_password && !settings,
        settings: *settings,
        user_id: session.user_id.clone(),
        rules: password::list(&visitor.tenant.config),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
