//! 「医療費情報」: what the household spent (seed 001 4-1), and what its tax return gets of it (4-2).

pub(super) mod deduction;
pub(super) mod deduction_file;
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

use crate::web::state::AppState;

/// Where these pages are.
const PAGES: &str = "/expenses";
const PDF: &str = "application/pdf";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/expenses", get(overview::show))
        .route("/expenses/history", get(history::show))
        .route("/expenses/search", get(search::show))
        .route("/expenses/search/pdf", get(search::pdf))
        .route("/expenses/months/{month}", get(statement::month))
        .route("/expenses/months/{month}/pdf", get(statement::month_pdf))
        .route("/expenses/years/{year}", get(statement::year_page))
        .route("/expenses/years/{year}/pdf", get(statement::year_pdf))
        .route("/expenses/graph", get(graph::show))
        .route("/expenses/deduction", get(deduction::choose))
        .route("/expenses/deduction/{format}", get(deduction::show))
        .route("/expenses/deduction/{format}/{year}", get(deduction_file::send))
        .route(settings::PAGE, get(settings::show).post(settings::submit))
}
