//! 「2025年3月の医療費明細」 and 「2025年の医療費明細」 (E2, E3), and the same as PDFs (E6).

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::paper::{self, Paper};
use super::table::Table;
use crate::base::month::Month;
use crate::expenses::ledger::{self, ExpenseRow};
use crate::expenses::statement::Statement;
use crate::portal::places::EXPENSES;
use crate::portal::records::period::{Neighbour, Period};
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};
use crate::web::turns::PersonTurn;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct StatementPage {
    title: String,
    /// 「2025年診療分」: the years in which a month's rows were treated.
    treated: Option<String>,
    /// The months of the notices.
    notices: String,
    table: Table,
    previous: Option<Neighbour>,
    next: Option<Neighbour>,
}

impl Page for StatementPage {
    const TEMPLATE: &'static str = "portal/expenses/statement.html";
}

impl StatementPage {
    /// `nearest` are the nearest months with rows before and after the period.
    pub(in crate::portal) fn of(
        period: Period,
        nearest: [Option<Month>; 2],
        rows: Vec<ExpenseRow>,
        hides_somebody: bool,
    ) -> Self {
        let pdf = format!("{}/pdf", period.path(EXPENSES));
        let treated = match period {
            Period::Month(_) => treated(&rows),
            Period::Year(_) => None,
        };
        let table = match period {
            Period::Month(_) => Table::of(rows, hides_somebody, pdf),
            Period::Year(_) => Table::by_month(rows, hides_somebody, pdf),
        };
        let [previous, next] = period.links(nearest, EXPENSES);
        Self { title: title(period), treated, notices: period.notices(), table, previous, next }
    }
}

/// 「2025年3月の医療費明細」
fn title(period: Period) -> String {
    format!("{}の医療費明細", period.label())
}

/// Returns 「2025年診療分」, or 「2024年・2025年診療分」; `None` if there are no rows.
fn treated(rows: &[ExpenseRow]) -> Option<String> {
    let years: BTreeSet<i32> = rows.iter().map(|row| row.treatment_month.year()).collect();
    let years: Vec<String> = years.iter().map(|year| format!("{year}年")).collect();
    (!years.is_empty()).then(|| format!("{}診療分", years.join("・")))
}

pub(super) async fn month(
    State(app): State<AppState>,
    Path(month): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    show(&app, subscriber, Period::month(&month)).await
}

pub(super) async fn year_page(
    State(app): State<AppState>,
    Path(year): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    show(&app, subscriber, Period::year(&year)).await
}

pub(super) async fn month_pdf(
    State(app): State<AppState>,
    turn: PersonTurn,
    Path(month): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    send(&app, turn, subscriber, Period::month(&month)).await
}

pub(super) async fn year_pdf(
    State(app): State<AppState>,
    turn: PersonTurn,
    Path(year): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    send(&app, turn, subscriber, Period::year(&year)).await
}

async fn show(
    app: &App,
    Subscriber { visitor, session, .. }: Subscriber,
    period: Option<Period>,
) -> Result<Response, WebError> {
    let period = period.ok_or(WebError::NotFound)?;
    let reader = Reader::of(&session);
    let mut tx = visitor.begin(app).await?;
    let rows = ledger::notices(&mut tx, reader, period.months()).await?;
    let nearest = ledger::neighbours(&mut tx, reader, period.months()).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
    tx.commit().await?;
    let page = StatementPage::of(period, nearest, rows, hides_somebody);
    visitor.page(app, StatusCode::OK, &page)
}

async fn send(
    app: &App,
    turn: PersonTurn,
    subscriber: Subscriber,
    period: Option<Period>,
) -> Result<Response, WebError> {
    let period = period.ok_or(WebError::NotFound)?;
    let reader = Reader::of(&subscriber.session);
    let mut tx = subscriber.visitor.begin(app).await?;
    let rows = ledger::notices(&mut tx, reader, period.months()).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
    let insured = ledger::insured(&mut tx, reader).await?;
    tx.commit().await?;
    if rows.is_empty() {
        return Ok(Redirect::to(&period.path(EXPENSES)).into_response());
    }
    let paper = Paper {
        title: title(period),
        insured,
        statement: Statement::of(rows, hides_somebody),
        name: format!("医療費明細_{}.pdf", period.label()),
        plain: format!("expenses-{}.pdf", period.plain()),
    };
    paper::send(app, &subscriber.visitor, turn, paper).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Yen;
    use crate::expenses::care::Care;

    #[test]
    fn e2_one_leads_to_the_next_month_or_year_with_a_notice_and_at_the_ends_no_further() {
        let month = |text: &str| Month::parse(text).unwrap();
        for (shown, nearest, previous, next) in [
            ("2026-10", [Some("2026-09"), None], Some("2026-09"), None),
            ("2026-09", [Some("2025-03"), Some("2026-10")], Some("2025-03"), Some("2026-10")),
            ("2023-12", [None, Some("2025-03")], None, Some("2025-03")),
            ("2026", [Some("2025-03"), None], Some("2025"), None),
            ("2025", [Some("2023-12"), Some("2026-09")], Some("2023"), Some("2026")),
            ("2023", [None, Some("2025-03")], None, Some("2025")),
        ] {
            let period = Period::month(shown).or_else(|| Period::year(shown)).unwrap();
            let nearest = nearest.map(|text| text.map(month));
            let page = StatementPage::of(period, nearest, Vec::new(), false);
            let end = |neighbour: Option<Neighbour>| neighbour.map(|found| found.path);
            let path = |text: &str| {
                format!("{}/{text}", period.path(EXPENSES).rsplit_once('/').unwrap().0)
            };
            assert_eq!(end(page.previous), previous.map(path), "before {shown}");
            assert_eq!(end(page.next), next.map(path), "after {shown}");
        }
        let alone =
            StatementPage::of(Period::month("2026-10").unwrap(), [None, None], Vec::new(), false);
        assert!(alone.previous.is_none() && alone.next.is_none());
    }

    #[test]
    fn e2_a_month_of_notice_tells_the_years_of_treatment() {
        let row = |year, month| ExpenseRow {
            treatment_month: Month::new(year, month).unwrap(),
            patient: "テスト タロウ".to_owned(),
            institution: String::new(),
            care: Care::Outpatient,
            days: 1,
            total: Yen(1_000),
            insurer: Yen(700),
            public: Yen(0),
            out_of_pocket: Yen(300),
            computed: false,
            remarks: String::new(),
        };
        let march = Period::month("2025-03").unwrap();
        assert_eq!(title(march), "2025年3月の医療費明細");
        let treated = |period, rows| StatementPage::of(period, [None, None], rows, false).treated;
        assert_eq!(treated(march, vec![row(2025, 1)]).as_deref(), Some("2025年診療分"), "seed 001");
        let both = vec![row(2024, 12), row(2025, 1), row(2025, 2)];
        assert_eq!(treated(march, both.clone()).as_deref(), Some("2024年・2025年診療分"));
        assert_eq!(treated(march, Vec::new()), None);
        assert_eq!(treated(Period::year("2025").unwrap(), both), None, "its groups tell it");
    }
}
