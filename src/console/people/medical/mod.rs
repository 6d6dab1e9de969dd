//! 「医療情報を見る」: what the person sees of their medical data, for staff with the extra right and a purpose (A3).
//!
//! Nobody acts as the person: there is no session of theirs, and no form of theirs. The rows come through the same
//! condition as on the person's own pages, so what a family member hides from them is hidden here, too. The purpose and the
//! months that were read stand on the trail before anything is shown. What is shown is the POST's own answer, and kept
//! nowhere.

mod purpose;
mod records;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::purpose::{Purpose, PurposeForm};
use self::records::{MedicalView, Period};
use super::addressed::AddressedPerson;
use super::identity::IdentityBar;
use crate::auth::eligibility::Loss;
use crate::auth::staff::act::{ViewMedicalData, ViewPerson};
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::clock::Clock;
use crate::base::realm::Staff;
use crate::expenses::ledger;
use crate::members::person::{self, RegistryEntry};
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};
use crate::tenant::policy::TenantConfig;
use crate::web::error::WebError;
use crate::web::form::Form;
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(in crate::console) struct MedicalPage {
    who: IdentityBar,
    form: PurposeForm,
    /// `None` while the purpose is asked for.
    view: Option<MedicalView>,
}

impl Page for MedicalPage {
    const TEMPLATE: &'static str = "console/people/medical.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct MedicalInput {
    #[serde(flatten)]
    purpose: Purpose,
    /// A month or a year of notices; empty for the list of months.
    #[serde(default)]
    period: String,
}

/// Asks for the purpose.
pub(super) async fn ask(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
) -> Result<Response, WebError> {
    let addressed = AddressedPerson::read(&app, &visitor, &code).await?;
    Desk::<ViewMedicalData>::ask(visitor.clerk(&app), &addressed.matter()).await?;
    show_form(&app, &visitor, &addressed, StatusCode::OK, PurposeForm::default()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(code): Path<String>,
    Form { fields, .. }: Form<MedicalInput, Staff>,
) -> Result<Response, WebError> {
    let addressed = AddressedPerson::read(&app, &visitor, &code).await?;
    let form = PurposeForm::of(&fields.purpose);
    let Some(purpose) = form.accepted() else {
        Desk::<ViewMedicalData>::ask(visitor.clerk(&app), &addressed.matter()).await?;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return show_form(&app, &visitor, &addressed, status, form).await;
    };
    let period = match fields.period.as_str() {
        "" => None,
        text => Some(Period::parse(text).ok_or(WebError::NotFound)?),
    };
    let matter = Matter {
        purpose: Some(purpose.purpose),
        reason: Some(purpose.reason),
        ..addressed.matter()
    };
    let policy = &visitor.tenant.config;
    let page = Desk::<ViewMedicalData>::act(visitor.clerk(&app), matter, async |desk| {
        let who = person::find(desk.tx(), addressed.code()?).await?.ok_or(WebError::NotFound)?;
        let view = read(desk, &app.clock, policy, &who, period).await?;
        let who = IdentityBar::of(&who, app.clock.today());
        Ok::<_, WebError>(MedicalPage { who, form, view: Some(view) })
    })
    .await?;
    visitor.page_once(&app, &page)
}

/// Shows the form with the person's name, which is a look at the person.
async fn show_form(
    app: &App,
    visitor: &Visitor<Staff>,
    addressed: &AddressedPerson,
    status: StatusCode,
    form: PurposeForm,
) -> Result<Response, WebError> {
    let matter = addressed.matter();
    let who = Desk::<ViewPerson>::act(visitor.clerk(app), matter, async |desk| {
        let found = person::find(desk.tx(), addressed.code()?).await?;
        found.ok_or(WebError::NotFound)
    })
    .await?;
    let who = IdentityBar::of(&who, app.clock.today());
    visitor.page_once_as(app, status, &MedicalPage { who, form, view: None })
}

/// Reads what the person would read, and notes the months on the act's line.
async fn read(
    desk: &mut Desk<ViewMedicalData>,
    clock: &Clock,
    policy: &TenantConfig,
    who: &RegistryEntry,
    period: Option<Period>,
) -> Result<MedicalView, WebError> {
    let today = clock.today();
    let loss = Loss::of(&policy.after_loss, who.lost_on, today);
    if let Some(over) = loss.filter(|loss| loss.is_closed(today)) {
        desk.note(0, json!({ "records": RecordKind::Expenses.name(), "closed": true }));
        return Ok(MedicalView::closed(over.last_day()));
    }
    let reader = reader(who, loss);
    let kind = RecordKind::Expenses;
    let hides_somebody = privacy::hides_somebody(desk.tx(), kind, reader).await?;
    let (view, rows, months) = match period {
        None => {
            let sums = ledger::month_sums(desk.tx(), reader).await?;
            let months = sums.last().zip(sums.first()).map(|(from, to)| [from.month, to.month]);
            (MedicalView::of_months(&sums, hides_somebody), sums.len(), months)
        }
        Some(period) => {
            let rows = ledger::notices(desk.tx(), reader, period.months()).await?;
            let count = rows.len();
            let months = period.months();
            let months = Some([months.start, months.end.plus(-1)]);
            (MedicalView::of_period(period, rows, hides_somebody), count, months)
        }
    };
    let months = months.map(|months| months.map(|month| month.to_string()));
    let part = if period.is_some() { "rows" } else { "sums" };
    let detail = json!({ "records": kind.name(), "part": part, "months": months });
    desk.note(rows, detail);
    Ok(view)
}

fn reader(who: &RegistryEntry, loss: Option<Loss>) -> Reader<'_> {
    Reader {
        household: &who.household_code,
        member: &who.code,
        until: loss.map(|loss| loss.last_month()),
    }
}

#[cfg(test)]
impl MedicalPage {
    /// Samples for every form of the template.
    pub(in crate::console) fn samples() -> Vec<Self> {
        let with = |form, view| Self { who: IdentityBar::samples().remove(0), form, view };
        let mut pages = vec![with(PurposeForm::default(), None), with(PurposeForm::wrong(), None)];
        let views = MedicalView::samples().into_iter();
        pages.extend(views.map(|view| with(PurposeForm::wrong(), Some(view))));
        pages
    }
}
