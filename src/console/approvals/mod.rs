//! 承認: requests that wait for a second pair of eyes (A1).

mod kinds;
mod list;
mod one;
#[cfg(test)]
pub(super) mod samples;
mod words;

use axum::routing::get;

pub use self::kinds::kinds;
use super::places::{APPROVAL, APPROVAL_WITHDRAW, APPROVALS};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(APPROVALS, Access::AnyStaff, get(list::show))
        // A request's author sees it, too.
        .route(
            APPROVAL,
            (Access::Staff(Right::Approve), Access::Fresh),
            get(one::show).post(one::decide),
        )
        .route(APPROVAL_WITHDRAW, Access::AnyStaff, get(one::back).post(one::withdraw))
}
