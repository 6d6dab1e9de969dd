//! 「医療費情報」: a household's expenses (seed 001 4-1), and the files for its tax return (4-2).

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

use axum::routing::get;

use crate::portal::places;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(places::EXPENSES, Access::Subscriber, get(overview::show))
        .route(places::EXPENSES_HISTORY, Access::Subscriber, get(history::show))
        .route(places::EXPENSES_SEARCH, Access::Subscriber, get(search::show))
        .route(places::EXPENSES_SEARCH_PDF, Access::Subscriber, get(search::pdf))
        .route(places::EXPENSES_MONTH, Access::Subscriber, get(statement::month))
        .route(places::EXPENSES_MONTH_PDF, Access::Subscriber, get(statement::month_pdf))
        .route(places::EXPENSES_YEAR, Access::Subscriber, get(statement::year_page))
        .route(places::EXPENSES_YEAR_PDF, Access::Subscriber, get(statement::year_pdf))
        .route(places::EXPENSES_GRAPH, Access::Subscriber, get(graph::show))
        .route(places::EXPENSES_DEDUCTION, Access::Subscriber, get(deduction::choose))
        .route(places::EXPENSES_DEDUCTION_FORMAT, Access::Subscriber, get(deduction::show))
        .route(places::EXPENSES_DEDUCTION_FILE, Access::Subscriber, get(deduction_file::send))
        .route(places::EXPENSES_SETTINGS, Access::Fresh, get(settings::show).post(settings::submit))
}
