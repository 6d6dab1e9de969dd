//! Acts about a colleague's account. Each has a page that says what it does, and asks for the reason.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::line::StaffLine;
use super::member;
use super::told::{REQUESTED, of_form, told, told_of_request};
use crate::auth::staff::approval::request::request;
use crate::auth::staff::manage::ManageError;
use crate::auth::staff::manage::reinvitation::{self, Reinvitation};
use crate::auth::staff::manage::suspending;
use crate::auth::staff::reason::Reason;
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::console::places::{APPROVALS, STAFF};
use crate::web::error::WebError;
use crate::web::form::{Button, Field, Form, FormError, status_of, summary};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const SUSPENDED: &str = "職員を停止しました。ログイン中の端末は、すべてログアウトしました。";
const REINVITED: &str = "招待のメールを送りました。これまでのパスワードと認証方法は使えません。";
const RESENT: &str = "招待のメールを送り直しました。前のリンクは使えません。";

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StaffAct {
    Suspend,
    Reinvite,
    Resend,
}

#[derive(Debug, Serialize)]
pub(super) struct StaffActPage {
    pub(super) act: StaffAct,
    pub(super) staff: StaffLine,
    pub(super) reason: Field,
    pub(super) errors: Vec<FormError>,
}

impl Page for StaffActPage {
    const TEMPLATE: &'static str = "console/staff/act.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct ReasonInput {
    #[serde(default)]
    reason: String,
}

pub(super) async fn show_suspend(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
) -> Result<Response, WebError> {
    page(&app, &person, login, StaffAct::Suspend, Field::default(), Vec::new()).await
}

pub(super) async fn show_reinvite(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
) -> Result<Response, WebError> {
    page(&app, &person, login, StaffAct::Reinvite, Field::default(), Vec::new()).await
}

pub(super) async fn show_resend(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
) -> Result<Response, WebError> {
    page(&app, &person, login, StaffAct::Resend, Field::default(), Vec::new()).await
}

pub(super) async fn suspend(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let act = StaffAct::Suspend;
    let (reason, field) = read(&fields);
    let Some(reason) = reason else {
        return page(&app, &person, login, act, field, Vec::new()).await;
    };
    match suspending::suspend(person.visitor.clerk(&app), login, &reason).await {
        Ok(_) => done(&app, &person.visitor, SUSPENDED),
        Err(error) => page(&app, &person, login, act, field, of_form(told(error)?)).await,
    }
}

pub(super) async fn reinvite(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
    Form { fields, .. }: Form<ReasonInput, Staff>,
) -> Result<Response, WebError> {
    let act = StaffAct::Reinvite;
    let (reason, field) = read(&fields);
    let Some(reason) = reason else {
        return page(&app, &person, login, act, field, Vec::new()).await;
    };
    let visitor = &person.visitor;
    let (clerk, context) = (visitor.clerk(&app), app.context(&visitor.tenant));
    let message = match reinvitation::reinvite(clerk, context, login, &reason).await {
        Ok(()) => return done(&app, visitor, REINVITED),
        Err(ManageError::NeedsApproval) => {
            match request(clerk, context, &Reinvitation { login }, &reason).await {
                Ok(_) => return visitor.say(&app, visitor.jar.clone(), APPROVALS, REQUESTED),
                Err(error) => told_of_request(error)?,
            }
        }
        Err(error) => told(error)?,
    };
    page(&app, &person, login, act, field, of_form(message)).await
}

pub(super) async fn resend(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
    Form { .. }: Form<Button, Staff>,
) -> Result<Response, WebError> {
    let visitor = &person.visitor;
    match suspending::resend(visitor.clerk(&app), app.context(&visitor.tenant), login).await {
        Ok(()) => done(&app, visitor, RESENT),
        Err(error) => {
            let errors = of_form(told(error)?);
            page(&app, &person, login, StaffAct::Resend, Field::default(), errors).await
        }
    }
}

fn read(input: &ReasonInput) -> (Option<Reason>, Field) {
    let field = Field::with_value(&input.reason);
    match Reason::parse(&input.reason) {
        Ok(reason) => (Some(reason), field),
        Err(none) => (None, field.with_error(none.message())),
    }
}

fn done(app: &App, visitor: &Visitor<Staff>, said: &str) -> Result<Response, WebError> {
    visitor.say(app, visitor.jar.clone(), STAFF, said)
}

async fn page(
    app: &App,
    SignedInStaff { visitor, session, .. }: &SignedInStaff,
    login: LoginId<Staff>,
    act: StaffAct,
    reason: Field,
    mut errors: Vec<FormError>,
) -> Result<Response, WebError> {
    let staff = member::find(app, visitor, login).await?;
    errors.extend(summary(&[("reason", &reason)]));
    let page = StaffActPage { act, staff: StaffLine::of(staff, session.login), reason, errors };
    visitor.page(app, status_of(&page.errors), &page)
}
