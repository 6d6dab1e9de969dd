//! 「2025年3月の医療費明細」 and 「2025年の医療費明細」 (E2, E3).

use std::ops::Range;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::base::money::Yen;
use crate::base::month::Month;
use crate::expenses::ledger::{self, ExpenseRow};
use crate::expenses::totals::Totals;
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Statement {
    title: String,
    paid: String,
    rows: Vec<Row>,
    totals: Sums,
    previous: Option<Neighbour>,
    next: Option<Neighbour>,
}

#[derive(Debug, Serialize)]
struct Row {
    treatment_month: String,
    patient: String,
    institution: String,
    /// 診療区分/日数: 通院/1日
    care: String,
    total: String,
    insurer: String,
    public: String,
    out_of_pocket: String,
    remarks: String,
}

#[derive(Debug, Serialize)]
struct Sums {
    total: String,
    insurer: String,
    public: String,
    out_of_pocket: String,
}

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Neighbour {
    label: String,
    path: String,
}

impl Page for Statement {
    const TEMPLATE: &'static str = "portal/expenses/statement.html";
}

impl Statement {
    pub(in crate::portal) fn of(title: String, rows: Vec<ExpenseRow>) -> Self {
        let totals = Totals::of(&rows);
        Self {
            title,
            paid: totals.out_of_pocket.grouped(),
            rows: rows.into_iter().map(Row::from).collect(),
            totals: Sums {
                total: totals.total.to_string(),
                insurer: totals.insurer.to_string(),
                public: totals.public.to_string(),
                out_of_pocket: totals.out_of_pocket.to_string(),
            },
            previous: None,
            next: None,
        }
    }
}

impl From<ExpenseRow> for Row {
    fn from(row: ExpenseRow) -> Self {
        let yen = |amount: Yen| amount.to_string();
        Self {
            treatment_month: row.treatment_month.slashed(),
            patient: row.patient,
            institution: row.institution,
            care: format!("{}/{}{}", row.care.japanese(), row.days, row.care.counter()),
            total: yen(row.total),
            insurer: yen(row.insurer),
            public: yen(row.public),
            out_of_pocket: yen(row.out_of_pocket),
            remarks: row.remarks,
        }
    }
}

/// The rows of one month's notice.
pub(in crate::portal) async fn month(
    State(app): State<AppState>,
    Path(month): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    let month = Month::parse(&month).filter(|parsed| parsed.to_string() == month);
    let month = month.ok_or(WebError::NotFound)?;
    let neighbour = |month: Month| Neighbour {
        label: month.japanese(),
        path: format!("/expenses/months/{month}"),
    };
    let title = format!("{}の医療費明細", month.japanese());
    let neighbours = (neighbour(month.plus(-1)), neighbour(month.plus(1)));
    let is_newest = month.plus(1) > Month::of(app.clock.today());
    show(&app, subscriber, month..month.plus(1), title, neighbours, is_newest).await
}

/// The rows of a year's notices, January to December.
pub(in crate::portal) async fn year(
    State(app): State<AppState>,
    Path(year): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    let digits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let year = if digits { year.parse().ok() } else { None };
    let january = year.and_then(|year| Month::new(year, 1)).ok_or(WebError::NotFound)?;
    let neighbour = |month: Month| Neighbour {
        label: format!("{}年", month.year()),
        path: format!("/expenses/years/{}", month.year()),
    };
    let title = format!("{}年の医療費明細", january.year());
    let neighbours = (neighbour(january.plus(-12)), neighbour(january.plus(12)));
    let is_newest = january.plus(12) > Month::of(app.clock.today());
    show(&app, subscriber, january..january.plus(12), title, neighbours, is_newest).await
}

async fn show(
    app: &App,
    Subscriber { visitor, session, .. }: Subscriber,
    months: Range<Month>,
    title: String,
    (previous, next): (Neighbour, Neighbour),
    is_newest: bool,
) -> Result<Response, WebError> {
    let mut tx = app.db.tenant(visitor.tenant.id).await?;
    let rows =
        ledger::notices(&mut tx, &session.household_code, months, session.last_month()).await?;
    tx.commit().await?;
    let mut page = Statement::of(title, rows);
    page.previous = Some(previous);
    page.next = (!is_newest).then_some(next);
    visitor.page(app, StatusCode::OK, &page)
}
