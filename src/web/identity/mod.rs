//! The person who asks: extractors that a handler takes as proof.
//!
//! [`Visitor`] is anybody on a union's host. [`SigningIn`] has given the right password and has a
//! step left. [`SignedIn`] exists only after a complete sign-in, and [`Fresh`] only after a re-authentication.
//!
//! Each is of one realm, the subscribers' unless it says otherwise. Its session is looked up in that realm and union
//! alone, and it does not exist on a host of another realm's door.

mod client;
pub mod cookies;
mod proof;
mod shown;
mod turn;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use self::cookies::{Cookies, Sealable};
pub use self::proof::{Fresh, SignedIn, SignedInStaff, SigningIn, Subscriber};
pub use self::shown::Shown;
use super::elsewhere::Elsewhere;
use super::error::{Failure, WebError, foreign};
use super::form::asked::Requested;
use super::page::{Frame, Page};
use super::state::{App, AppState};
use crate::audit::{self, Action};
use crate::auth::context::SignIn;
use crate::auth::guard::foreign::Foreign;
use crate::auth::guard::known_browser::KNOWN_FOR;
use crate::auth::journey::{Progress, Step};
use crate::auth::people::People;
use crate::auth::session::{self, Lookup, Session};
use crate::base::ids::{LoginId, SessionId};
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::Actor;
use crate::tenant::directory::Tenant;
use crate::tenant::hosts::Door;

/// A note on the answer to a person who has to sign in, or to finish that, before they see the page.
#[derive(Debug, Clone, Copy)]
pub struct TurnedAway;

/// A visitor on the host of a realm's door.
#[derive(Debug, Clone)]
pub struct Visitor<R: People = Subscribers> {
    pub tenant: Arc<Tenant>,
    /// The actor as the trail names them.
    pub actor: Arc<Actor>,
    /// The cookies that came, and those that the answer sets.
    pub jar: Cookies,
    /// The token by which the browser is known.
    pub browser: PlainToken,
    visit: PlainToken,
    lookup: Option<Lookup<R>>,
    foreign: Option<Foreign>,
    asked: Requested,
}

impl<R: Shown> Visitor<R> {
    /// Opens a transaction within the union, in the visitor's name.
    pub async fn begin(&self, app: &App) -> Result<TenantTx, sqlx::Error> {
        app.db.tenant(self.tenant.id, &self.actor).await
    }

    /// Returns the things that signing in needs, in the visitor's name.
    #[must_use]
    pub fn sign_in<'s>(&'s self, app: &'s App) -> SignIn<'s> {
        app.sign_in(&self.actor)
    }

    /// Returns the live session, complete or not.
    #[must_use]
    pub fn session(&self) -> Option<&Session<R>> {
        match &self.lookup {
            Some(Lookup::Living(session)) => Some(session),
            _ => None,
        }
    }

    /// Returns the session that ends when this browser begins another, or signs out.
    #[must_use]
    pub fn earlier(&self) -> Option<SessionId<R>> {
        match &self.lookup {
            Some(Lookup::Living(session)) => Some(session.id),
            Some(Lookup::Superseded { session, .. }) => Some(*session),
            _ => None,
        }
    }

    /// Returns the session if its sign-in is complete.
    #[must_use]
    pub fn complete_session(&self) -> Option<&Session<R>> {
        self.session().filter(|session| self.step(session) == Step::Complete)
    }

