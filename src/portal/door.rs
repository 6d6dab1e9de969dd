//! The portal's answers to the pages that both doors have.

use axum::http::StatusCode;
use axum::response::Response;

use super::places;
use super::sign_in::{ClosedPage, HeldPage, SignInPage};
use crate::account::at_door::AtDoor;
use crate::account::at_door::SignInForm;
use crate::auth::eligibility::Loss;
use crate::auth::journey::Step;
use crate::base::japanese::day;
use crate::base::realm::Subscribers;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::routes::Access;
use crate::web::state::App;

impl AtDoor for Subscribers {
    const SIGNED_IN: Access = Access::Subscriber;
    const EMAIL: &'static str = places::PROFILE_EMAIL;
    const METHOD_CHOICE: &'static str = "「プロフィール変更」の「認証方法」";

    fn is_page(path: &str) -> bool {
        crate::account::places::is_page(places::ALL, path)
    }

    fn of_step(step: Step) -> &'static str {
        places::of_step(step)
    }

    type SignInPage = SignInPage;

    fn sign_in_page(
        app: &App,
        visitor: &Visitor,
        notice: Option<&str>,
        form: SignInForm,
    ) -> Result<SignInPage, WebError> {
        SignInPage::of(app, visitor, notice, form)
    }

    fn closed(app: &App, visitor: &Visitor, loss: Loss) -> Result<Response, WebError> {
        let page = ClosedPage { lost_on: day(loss.lost_on), closed_on: day(loss.last_day()) };
        visitor.page(app, StatusCode::FORBIDDEN, &page)
    }

    fn held(app: &App, visitor: &Visitor) -> Result<Response, WebError> {
        visitor.page(app, StatusCode::FORBIDDEN, &HeldPage {})
    }
}
