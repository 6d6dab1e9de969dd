//! Setting up what proves a second factor: a device at the end of a sign-in that needs one, and devices and recovery
//! codes among the settings.

pub(crate) mod passkey;
pub(crate) mod recovery_codes;
pub(crate) mod totp;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};

use crate::account::at_door::AtDoor;
use crate::account::places::{METHODS, ONWARD};
use crate::auth::account_changed::AccountChange;
use crate::auth::factor::device::{DeviceKind, MOST};
use crate::auth::factor::enrolled::Enrolled;
use crate::auth::factor::method;
use crate::auth::journey::{Progress, Step};
use crate::auth::session::{self, Session};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::web::error::WebError;
use crate::web::identity::{Fresh, SignedIn, SigningIn, Visitor};
use crate::web::state::{App, AppState};

/// Returns what a person is told who has as many devices of a kind as a person may have.
fn too_many() -> String {
    format!("登録できるのは{MOST}台までです。使わなくなったものを削除してから、登録してください。")
}

/// A person who sets a device up.
#[derive(Debug)]
pub(crate) struct SettingUp<R: AtDoor> {
    visitor: Visitor<R>,
    session: Session<R>,
    token: PlainToken,
    kind: DeviceKind,
    progress: Option<Progress>,
    /// True among the settings, false at the end of a sign-in.
    settings: bool,
}

/// An extractor of people who may set a device up: [`SigningIn`] if that step is due, [`Fresh`] people among the
/// settings.
pub(crate) trait Enroller:
    FromRequestParts<AppState, Rejection = Response> + Send + 'static
{
    type Realm: AtDoor;

    /// # Errors
    /// The way to the step that is due instead; [`WebError::NotFound`] if the union doesn't allow such devices.
    fn setting_up(self, kind: DeviceKind) -> Result<SettingUp<Self::Realm>, WebError>;
}

impl<R: AtDoor> Enroller for SigningIn<R> {
    type Realm = R;

    fn setting_up(self, kind: DeviceKind) -> Result<SettingUp<R>, WebError> {
        let progress = self.progress();
        let Self { visitor, session, token, .. } = self.at(match kind {
            DeviceKind::Totp => Step::TotpSetUp,
            DeviceKind::Passkey => Step::PasskeySetUp,
        })?;
        Ok(SettingUp { visitor, session, token, kind, progress, settings: false })
    }
}

impl<R: AtDoor> Enroller for Fresh<SignedIn<R>> {
    type Realm = R;

    fn setting_up(self, kind: DeviceKind) -> Result<SettingUp<R>, WebError> {
        let Self(SignedIn { visitor, session, token }) = self;
        if !R::second_factors(&visitor.tenant.config).contains(&kind.method()) {
            return Err(WebError::NotFound);
        }
        Ok(SettingUp { visitor, session, token, kind, progress: None, settings: true })
    }
}

impl<R: AtDoor> SettingUp<R> {
    /// Commits the end of a set-up with what belongs to it: the mail that tells of it, and the end of all other
    /// sessions if the form promised that. Returns true if the person's method is served by such a device.
    async fn commit(
        &self,
        app: &App,
        mut tx: TenantTx,
        enrolled: &Enrolled,
        everywhere: bool,
    ) -> Result<bool, WebError> {
        let Self { visitor, session, kind, .. } = self;
        // The second request of a double click finds nothing due, but its form promised the same.
        if everywhere && matches!(enrolled, Enrolled::Done(_) | Enrolled::NothingDue) {
            session::end_others(&mut tx, &app.clock, session.login, Some(session.id)).await?;
        }
        if matches!(enrolled, Enrolled::Done(_)) && self.is_told() {
            let cx = app.context(&visitor.tenant);
            AccountChange::DeviceAdded(*kind).tell(&mut tx, cx, session).await?;
        }
        let in_use = method::is_in_use(&mut tx, session.login, kind.method()).await?;
        tx.commit().await?;
        Ok(in_use)
    }

    /// Returns true if the person is told by mail: always but at the end of the first sign-in, which has a mail of its
    /// own.
    fn is_told(&self) -> bool {
        self.settings || !self.session.facts().first_session
    }

    /// Leads on from a set-up that is over.
    fn onward(&self) -> Redirect {
        Redirect::to(if self.settings { METHODS } else { ONWARD })
    }

    /// Leads on with the session's new token. Among the settings, the next page says what was set up, and how it comes
    /// to be asked for if it is not yet (`in_use`).
    fn done(
        self,
        app: &App,
        token: &PlainToken,
        name: &str,
        in_use: bool,
    ) -> Result<Response, WebError> {
        let jar = self.visitor.clone().renewed(app, token);
        if !self.settings {
            return Ok((jar, self.onward()).into_response());
        }
        let what = match self.kind {
            DeviceKind::Passkey => "パスキー",
            DeviceKind::Totp => "認証アプリのデバイス",
        };
        let next = match in_use {
            true => "次回のログインから、この認証方法を使います。".to_owned(),
            false => format!(
                "ログインのときに使うには、{}で「{}」を選択してください。",
                R::METHOD_CHOICE,
                self.kind.method().label()
            ),
        };
        let said = format!("{what}「{name}」を登録しました。{next}");
        self.visitor.say(app, jar, METHODS, &said)
    }
}
