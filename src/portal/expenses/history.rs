//! 「過去の医療費通知」: fiscal years and their months (E4).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::expenses::ledger::{self, MonthSum};
use crate::portal::places::EXPENSES;
use crate::portal::records::filter::FilterForm;
use crate::portal::records::period::Period;
use crate::records::filter::Choices;
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct History {
    years: Vec<FiscalYear>,
    filter: FilterForm,
    /// True if rows of another person may be left out (E7).
    hides_somebody: bool,
}

#[derive(Debug, Serialize)]
struct FiscalYear {
    label: String,
    total: String,
    months: Vec<MonthLink>,
}

#[derive(Debug, Serialize)]
struct MonthLink {
    label: String,
    total: String,
    path: String,
}

impl Page for History {
    const TEMPLATE: &'static str = "portal/expenses/history.html";
}

impl History {
    /// Makes the page from the months, which are ordered newest first.
    pub(in crate::portal) fn of(
        months: &[MonthSum],
        choices: &Choices,
        hides_somebody: bool,
    ) -> Self {
        let years = months
            .chunk_by(|a, b| a.month.fiscal_year() == b.month.fiscal_year())
            .map(|months| FiscalYear {
                label: format!("{}年度", months[0].month.fiscal_year()),
                total: months
                    .iter()
                    .map(|sum| sum.out_of_pocket)
                    .sum::<crate::base::money::Yen>()
                    .grouped(),
                months: months
                    .iter()
                    .map(|sum| MonthLink {
                        label: sum.month.japanese(),
                        total: sum.out_of_pocket.grouped(),
                        path: Period::Month(sum.month).path(EXPENSES),
                    })
                    .collect(),
            })
            .collect();
        Self { years, filter: FilterForm::new(choices), hides_somebody }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let reader = Reader::of(&session);
    let mut tx = visitor.begin(&app).await?;
    let months = ledger::month_sums(&mut tx, reader).await?;
    let choices = ledger::choices(&mut tx, reader).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
    tx.commit().await?;
    visitor.page(&app, StatusCode::OK, &History::of(&months, &choices, hides_somebody))
}
