//! Proving a second factor: at the end of a sign-in, or in a re-authentication (S4).
//!
//! Each factor has one page. This module knows what differs by occasion: the address, the proof that a handler takes,
//! and the page that comes next.

pub(crate) mod email_code;
pub(crate) mod passkey;
pub(crate) mod recovery_code;
pub(crate) mod totp;

use std::ops::ControlFlow;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::account::at_door::AtDoor;
use crate::account::next::Next;
use crate::account::onward::go_on;
use crate::account::places::{AGAIN_RECOVERY_CODE, ONWARD, RECOVERY_CODE};
use crate::account::sign_in;
use crate::account::words::{LOCKED, SESSION_ENDED};
use crate::auth::factor::proved::Proved;
use crate::auth::journey::Step;
use crate::auth::session::Session;
use crate::base::secret::PlainToken;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, FormError, status_of, summary};
use crate::web::identity::{SignedIn, SigningIn, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// The occasion on which a person proves a second factor.
#[derive(Debug)]
pub(crate) enum Occasion<R> {
    /// The end of a sign-in, or the return after a rest (L11).
    SignIn,
    /// A re-authentication, which leads back to the page that asked for it.
    Reauthentication(Next<R>),
}

/// The addresses of one page, or of one form's target, by occasion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) sign_in: &'static str,
    pub(crate) reauthentication: &'static str,
}

const RECOVERY: Addresses =
    Addresses { sign_in: RECOVERY_CODE, reauthentication: AGAIN_RECOVERY_CODE };

/// The occasion as a template shows it.
#[derive(Debug, Serialize)]
pub(crate) struct OccasionView {
    /// True in a re-authentication.
    again: bool,
    /// The target of the page's form.
    action: &'static str,
    /// The page that a re-authentication leads back to.
    next: Option<String>,
    /// The page that takes a recovery code instead.
    recovery_path: String,
}

impl<R: AtDoor> Occasion<R> {
    const fn choose(&self, addresses: Addresses) -> &'static str {
        match self {
            Self::SignIn => addresses.sign_in,
            Self::Reauthentication(_) => addresses.reauthentication,
        }
    }

    pub(crate) fn view(&self, form: Addresses) -> OccasionView {
        let next = match self {
            Self::SignIn => None,
            Self::Reauthentication(next) => Some(next),
        };
        let recovery = self.choose(RECOVERY);
        OccasionView {
            again: next.is_some(),
            action: self.choose(form),
            next: next.map(|next| next.path().to_owned()),
            recovery_path: next.map_or_else(|| recovery.to_owned(), |next| next.after(recovery)),
        }
    }

    /// Shows a page at its address. The answer to a sign-in's form is shown at the form's own address.
    fn show<P: Page>(
        &self,
        app: &App,
        visitor: &Visitor<R>,
        at: Addresses,
        errors: &[FormError],
        page: &P,
    ) -> Result<Response, WebError> {
        match self {
            Self::SignIn => visitor.page(app, status_of(errors), page),
            Self::Reauthentication(next) => {
                visitor.page_at(app, &next.after(at.reauthentication), status_of(errors), page)
            }
        }
    }

    /// Leads on with the session's new token.
    fn done(&self, app: &App, visitor: Visitor<R>, token: &PlainToken) -> Response {
        match self {
            Self::SignIn => go_on(app, visitor, token),
            Self::Reauthentication(next) => {
                (visitor.renewed(app, token), Redirect::to(next.path())).into_response()
            }
        }
    }

    /// Answers a proof, or gives back what the page needs to say what was wrong with it.
    fn conclude(
        self,
        app: &App,
        visitor: Visitor<R>,
        proved: Proved,
    ) -> Result<ControlFlow<Response, (Self, Visitor<R>)>, WebError> {
        Ok(ControlFlow::Break(match proved {
            Proved::Done(token) => self.done(app, visitor, &token),
            Proved::NothingDue => self.onward().into_response(),
            Proved::Locked => sign_in::again(app, visitor, LOCKED)?,
            Proved::SessionEnded => sign_in::again(app, visitor, SESSION_ENDED)?,
            Proved::Wrong | Proved::Expired => return Ok(ControlFlow::Continue((self, visitor))),
        }))
    }

    /// Leads on a person who has nothing to prove any more.
    fn onward(&self) -> Redirect {
        Redirect::to(match self {
            Self::SignIn => ONWARD,
            Self::Reauthentication(next) => next.path(),
        })
    }
}

