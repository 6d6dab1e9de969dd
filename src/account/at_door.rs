//! The things that a door says of itself to the pages that both have.

use axum::response::Response;
use serde::Serialize;

use crate::auth::eligibility::Loss;
use crate::auth::journey::Step;
use crate::web::error::WebError;
use crate::web::form::{Field, FormError};
use crate::web::identity::{Shown, Visitor};
use crate::web::page::Page;
use crate::web::routes::Access;
use crate::web::state::App;

/// The form of the sign-in page.
#[derive(Debug, Default, Serialize)]
pub(crate) struct SignInForm {
    pub(crate) errors: Vec<FormError>,
    pub(crate) user_id: Field,
    pub(crate) password: Field,
    pub(crate) remember: bool,
}

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
