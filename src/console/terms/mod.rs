//! 利用規約: versions with who agreed, and drafts until they are published (A5).

mod draft;
mod edit;
mod line;
mod list;
#[cfg(test)]
pub(super) mod samples;
mod version;

use axum::routing::get;

use super::places::{TERMS_DRAFT, TERMS_DRAFT_EDIT, TERMS_DRAFT_NEW, TERMS_LIST, TERMS_VERSION};
use crate::auth::staff::right::Right;
use crate::web::routes::{Access, Routes};

pub(super) fn routes() -> Routes {
    let see = Access::Staff(Right::SeePeople);
    let draft = Access::Staff(Right::Draft);
    Routes::default()
        .route(TERMS_LIST, see, get(list::show))
        .route(TERMS_DRAFT_NEW, draft, get(edit::show_new).post(edit::begin))
        .route(TERMS_VERSION, see, get(version::show))
        .route(
            TERMS_DRAFT,
            (see, Access::Staff(Right::Publish)),
            get(draft::show).post(draft::publish),
        )
        .route(TERMS_DRAFT_EDIT, draft, get(edit::show).post(edit::change))
}
