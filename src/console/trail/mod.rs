//! The trail as staff read it (A8).

mod filters;
mod lines;
mod page;
mod query;
#[cfg(test)]
mod sentence;

use axum::routing::get;

use super::places::TRAIL;
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

/// Declares the pages of the trail.
pub(super) fn routes() -> Routes {
    Routes::default().route(TRAIL, Access::Staff(Right::ReadTrail), get(page::show))
}
