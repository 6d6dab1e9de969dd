//! Going back: the settings that are the union's as they were in an earlier version. It is a change like any other.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::confirm::PolicyConfirmPage;
use super::form::newest;
use crate::auth::staff::act::ViewPolicy;
use crate::auth::staff::desk::{Desk, Matter};
use crate::console::approvals::told::of_form;
use crate::tenant::file::proposal;
use crate::tenant::registry;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::state::AppState;

const BEYOND: &str = "この版の値は、いまの上限・下限に合わないため、戻せません。";

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(version): Path<String>,
) -> Result<Response, WebError> {
    let version: i32 = version.parse().map_err(|_| WebError::NotFound)?;
    let page = Desk::<ViewPolicy>::act(visitor.clerk(&app), Matter::default(), async |desk| {
        let now = newest(desk).await?;
        let earlier = registry::own_version(desk.tx(), version).await?;
        let Some(earlier) = earlier else { return Err(WebError::NotFound) };
        let changes = proposal::back_to(&now.config, &earlier);
        let after = proposal::with(&now.config, &changes).ok();
        let shown = after.as_ref().unwrap_or(&now.config);
        let mut page = PolicyConfirmPage::of(&app, desk, &now, &changes, shown).await?;
        page.back_to = Some(version);
        if after.is_none() {
            page.errors = of_form(BEYOND);
            page.changes.clear();
        }
        Ok(page)
    })
    .await?;
    visitor.page(&app, StatusCode::OK, &page)
}
