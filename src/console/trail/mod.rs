//! The trail as staff read it (A8).

mod alerts;
mod export;
mod filters;
mod lines;
mod page;
mod query;
#[cfg(test)]
pub(super) mod samples;

use axum::response::Redirect;
use axum::routing::get;

pub(super) use self::export::ExportLines;
use super::places::{
    TRAIL, TRAIL_ALERT_SEEN, TRAIL_ALERTS, TRAIL_EXPORT, TRAIL_EXPORT_TAKE, TRAIL_FILE,
};
use crate::auth::staff::right::Right;
use crate::web::identity::SignedInStaff;
use crate::web::routes::{Access, Routes};

/// Declares the pages of the trail.
pub(super) fn routes() -> Routes {
    let (read, export) = (Access::Staff(Right::ReadTrail), Access::Staff(Right::ExportTrail));
    Routes::default()
        .route(TRAIL, read, get(page::show))
        .route(TRAIL_FILE, export, get(export::few))
        .route(TRAIL_EXPORT, export, get(export::ask).post(export::ask_for))
        .route(TRAIL_EXPORT_TAKE, export, get(to_trail).post(export::many))
        .route(TRAIL_ALERTS, read, get(alerts::show))
        .route(TRAIL_ALERT_SEEN, read, get(to_alerts).post(alerts::see))
}

/// A person who has to sign in before a button counts comes back here by GET, and is sent to the page with the button.
async fn to_trail(_: SignedInStaff) -> Redirect {
    Redirect::to(TRAIL)
}

async fn to_alerts(_: SignedInStaff) -> Redirect {
    Redirect::to(TRAIL_ALERTS)
}
