//! Setting a device up: at the end of a sign-in that owes it, or among the settings.

use axum::response::{IntoResponse as _, Redirect, Response};

use crate::auth::factor::device::MOST;
use crate::auth::journey::{Progress, Step};
use crate::auth::session::Session;
use crate::base::secret::PlainToken;
use crate::portal::places::{METHODS, ONWARD};
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::identity::{Fresh, SigningIn, Subscriber, Visitor};
use crate::web::state::App;

/// What is said to whoever has as many as anybody may.
pub(in crate::portal) fn too_many() -> String {
    format!("登録できるのは{MOST}台までです。使わなくなったものを削除してから、登録してください。")
}

/// Who sets one up.
#[derive(Debug)]
pub(in crate::portal) struct SettingUp {
    pub(in crate::portal) visitor: Visitor,
    pub(in crate::portal) session: Session,
    pub(in crate::portal) token: PlainToken,
    pub(in crate::portal) progress: Option<Progress>,
    /// Whether among the settings.
    pub(in crate::portal) settings: bool,
}

impl SettingUp {
    /// # Errors
    /// The way to the step that is due, where it is not `step`.
    pub(in crate::portal) fn at(signing_in: SigningIn, step: Step) -> Result<Self, WebError> {
        let progress = signing_in.progress();
        let SigningIn { visitor, session, token, .. } = signing_in.at(step)?;
        Ok(Self { visitor, session, token, progress, settings: false })
    }

    /// # Errors
    /// [`WebError::NotFound`] where the union doesn't allow the method.
    pub(in crate::portal) fn among_settings(
        Fresh(subscriber): Fresh<Subscriber>,
        method: SecondFactor,
    ) -> Result<Self, WebError> {
        let Subscriber { visitor, session, token } = subscriber;
        if !visitor.tenant.config.sign_in.second_factors.contains(&method) {
            return Err(WebError::NotFound);
        }
        Ok(Self { visitor, session, token, progress: None, settings: true })
    }

    /// Whether the person is told by mail: always but at the end of the first sign-in, which has a mail
    /// of its own.
    pub(in crate::portal) fn is_told(&self) -> bool {
        self.settings || !self.session.facts().first_session
    }

    /// Where it leads once it is done.
    pub(in crate::portal) fn onward(&self) -> Redirect {
        Redirect::to(if self.settings { METHODS } else { ONWARD })
    }

    /// [`SettingUp::onward`], under the session's newer token. Among the settings, the next page says what
    /// was set up, and how it comes to be asked for where it is not yet (`in_use`).
    pub(in crate::portal) fn done(
        self,
        app: &App,
        token: &PlainToken,
        name: &str,
        (method, in_use): (SecondFactor, bool),
    ) -> Result<Response, WebError> {
        let onward = self.onward();
        let jar = self.visitor.clone().renewed(app, token);
        if !self.settings {
            return Ok((jar, onward).into_response());
        }
        let what = match method {
            SecondFactor::Passkey => "パスキー",
            SecondFactor::Totp | SecondFactor::EmailCode => "認証アプリのデバイス",
        };
        let next = match in_use {
            true => "次回のログインから、この認証方法を使います。".to_owned(),
            false => format!(
                "ログインのときに使うには、「プロフィール変更」の「認証方法」で「{}」を選択してください。",
                method.label()
            ),
        };
        let said = format!("{what}「{name}」を登録しました。{next}");
        self.visitor.say(app, jar, METHODS, &said)
    }
}
