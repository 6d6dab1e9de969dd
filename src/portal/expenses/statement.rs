//! 「2025年3月の医療費明細」 and 「2025年の医療費明細」 (E2, E3), and the same as a PDF (E6).

use std::ops::Range;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::paper::{self, Paper};
use super::table::Table;
use crate::base::month::Month;
use crate::expenses::ledger::{self, ExpenseRow, Reader};
use crate::expenses::privacy;
use crate::expenses::statement::Statement as Lines;
use crate::web::error::WebError;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Statement {
    title: String,
    table: Table,
    previous: Option<Neighbour>,
    next: Option<Neighbour>,
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
    pub(in crate::portal) fn of(
        period: Period,
        this_month: Month,
        rows: Vec<ExpenseRow>,
        hides_somebody: bool,
    ) -> Self {
        let is_newest = period.months().end > this_month;
        Self {
            title: period.title(),
            table: Table::of(rows, hides_somebody, format!("{}/pdf", period.path())),
            previous: Some(period.plus(-1).neighbour()),
            next: (!is_newest).then(|| period.plus(1).neighbour()),
        }
    }
}

/// Whose notices a statement has: those of a month, or of a year, January to December.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::portal) enum Period {
    Month(Month),
    /// From this January on.
    Year(Month),
}

impl Period {
    /// Reads `2025-03`, and nothing that is written otherwise: a page has one address.
    pub(in crate::portal) fn month(text: &str) -> Option<Self> {
        Month::parse(text).filter(|parsed| parsed.to_string() == text).map(Self::Month)
    }

    pub(in crate::portal) fn year(text: &str) -> Option<Self> {
        year(text).and_then(|year| Month::new(year, 1)).map(Self::Year)
    }

    fn months(self) -> Range<Month> {
        match self {
            Self::Month(month) => month..month.plus(1),
            Self::Year(january) => january..january.plus(12),
        }
    }

    /// The period so many later.
    fn plus(self, count: i32) -> Self {
        match self {
            Self::Month(month) => Self::Month(month.plus(count)),
            Self::Year(january) => Self::Year(january.plus(12 * count)),
        }
    }

    fn label(self) -> String {
        match self {
            Self::Month(month) => month.japanese(),
            Self::Year(january) => format!("{}年", january.year()),
        }
    }

    fn title(self) -> String {
        format!("{}の医療費明細", self.label())
    }

    /// As addresses and file names write it.
    fn plain(self) -> String {
        match self {
            Self::Month(month) => month.to_string(),
            Self::Year(january) => january.year().to_string(),
        }
    }

    fn path(self) -> String {
        let folder = match self {
            Self::Month(_) => "months",
            Self::Year(_) => "years",
        };
        format!("/expenses/{folder}/{}", self.plain())
    }

    fn neighbour(self) -> Neighbour {
        Neighbour { label: self.label(), path: self.path() }
    }
}

/// A year as addresses write it: four digits.
pub(super) fn year(text: &str) -> Option<i32> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
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
    Path(month): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    send(&app, subscriber, Period::month(&month)).await
}

pub(super) async fn year_pdf(
    State(app): State<AppState>,
    Path(year): Path<String>,
    subscriber: Subscriber,
) -> Result<Response, WebError> {
    send(&app, subscriber, Period::year(&year)).await
}

async fn show(
    app: &App,
    Subscriber { visitor, session, .. }: Subscriber,
    period: Option<Period>,
) -> Result<Response, WebError> {
    let period = period.ok_or(WebError::NotFound)?;
    let reader = Reader::of(&session);
    let mut tx = app.db.tenant(visitor.tenant.id).await?;
    let rows = ledger::notices(&mut tx, reader, period.months()).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, reader).await?;
    tx.commit().await?;
    let page = Statement::of(period, Month::of(app.clock.today()), rows, hides_somebody);
    visitor.page(app, StatusCode::OK, &page)
}

async fn send(
    app: &App,
    subscriber: Subscriber,
    period: Option<Period>,
) -> Result<Response, WebError> {
    let period = period.ok_or(WebError::NotFound)?;
    let reader = Reader::of(&subscriber.session);
    let mut tx = app.db.tenant(subscriber.visitor.tenant.id).await?;
    let rows = ledger::notices(&mut tx, reader, period.months()).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, reader).await?;
    let insured = ledger::insured(&mut tx, reader).await?;
    tx.commit().await?;
    if rows.is_empty() {
        return Ok(Redirect::to(&period.path()).into_response());
    }
    let paper = Paper {
        title: period.title(),
        insured,
        statement: Lines::of(rows, hides_somebody),
        name: format!("医療費明細_{}.pdf", period.label()),
        plain: format!("expenses-{}.pdf", period.plain()),
    };
    paper::send(app, &subscriber, paper).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e2_a_period_has_one_address_and_its_neighbours() {
        let march = Period::month("2025-03").unwrap();
        assert_eq!(march.path(), "/expenses/months/2025-03");
        assert_eq!(march.title(), "2025年3月の医療費明細");
        assert_eq!(march.plus(-3).path(), "/expenses/months/2024-12");
        let year = Period::year("2025").unwrap();
        assert_eq!(year.path(), "/expenses/years/2025");
        assert_eq!(year.label(), "2025年");
        assert_eq!(year.plus(1).path(), "/expenses/years/2026");
        assert!(year.months().contains(&Month::new(2025, 12).unwrap()));
        assert!(!year.months().contains(&Month::new(2026, 1).unwrap()));
        for text in ["2025-3", "2025/03", "202503", "2025-13", "2025", "2025-03-01", ""] {
            assert_eq!(Period::month(text), None, "{text}");
        }
        for text in ["25", "99999", "+202", "２０２５", "0000", "2025-01", ""] {
            assert_eq!(Period::year(text), None, "{text}");
        }
    }

    #[test]
    fn e2_nothing_follows_the_month_and_the_year_that_are_now() {
        let now = Month::new(2026, 11).unwrap();
        let next = |period: Option<Period>| {
            Statement::of(period.unwrap(), now, Vec::new(), false).next.map(|next| next.path)
        };
        assert_eq!(next(Period::month("2026-11")), None);
        assert_eq!(next(Period::month("2026-10")).as_deref(), Some("/expenses/months/2026-11"));
        assert_eq!(next(Period::year("2026")), None);
        assert_eq!(next(Period::year("2025")).as_deref(), Some("/expenses/years/2026"));
    }
}
