//! The trail as staff read it (A8).

mod alerts;
mod export;
mod filters;
mod lines;
mod page;
mod query;

use axum::routing::{get, post};

pub(super) use self::export::ExportLines;
use super::places::{
    TRAIL, TRAIL_ALERT_SEEN, TRAIL_ALERTS, TRAIL_EXPORT, TRAIL_EXPORT_TAKE, TRAIL_FILE,
};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

/// Declares the pages of the trail.
pub(super) fn routes() -> Routes {
    let (read, export) = (Access::Staff(Right::ReadTrail), Access::Staff(Right::ExportTrail));
    Routes::default()
        .route(TRAIL, read, get(page::show))
        .route(TRAIL_FILE, export, get(export::few))
        .route(TRAIL_EXPORT, export, get(export::ask).post(export::ask_for))
        .route(TRAIL_EXPORT_TAKE, export, post(export::many))
        .route(TRAIL_ALERTS, read, get(alerts::show))
        .route(TRAIL_ALERT_SEEN, read, post(alerts::see))
}
