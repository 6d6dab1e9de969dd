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

use axum::routing::get;

use crate::web::routes::{Access, Routes};

const PDF: &str = "application/pdf";

pub(super) fn routes() -> Routes {
    Routes::default()
        .route("/expenses", Access::Subscriber, get(overview::show))
        .route("/expenses/history", Access::Subscriber, get(history::show))
        .route("/expenses/search", Access::Subscriber, get(search::show))
        .route("/expenses/search/pdf", Access::Subscriber, get(search::pdf))
        .route("/expenses/months/{month}", Access::Subscriber, get(statement::month))
        .route("/expenses/months/{month}/pdf", Access::Subscriber, get(statement::month_pdf))
        .route("/expenses/years/{year}", Access::Subscriber, get(statement::year_page))
        .route("/expenses/years/{year}/pdf", Access::Subscriber, get(statement::year_pdf))
        .route("/expenses/graph", Access::Subscriber, get(graph::show))
        .route("/expenses/deduction", Access::Subscriber, get(deduction::choose))
        .route("/expenses/deduction/{format}", Access::Subscriber, get(deduction::show))
        .route("/expenses/deduction/{format}/{year}", Access::Subscriber, get(deduction_file::send))
        .route(settings::PAGE, Access::Fresh, get(settings::show).post(settings::submit))
}
