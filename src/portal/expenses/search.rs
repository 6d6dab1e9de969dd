//! 「診療年月・受診者で絞り込んだ医療費明細」 (E5), and the same as a PDF.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::paper::{self, Paper};
use super::table::Table;
use crate::expenses::ledger::{self, ExpenseRow};
use crate::expenses::statement::Statement;
use crate::portal::places::EXPENSES_SEARCH;
use crate::portal::records::filter::{FilterForm, FilterQuery, Narrowed, UnknownPatient};
use crate::records::reader::Reader;
use crate::records::{RecordKind, privacy};
use crate::web::error::WebError;
use crate::web::form::status_of;
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::AppState;
use crate::web::turns::PersonTurn;

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Search {
    filter: FilterForm,
    /// `None` if the filter has mistakes.
    found: Option<SearchResult>,
}

#[derive(Debug, Serialize)]
struct SearchResult {
    /// The filter in words.
    words: String,
    table: Table,
}

impl Page for Search {
    const TEMPLATE: &'static str = "portal/expenses/search.html";
}

impl Search {
    fn found(
        filter: FilterForm,
        narrowed: &Narrowed,
        rows: Vec<ExpenseRow>,
        hides_somebody: bool,
    ) -> Self {
        let pdf = format!("{EXPENSES_SEARCH}/pdf?{}", narrowed.query());
        let table = Table::by_month(rows, hides_somebody, pdf);
        Self { filter, found: Some(SearchResult { words: narrowed.words(), table }) }
    }
}

impl From<UnknownPatient> for WebError {
    fn from(_: UnknownPatient) -> Self {
        Self::NotFound
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    _turn: PersonTurn,
    Subscriber { visitor, session, .. }: Subscriber,
    Query(asked): Query<FilterQuery>,
) -> Result<Response, WebError> {
    let reader = Reader::of(&session);
    let mut tx = visitor.begin(&app).await?;
    let choices = ledger::choices(&mut tx, reader).await?;
    let (form, narrowed) = asked.read(&choices)?;
    let page = match narrowed {
        Some(narrowed) => {
            let rows = ledger::treated(&mut tx, reader, &narrowed.filter).await?;
            let hides_somebody =
                privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
            Search::found(form, &narrowed, rows, hides_somebody)
        }
        None => Search { filter: form, found: None },
    };
    tx.commit().await?;
    visitor.page(&app, status_of(&page.filter.errors), &page)
}

pub(super) async fn pdf(
    State(app): State<AppState>,
    turn: PersonTurn,
    subscriber: Subscriber,
    Query(asked): Query<FilterQuery>,
) -> Result<Response, WebError> {
    let reader = Reader::of(&subscriber.session);
    let mut tx = subscriber.visitor.begin(&app).await?;
    let choices = ledger::choices(&mut tx, reader).await?;
    let narrowed = asked.read(&choices)?.1.ok_or(WebError::NotFound)?;
    let rows = ledger::treated(&mut tx, reader, &narrowed.filter).await?;
    let hides_somebody = privacy::hides_somebody(&mut tx, RecordKind::Expenses, reader).await?;
    let insured = ledger::insured(&mut tx, reader).await?;
    tx.commit().await?;
    if rows.is_empty() {
        return Ok(Redirect::to(&format!("{EXPENSES_SEARCH}?{}", narrowed.query())).into_response());
    }
    // The file's name leaves out the patient's, since other people may see a list of downloads.
    let months = narrowed.months().map(|months| format!("_{months}")).unwrap_or_default();
    let paper = Paper {
        title: format!("医療費明細（{}）", narrowed.words()),
        insured,
        statement: Statement::of(rows, hides_somebody),
        name: format!("医療費明細{months}.pdf"),
        plain: "expenses.pdf".to_owned(),
    };
    paper::send(&app, &subscriber.visitor, turn, paper).await
}

#[cfg(test)]
pub(in crate::portal) mod samples {
    use super::*;
    use crate::records::filter::Choices;

    /// Makes the page of a query.
    pub(in crate::portal) fn page(
        query: &str,
        choices: &Choices,
        rows: Vec<ExpenseRow>,
        hides_somebody: bool,
    ) -> Search {
        let asked: FilterQuery = serde_urlencoded::from_str(query).unwrap();
        match asked.read(choices).unwrap() {
            (form, Some(narrowed)) => Search::found(form, &narrowed, rows, hides_somebody),
            (form, None) => Search { filter: form, found: None },
        }
    }
}
