//! 集計: how many people are registered, unregistered, locked and beyond the reach of mail.

mod page;
#[cfg(test)]
pub(super) mod samples;

use axum::routing::get;

use super::places::{REPORTS, REPORTS_FILE};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    let access = Access::Staff(Right::SeePeople);
    Routes::default().route(REPORTS, access, get(page::show)).route(
        REPORTS_FILE,
        access,
        get(page::file),
    )
}