/// The input of a page that takes nothing but a code.
#[derive(Debug, Deserialize)]
#[serde(bound = "R: AtDoor")]
pub(crate) struct CodeInput<R> {
    #[serde(default)]
    next: Next<R>,
    code: String,
}

/// The form of such a page, as its template shows it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct CodeForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) code: Field,
}

impl CodeForm {
    fn of(code: Field) -> Self {
        Self { errors: summary(&[("code", &code)]), code }
    }
}

/// A person who proves a second factor.
#[derive(Debug)]
pub(crate) struct Proving<R: AtDoor> {
    visitor: Visitor<R>,
    session: Session<R>,
    token: PlainToken,
    occasion: Occasion<R>,
}

/// An extractor of people who may prove a second factor: [`SigningIn`] at a sign-in, [`SignedIn`] in a
/// re-authentication. `next` is the page that the address or the form names; a sign-in has no use for it.
pub(crate) trait Prover:
    FromRequestParts<AppState, Rejection = Response> + Send + 'static
{
    type Realm: AtDoor;

    fn proving(self, next: Next<Self::Realm>) -> Proving<Self::Realm>;
}

impl<R: AtDoor> Prover for SigningIn<R> {
    type Realm = R;

    fn proving(self, _: Next<R>) -> Proving<R> {
        let Self { visitor, session, token, .. } = self;
        Proving { visitor, session, token, occasion: Occasion::SignIn }
    }
}

impl<R: AtDoor> Prover for SignedIn<R> {
    type Realm = R;

    fn proving(self, next: Next<R>) -> Proving<R> {
        let Self { visitor, session, token } = self;
        Proving { visitor, session, token, occasion: Occasion::Reauthentication(next) }
    }
}

impl<R: AtDoor> Proving<R> {
    /// Returns the person if a proof by this method is due. In a re-authentication it is due after the password; a
    /// passkey needs no password before it.
    ///
    /// # Errors
    /// The way to what is due instead.
    fn due(self, app: &App, method: SecondFactor) -> Result<Self, WebError> {
        let (session, policy) = (&self.session, &self.visitor.tenant.config);
        match &self.occasion {
            Occasion::SignIn => {
                let step = session.next_step(policy);
                if step == step_of(method) { Ok(self) } else { Err(WebError::NotDue(step)) }
            }
            Occasion::Reauthentication(next) => {
                let now = app.clock.now();
                let is_alone = method == SecondFactor::Passkey;
                let is_due = session.method(policy) == Some(method)
                    && !session.is_fresh(now)
                    && (is_alone || session.password_is_fresh(now));
                if is_due { Ok(self) } else { Err(WebError::NotFresh(next.path().to_owned())) }
            }
        }
    }

    /// Answers a proof, or returns the person if the page has to say what was wrong with it.
    fn conclude(self, app: &App, proved: Proved) -> Result<ControlFlow<Response, Self>, WebError> {
        let Self { visitor, session, token, occasion } = self;
        let concluded = occasion.conclude(app, visitor, proved)?;
        Ok(concluded.map_continue(|(occasion, visitor)| Self { visitor, session, token, occasion }))
    }
}

const fn step_of(method: SecondFactor) -> Step {
    match method {
        SecondFactor::Passkey => Step::Passkey,
        SecondFactor::Totp => Step::Totp,
        SecondFactor::EmailCode => Step::EmailCode,
    }
}
