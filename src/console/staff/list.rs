//! 「職員」 lists the union's staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::line::StaffLine;
use crate::auth::staff::act::ListStaff;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::right::StaffRole;
use crate::auth::staff::roster::{self, OfficeState};
use crate::auth::staff::suspension::ADMINS_WANTED;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(super) struct StaffPage {
    pub(super) staff: Vec<StaffLine>,
    /// True if fewer than two 管理者 are in office.
    pub(super) few_admins: bool,
}

impl Page for StaffPage {
    const TEMPLATE: &'static str = "console/staff/list.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let staff = Desk::<ListStaff>::act(visitor.clerk(&app), Matter::default(), async |desk| {
        Ok::<_, WebError>(roster::list(desk.tx(), &app.clock).await?)
    })
    .await?;
    let admin = StaffRole::Admin.name();
    let admins = staff.iter().filter(|one| {
        one.office == OfficeState::Active && one.roles.iter().any(|role| role == admin)
    });
    let page = StaffPage {
        few_admins: admins.count() < ADMINS_WANTED,
        staff: staff.into_iter().map(|one| StaffLine::of(one, session.login)).collect(),
    };
    visitor.page(&app, StatusCode::OK, &page)
}
