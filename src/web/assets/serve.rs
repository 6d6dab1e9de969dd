//! Handles `GET /assets/{name}`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::tenant::directory::Tenant;
use crate::web::state::AppState;

pub async fn serve(
    State(app): State<AppState>,
    tenant: Option<Extension<Arc<Tenant>>>,
    Path(name): Path<String>,
    asked: HeaderMap,
) -> Response {
    let accent = tenant.map(|Extension(tenant)| tenant.config.brand.accent);
    app.pages.assets().answer(&name, accent, &asked)
}
