//! 「アカウント棚卸し」: every quarter, each account is looked at and confirmed.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::line::StaffLine;
use super::told::{of_form, told};
use crate::auth::staff::act::ListStaff;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::manage::review;
use crate::auth::staff::roster;
use crate::base::ids::LoginId;
use crate::base::japanese::{day, minute};
use crate::base::realm::Staff;
use crate::console::places::STAFF_REVIEW;
use crate::web::error::WebError;
use crate::web::form::{Form, FormError, status_of};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const CONFIRMED: &str = "確認済みにしました。";

#[derive(Debug, Serialize)]
pub(super) struct ReviewPage {
    /// The first day of the quarter.
    pub(super) since: String,
    pub(super) accounts: Vec<ReviewedAccount>,
    /// The number of accounts that nobody has confirmed.
    pub(super) open: usize,
    pub(super) errors: Vec<FormError>,
}

#[derive(Debug, Serialize)]
pub(super) struct ReviewedAccount {
    pub(super) staff: StaffLine,
    pub(super) confirmed: Option<ConfirmedLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct ConfirmedLine {
    pub(super) by: String,
    pub(super) at: String,
}

impl Page for ReviewPage {
    const TEMPLATE: &'static str = "console/staff/review.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct ConfirmInput {
    staff: LoginId<Staff>,
    /// The rights that the page showed.
    #[serde(default)]
    rights: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    page(&app, &visitor, session.login, Vec::new()).await
}

pub(super) async fn confirm(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Form { fields, .. }: Form<ConfirmInput, Staff>,
) -> Result<Response, WebError> {
    match review::confirm(visitor.clerk(&app), fields.staff, &fields.rights).await {
        Ok(()) => visitor.say(&app, visitor.jar.clone(), STAFF_REVIEW, CONFIRMED),
        Err(error) => page(&app, &visitor, session.login, of_form(told(error)?)).await,
    }
}

async fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    reader: LoginId<Staff>,
    errors: Vec<FormError>,
) -> Result<Response, WebError> {
    let quarter = review::quarter(app.clock.today());
    let clerk = visitor.clerk(app);
    let (staff, confirmed) = Desk::<ListStaff>::act(clerk, Matter::default(), async |desk| {
        let staff = roster::list(desk.tx(), &app.clock).await?;
        Ok::<_, WebError>((staff, review::confirmed(desk.tx(), quarter).await?))
    })
    .await?;
    let mut confirmed: HashMap<_, _> = confirmed.into_iter().map(|one| (one.login, one)).collect();
    let accounts: Vec<_> = staff
        .into_iter()
        .map(|staff| ReviewedAccount {
            confirmed: confirmed
                .remove(&staff.login)
                .map(|one| ConfirmedLine { by: one.by, at: minute(one.at) }),
            staff: StaffLine::of(staff, reader),
        })
        .collect();
    let page = ReviewPage {
        since: day(quarter),
        open: accounts.iter().filter(|account| account.confirmed.is_none()).count(),
        accounts,
        errors,
    };
    visitor.page(app, status_of(&page.errors), &page)
}
