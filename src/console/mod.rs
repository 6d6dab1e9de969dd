//! Staff's door: pages in a browser on the host of the union's console.

mod acts;
pub mod approvals;
mod door;
mod home;
mod invitation;
mod message;
mod method;
mod people;
pub mod places;
mod policy;
mod reports;
mod sign_out;
mod staff;
#[cfg(test)]
mod templates;
mod terms;
pub mod trail;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;

pub use self::message::ConsoleMessage;
use crate::account::{self, next, onward};
use crate::auth::staff::right::Right;
use crate::base::realm::Staff;
use crate::web::routes::{Access, Routes};
use crate::web::state::AppState;

/// Declares every page of the console with its access.
pub fn routes() -> Routes {
    Routes::default()
        .route(places::TOP, Access::Anybody, get(home::show))
        .route(places::WORK, Access::Staff(Right::SeePeople), get(home::list::show))
        .route(places::INVITATION, Access::Anybody, get(invitation::show).post(invitation::submit))
        .merge(account::routes::<Staff>())
        .route(places::METHODS_METHOD, Access::Fresh, get(method::show).post(method::submit))
        .route(
            places::SIGN_OUT,
            (Access::AnyStaff, Access::Anybody),
            get(sign_out::show).post(sign_out::submit),
        )
        .merge(approvals::routes())
        .merge(trail::routes())
        .merge(acts::routes())
        .merge(staff::routes())
        .merge(terms::routes())
        .merge(policy::routes())
        .merge(reports::routes())
        .merge(people::routes())
}

/// Builds the console's router. It remembers the page that a person wanted when they had to sign in.
pub fn router() -> Router<AppState> {
    routes()
        .into_router()
        .layer(from_fn(next::remember::<Staff>))
        .layer(from_fn(onward::lead::<Staff>))
}
