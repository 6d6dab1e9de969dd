//! A person's own account: the pages that both web doors show. A person proves a second factor, sets one up, proves
//! their identity once more, and looks after password, devices and sessions.
//!
//! Each page is generic over the realm. A door says through [`AtDoor`] where its other pages are.

#[cfg(test)]
pub(crate) mod gallery;
pub(crate) mod new_password;
pub(crate) mod next;
pub(crate) mod onward;
pub(crate) mod places;
pub(crate) mod reauthenticate;
mod routes;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_in_methods;
pub(crate) mod words;

use axum::response::Response;

pub(crate) use self::routes::{mailed_code_routes, routes};
use self::sign_in::SignInForm;
use crate::auth::eligibility::Loss;
use crate::auth::journey::Step;
use crate::web::error::WebError;
use crate::web::identity::{Shown, Visitor};
use crate::web::page::Page;
use crate::web::routes::Access;
use crate::web::state::App;

/// A realm whose door shows these pages among its own.
pub(crate) trait AtDoor: Shown {
    /// The access of a person whose sign-in is complete.
    const SIGNED_IN: Access;
    /// The page on which a person confirms an address.
    const EMAIL: &'static str;
    /// The place, in words, where a person chooses among methods that are set up.
    const METHOD_CHOICE: &'static str;

    /// Returns true if the path is a page behind the sign-in, to which a person may be led back.
    fn is_page(path: &str) -> bool;

    /// Returns the page of a step.
    fn of_step(step: Step) -> &'static str;

    /// The page on which every sign-in begins.
    type SignInPage: Page;

    /// Makes that page. `notice` says why a sign-in has to begin again.
    ///
    /// # Errors
    /// No passkey can be asked for.
    fn sign_in_page(
        app: &App,
        visitor: &Visitor<Self>,
        notice: Option<&str>,
        form: SignInForm,
    ) -> Result<Self::SignInPage, WebError>;

    /// Tells a person that the time after losing eligibility is over (T12).
    ///
    /// # Errors
    /// The page can't be rendered.
    fn closed(app: &App, visitor: &Visitor<Self>, loss: Loss) -> Result<Response, WebError>;

    /// Tells a person that their account is held until the union releases it.
    ///
    /// # Errors
    /// The page can't be rendered.
    fn held(app: &App, visitor: &Visitor<Self>) -> Result<Response, WebError>;
}
