//! Changing what a staff member may do. Taking away is done at once; giving waits for a second pair of eyes.

use axum::extract::{Path, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::fields::{NO_MEMBER, StandingFields, StandingInput};
use super::line::StaffLine;
use super::member;
use super::told::{REQUESTED, of_form, told, told_of_request};
use crate::auth::staff::approval::request::request;
use crate::auth::staff::manage::ManageError;
use crate::auth::staff::manage::change::{self, ChangeOfStanding, Standing};
use crate::auth::staff::roster::ListedStaff;
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::console::places::{APPROVALS, STAFF};
use crate::web::error::WebError;
use crate::web::form::{Form, FormError, status_of};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const SAME: &str = "変更がありません。変更するところを入力してください。";
const TAKEN_AWAY: &str = "変更しました。次の操作から有効です。";

#[derive(Debug, Serialize)]
pub(super) struct RightsPage {
    pub(super) staff: StaffLine,
    /// The standing that the form began with.
    pub(super) seen: String,
    pub(super) fields: StandingFields,
    pub(super) errors: Vec<FormError>,
}

impl Page for RightsPage {
    const TEMPLATE: &'static str = "console/staff/rights.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct RightsInput {
    #[serde(default)]
    seen: String,
    #[serde(flatten)]
    standing: StandingInput,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
) -> Result<Response, WebError> {
    let staff = member::find(&app, &visitor, login).await?;
    let seen = standing(&staff);
    let fields = StandingFields::of(&seen);
    page(&app, &visitor, StaffLine::of(staff, session.login), &seen, fields, Vec::new())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Path(login): Path<LoginId<Staff>>,
    Form { fields, .. }: Form<RightsInput, Staff>,
) -> Result<Response, WebError> {
    let staff = member::find(&app, &visitor, login).await?;
    let now = standing(&staff);
    let from: Standing = serde_json::from_str(&fields.seen).unwrap_or_else(|_| now.clone());
    let (typed, mut shown) = fields.standing.read(app.clock.today(), from.leaves_on);
    let staff = StaffLine::of(staff, session.login);
    let Some(typed) = typed else {
        let errors = shown.errors();
        return page(&app, &visitor, staff, &from, shown, errors);
    };
    if from == typed.standing {
        return page(&app, &visitor, staff, &now, shown, of_form(SAME));
    }
    let mut tx = visitor.begin(&app).await?;
    let is_member = change::is_member(&mut tx, typed.standing.member.as_deref()).await?;
    tx.commit().await?;
    if !is_member {
        shown.member.error = Some(NO_MEMBER.to_owned());
        let errors = shown.errors();
        return page(&app, &visitor, staff, &from, shown, errors);
    }
    let change = ChangeOfStanding { login, from, to: typed.standing };
    let clerk = visitor.clerk(&app);
    let message = match change::take_away(clerk, &change, &typed.reason).await {
        Ok(()) => return visitor.say(&app, visitor.jar.clone(), STAFF, TAKEN_AWAY),
        Err(ManageError::NeedsApproval) => {
            let context = app.context(&visitor.tenant);
            match request(clerk, context, &change, &typed.reason).await {
                Ok(_) => return visitor.say(&app, visitor.jar.clone(), APPROVALS, REQUESTED),
                Err(error) => told_of_request(error)?,
            }
        }
        Err(error) => told(error)?,
    };
    page(&app, &visitor, staff, &now, shown, of_form(message))
}

fn standing(staff: &ListedStaff) -> Standing {
    Standing::new(&staff.roles, &staff.extra_rights, staff.leaves_on, staff.member.clone())
}

fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    staff: StaffLine,
    seen: &Standing,
    fields: StandingFields,
    errors: Vec<FormError>,
) -> Result<Response, WebError> {
    let page = RightsPage { staff, seen: serde_json::to_string(seen)?, fields, errors };
    visitor.page(app, status_of(&page.errors), &page)
}