    /// Returns 「全6ステップ中3」 if the visitor is in the first sign-in.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.session().and_then(|session| session.progress(&self.tenant.config))
    }

    /// Returns the data that every page shows.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame {
            tenant: self.tenant.clone(),
            person: self.complete_session().map(R::shown),
            csrf: self.csrf(),
            offers_recovery_code: R::session_rules(&self.tenant.config).offers_recovery_codes
                && self.session().is_some_and(|session| session.has_recovery_codes),
            said: None,
            door: R::DOOR,
        }
    }

    /// Returns the token that this visitor's forms carry. It depends on the visit and, after the sign-in, on the person, so
    /// that knowing an earlier visit does not help with that person's forms. Tabs in which one person signs in share it.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.csrf_of(match &self.lookup {
            Some(Lookup::Living(session)) => Some(session.login),
            Some(Lookup::Superseded { login, .. }) => Some(*login),
            _ => None,
        })
    }

    /// Returns the token of the sign-in page's form, which may have been drawn before another window began a session.
    pub(super) fn csrf_before_sign_in(&self) -> String {
        self.csrf_of(None)
    }

    fn csrf_of(&self, person: Option<LoginId<R>>) -> String {
        let person = person.map(|person| person.to_string()).unwrap_or_default();
        let data = format!("{} {person}", self.tenant.id);
        self.visit.derive("csrf", data.as_bytes()).to_text()
    }

    /// Answers a form that carries another token. If the session is over, the answer says that instead.
    pub(super) fn refuse_form(self) -> Response {
        match self.lookup {
            Some(Lookup::Expired | Lookup::Unknown) => self.turn_away(),
            _ => foreign(Foreign::Form, Failure::StaleForm.into_response()),
        }
    }

    /// Returns the secret that a passkey's challenge is bound to before there is a session.
    #[must_use]
    pub fn passkey_secret(&self) -> String {
        self.visit.derive("passkey", self.tenant.id.0.as_bytes()).to_text()
    }

    /// Returns the secret that seals the cookie with the answer to a form.
    pub(super) fn answers_secret(&self) -> String {
        self.visit.derive("answer", self.tenant.id.0.as_bytes()).to_text()
    }

    pub(super) const fn asked(&self) -> &Requested {
        &self.asked
    }

    /// Renders a page that is shown once and stored nowhere.
    pub fn page_once<P: Page>(&self, app: &App, page: &P) -> Result<Response, WebError> {
        self.page_once_as(app, StatusCode::OK, page)
    }

    /// Does what [`Visitor::page_once`] does, with a status.
    pub fn page_once_as<P: Page>(
        &self,
        app: &App,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, WebError> {
        let page = app.pages.render(&self.frame(), status, page)?;
        Ok((self.jar.clone(), page).into_response())
    }

    /// Returns the cookies of a browser in which a session has begun.
    pub fn signed_in(
        self,
        app: &App,
        token: &PlainToken,
        remember_until: Option<DateTime<Utc>>,
    ) -> Cookies {
        let lasts = remember_until.map(|until| until - app.clock.now());
        let jar = self.jar.with_session(token, lasts);
        jar.with_browser(&app.sealer, self.tenant.id, &self.browser, KNOWN_FOR)
    }

    /// Returns the cookies of the same browser with its session's newer token.
    pub fn renewed(self, app: &App, token: &PlainToken) -> Cookies {
        let until = self.session().and_then(|session| session.remember_until);
        let lasts = until.map(|until| until - app.clock.now());
        self.jar.with_session(token, lasts)
    }

    /// Returns the cookies of a browser whose session got a newer token in this request.
    #[must_use]
    pub fn rotated(self) -> Option<Cookies> {
        self.session()?.rotated.as_ref()?;
        Some(self.jar)
    }

    /// Returns the thing that the browser showed and that is not this union's.
    #[must_use]
    pub const fn shows_foreign(&self) -> Option<Foreign> {
        self.foreign
    }

    /// Ends the session, whether its sign-in is complete or not, and writes that to the trail.
    pub async fn end_session(&self, app: &App) -> Result<(), WebError> {
        let Some(session) = self.session() else { return Ok(()) };
        let mut tx = self.begin(app).await?;
        if session::end(&mut tx, &app.clock, session.id).await? {
            let (login, detail) = (Some(session.login), serde_json::json!({}));
            audit::record_of(&mut tx, &app.clock, Action::SignOut, login, detail).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Returns the same browser without its session.
    #[must_use]
    pub fn signed_out(self) -> Self {
        Self { jar: self.jar.without_session(), lookup: None, ..self }
    }

    fn step(&self, session: &Session<R>) -> Step {
        session.next_step(&self.tenant.config)
    }

    /// Answers a request for a page that needs a sign-in.
    fn turn_away(self) -> Response {
        let mut response = self.elsewhere();
        response.extensions_mut().insert(TurnedAway);
        response
    }

    fn elsewhere(self) -> Response {
        match &self.lookup {
            Some(Lookup::Living(session)) => match self.step(session) {
                Step::Complete => Elsewhere::Top.into_response(),
                step => Elsewhere::Due(step).into_response(),
            },
            Some(Lookup::Expired) => {
                // The page is shown at once, even in answer to a form: the visit that a kept answer
                // would need was just deleted.
                (self.jar.without_visit(), Failure::SessionExpired).into_response()
            }
            // The browser has the newer token, or is about to get it.
            Some(Lookup::Superseded { .. }) => Elsewhere::Top.into_response(),
            Some(Lookup::Unknown) => (self.jar.without_visit(), Elsewhere::SignIn).into_response(),
            None => Elsewhere::SignIn.into_response(),
        }
    }
}

impl<R: Shown> FromRequestParts<AppState> for Visitor<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        // A handler's extractors ask for the same visitor more than once.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let tenant = parts.extensions.get::<Arc<Tenant>>().cloned();
        let is_here = parts.extensions.get::<Door>() == Some(&R::DOOR);
        let tenant =
            tenant.filter(|_| is_here).ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
        let Ok(mut actor) = Actor::from_request_parts(parts, app).await;
        let mut jar = Cookies::of(&parts.headers);
        let (lookup, never_ours) = match jar.session() {
            Some(token) => {
                let found = look_up::<R>(app, &tenant, &actor, &token).await;
                let (lookup, never_ours) = found.map_err(IntoResponse::into_response)?;
                (Some(lookup), never_ours)
            }
            None => (None, false),
        };
        if let Some(Lookup::Living(session)) = &lookup {
            actor = actor.signed_in(session.login, session.id);
            actor.label = R::label(&session.name).map(str::to_owned);
        }
        if never_ours {
            jar = jar.without_session();
        }
        let visit = jar.visit(&app.sealer, tenant.id);
        let browser = jar.browser(&app.sealer, tenant.id);
        let shows = match visit.is_foreign() || browser.is_foreign() {
            _ if never_ours => Some(Foreign::Session),
            true => Some(Foreign::Cookie),
            false => None,
        };
        if let Some(Lookup::Living(session)) = &lookup
            && let Some(token) = &session.rotated
        {
            let lasts = session.remember_until.map(|until| until - app.clock.now());
            jar = jar.with_session(token, lasts);
        }
        let (jar, visit) = match visit {
            Sealable::Own(visit) => (jar, visit),
            Sealable::Foreign | Sealable::Nothing => {
                let visit = PlainToken::random();
                (jar.with_visit(&app.sealer, tenant.id, &visit), visit)
            }
        };
        let (jar, browser) = match browser {
            Sealable::Own(browser) => (jar, browser),
            Sealable::Foreign => (jar.without_browser(), PlainToken::random()),
            Sealable::Nothing => (jar, PlainToken::random()),
        };
        let asked = Requested::of(parts);
        let actor = Arc::new(actor);
        let visitor = Self { tenant, actor, jar, browser, visit, lookup, foreign: shows, asked };
        parts.extensions.insert(visitor.clone());
        Ok(visitor)
    }
}

/// Looks a token up. The second value is true if the token never was one of this union's.
async fn look_up<R: People>(
    app: &App,
    tenant: &Tenant,
    actor: &Actor,
    token: &PlainToken,
) -> Result<(Lookup<R>, bool), WebError> {
    let mut tx = app.db.tenant(tenant.id, actor).await?;
    let lookup = session::find(&mut tx, app.context(tenant), token).await?;
    let is_unknown = matches!(lookup, Lookup::Unknown);
    let never_ours = is_unknown && !session::was_ours::<R>(&mut tx, token).await?;
    tx.commit().await?;
    Ok((lookup, never_ours))
}
