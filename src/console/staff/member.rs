//! One staff member, and what can be done about their account.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::line::StaffLine;
use crate::audit::Target;
use crate::auth::staff::act::ViewStaff;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::roster::{self, ListedStaff};
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(super) struct StaffMemberPage {
    pub(super) staff: StaffLine,
}

impl Page for StaffMemberPage {
    const TEMPLATE: &'static str = "console/staff/member.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
) -> Result<Response, WebError> {
    let staff = StaffLine::of(find(&app, &visitor, login).await?, session.login);
    visitor.page(&app, StatusCode::OK, &StaffMemberPage { staff })
}

/// Finds a staff member of the union, for a reader who may see them.
pub(super) async fn find(
    app: &App,
    visitor: &Visitor<Staff>,
    login: LoginId<Staff>,
) -> Result<ListedStaff, WebError> {
    let matter = Matter { target: Some(Target::staff(login, None)), ..Matter::default() };
    Desk::<ViewStaff>::act(visitor.clerk(app), matter, async |desk| {
        let staff = roster::list(desk.tx(), &app.clock).await?;
        staff.into_iter().find(|one| one.login == login).ok_or(WebError::NotFound)
    })
    .await
}
