//! 「医療費情報」: the two tiles with sums (E1), and the links to all other pages of expenses.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::Datelike as _;
use serde::Serialize;

use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::ledger::{self, MonthSum};
use crate::portal::places::EXPENSES;
use crate::portal::records::period::Period;
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Overview {
    latest: SumTile,
    this_year: SumTile,
    /// True if rows of another person may be left out (E7).
    hides_somebody: bool,
    /// True if the union tells of new notices by mail.
    sends_mail: bool,
}

#[derive(Debug, Default, Serialize)]
struct SumTile {
    yen: String,
    /// `None` if there is no such notice.
    path: Option<String>,
    period: Option<String>,
}

impl Page for Overview {
    const TEMPLATE: &'static str = "portal/expenses/overview.html";
}

impl Overview {
    /// Makes the page from the months, which are ordered newest first.
    pub(in crate::portal) fn of(
        months: &[MonthSum],
        this_year: i32,
        hides_somebody: bool,
        sends_mail: bool,
    ) -> Self {
        let latest = months.first().map(|latest| SumTile {
            yen: latest.out_of_pocket.grouped(),
            path: Some(Period::Month(latest.month).path(EXPENSES)),
            period: Some(latest.month.japanese()),
        });
        let of_year: Vec<Yen> = months
            .iter()
            .filter(|sum| sum.month.year() == this_year)
            .map(|sum| sum.out_of_pocket)
            .collect();
        let year = (!of_year.is_empty()).then(|| SumTile {
            yen: of_year.into_iter().sum::<Yen>().grouped(),
            path: Month::new(this_year, 1).map(|january| Period::Year(january).path(EXPENSES)),
            period: Some(format!("{this_year}年")),
        });
        Self {
            latest: latest.unwrap_or_default(),
            this_year: year.unwrap_or_default(),
            hides_somebody,
            sends_mail,
        }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let reader = Reader::of(&session);
    let mut tx = visitor.begin(&app).await?;
    let months = ledger::month_sums(&mut tx, reader).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
    tx.commit().await?;
    let sends_mail = RecordKind::Expenses.is_told_by(&visitor.tenant.config);
    let page = Overview::of(&months, app.clock.today().year(), hides_somebody, sends_mail);
    visitor.page(&app, StatusCode::OK, &page)
}
