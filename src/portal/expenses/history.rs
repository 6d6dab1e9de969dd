//! 「過去の医療費通知」: fiscal years and their months (E4).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::expenses::ledger::{self, MonthSum};
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct History {
    years: Vec<Year>,
}

#[derive(Debug, Serialize)]
struct Year {
    label: String,
    total: String,
    months: Vec<Month>,
}

#[derive(Debug, Serialize)]
struct Month {
    label: String,
    total: String,
    path: String,
}

impl Page for History {
    const TEMPLATE: &'static str = "portal/expenses/history.html";
}

impl History {
    /// From the months, newest first.
    pub(in crate::portal) fn of(months: &[MonthSum]) -> Self {
        let years = months
            .chunk_by(|a, b| a.month.fiscal_year() == b.month.fiscal_year())
            .map(|months| Year {
                label: format!("{}年度", months[0].month.fiscal_year()),
                total: months
                    .iter()
                    .map(|sum| sum.out_of_pocket)
                    .sum::<crate::base::money::Yen>()
                    .grouped(),
                months: months
                    .iter()
                    .map(|sum| Month {
                        label: sum.month.japanese(),
                        total: sum.out_of_pocket.grouped(),
                        path: format!("/expenses/months/{}", sum.month),
                    })
                    .collect(),
            })
            .collect();
        Self { years }
    }
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let mut tx = app.db.tenant(visitor.tenant.id).await?;
    let months = ledger::month_sums(&mut tx, &session.household_code, session.last_month()).await?;
    tx.commit().await?;
    visitor.page(&app, StatusCode::OK, &History::of(&months))
}
