//! 「医療費情報」: what the household spent (seed 001 4-1), and what its tax return gets of it (4-2).

pub(super) mod deduction;
pub(super) mod deduction_file;
pub(super) mod filter;
pub(super) mod graph;
pub(super) mod history;
pub(super) mod overview;
mod paper;
pub(super) mod search;
pub(super) mod settings;
pub(super) mod statement;
pub(super) mod table;

use axum::Router;
use axum::routing::get;

use crate::portal::places;
use crate::web::state::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(places::EXPENSES, get(overview::show))
        .route(places::EXPENSES_HISTORY, get(history::show))
        .route(places::EXPENSES_SEARCH, get(search::show))
        .route(places::EXPENSES_SEARCH_PDF, get(search::pdf))
        .route(places::EXPENSES_MONTH, get(statement::month))
        .route(places::EXPENSES_MONTH_PDF, get(statement::month_pdf))
        .route(places::EXPENSES_YEAR, get(statement::year_page))
        .route(places::EXPENSES_YEAR_PDF, get(statement::year_pdf))
        .route(places::EXPENSES_GRAPH, get(graph::show))
        .route(places::EXPENSES_DEDUCTION, get(deduction::choose))
        .route(places::EXPENSES_DEDUCTION_FORMAT, get(deduction::show))
        .route(places::EXPENSES_DEDUCTION_FILE, get(deduction_file::send))
        .route(places::EXPENSES_SETTINGS, get(settings::show).post(settings::submit))
}
