//! 職員: a union's own people, what they may do, and the quarterly review (A1).

mod act;
mod fields;
mod invite;
mod line;
mod list;
mod member;
mod review;
mod rights;
#[cfg(test)]
pub(super) mod samples;
mod told;

use axum::routing::get;

use super::places::{
    STAFF, STAFF_INVITE, STAFF_MEMBER, STAFF_REINVITE, STAFF_RESEND, STAFF_REVIEW, STAFF_RIGHTS,
    STAFF_SUSPEND,
};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

const ACCESS: Access = Access::Staff(Right::ManageStaff);

pub(super) fn routes() -> Routes {
    Routes::default()
        .route(STAFF, ACCESS, get(list::show))
        .route(STAFF_INVITE, ACCESS, get(invite::show).post(invite::submit))
        .route(STAFF_REVIEW, ACCESS, get(review::show).post(review::confirm))
        .route(STAFF_MEMBER, ACCESS, get(member::show))
        .route(STAFF_RIGHTS, ACCESS, get(rights::show).post(rights::submit))
        .route(STAFF_SUSPEND, ACCESS, get(act::show_suspend).post(act::suspend))
        .route(STAFF_REINVITE, ACCESS, get(act::show_reinvite).post(act::reinvite))
        .route(STAFF_RESEND, ACCESS, get(act::show_resend).post(act::resend))
}
