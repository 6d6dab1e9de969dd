//! The people of a union, as its staff find and see them (A2, A3).

mod acts;
mod addressed;
pub(super) mod identity;
mod mails;
mod medical;
mod page;
mod search;
mod sign_in;
#[cfg(test)]
pub(in crate::console) mod templates;
mod timeline;

use axum::routing::get;

use super::places::{MEDICAL, PERSON, SEARCH};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(SEARCH, Access::Staff(Right::SeePeople), get(search::show).post(search::submit))
        .route(PERSON, Access::Staff(Right::SeePeople), get(page::show))
        .route(
            MEDICAL,
            Access::Staff(Right::SeeMedicalData),
            get(medical::ask).post(medical::submit),
        )
}
