//! The console's answers to the pages that both doors have.

use axum::response::Response;
use serde::Serialize;

use super::places;
use crate::account;
use crate::account::at_door::AtDoor;
use crate::account::at_door::SignInForm;
use crate::auth::eligibility::Loss;
use crate::auth::journey::Step;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::routes::Access;
use crate::web::state::App;

/// The page on which a staff member signs in.
#[derive(Debug, Default, Serialize)]
pub(crate) struct StaffSignInPage {
    pub(super) notice: Option<String>,
    pub(super) form: SignInForm,
}

impl Page for StaffSignInPage {
    const TEMPLATE: &'static str = "console/sign_in.html";
}

impl AtDoor for Staff {
    const SIGNED_IN: Access = Access::AnyStaff;
    const EMAIL: &'static str = account::places::METHODS;
    const METHOD_CHOICE: &'static str = "「ログイン方法変更」の「認証方法の切り替え」";

    type SignInPage = StaffSignInPage;

    fn is_page(path: &str) -> bool {
        account::places::is_page(places::ALL, path)
    }

    fn of_step(step: Step) -> &'static str {
        account::places::of_step(step).unwrap_or(places::TOP)
    }

    fn sign_in_page(
        _: &App,
        _: &Visitor<Self>,
        notice: Option<&str>,
        form: SignInForm,
    ) -> Result<StaffSignInPage, WebError> {
        Ok(StaffSignInPage { notice: notice.map(str::to_owned), form })
    }

    /// Nobody's office ends by a loss of eligibility, so this is never asked for.
    fn closed(_: &App, _: &Visitor<Self>, _: Loss) -> Result<Response, WebError> {
        Err(WebError::NotFound)
    }

    /// Staff are suspended, and their logins never held.
    fn held(_: &App, _: &Visitor<Self>) -> Result<Response, WebError> {
        Err(WebError::NotFound)
    }
}
