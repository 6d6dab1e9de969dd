//! 組合の設定: what the operator opened to the union, and the versions of the policy (A7).

mod confirm;
mod form;
#[cfg(test)]
pub(super) mod samples;
mod version;

use axum::routing::get;

use super::places::{POLICY, POLICY_VERSION};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    let access = Access::Staff(Right::ChangePolicy);
    Routes::default().route(POLICY, access, get(form::show).post(form::submit)).route(
        POLICY_VERSION,
        access,
        get(version::show),
    )
}
