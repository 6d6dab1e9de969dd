//! 「〇月〇日からご利用いただけます」: a union's portal before its opening (T14).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use serde::Serialize;

use super::error::WebError;
use super::page::{Frame, Page};
use super::state::{App, AppState};
use crate::base::japanese::day;
use crate::tenant::directory::Tenant;
use crate::tenant::policy::TenantConfig;

#[derive(Debug, Serialize)]
pub(crate) struct NotOpen {
    pub(crate) opens: String,
    pub(crate) old_site_closes: Option<String>,
}

impl Page for NotOpen {
    const TEMPLATE: &'static str = "portal/not_open.html";
}

/// Until the day of the opening, every page is the one that names it.
pub async fn closed_before(
    State(app): State<AppState>,
    Extension(tenant): Extension<Arc<Tenant>>,
    request: Request,
    next: Next,
) -> Response {
    match tenant.config.service_dates.as_ref().map(|dates| dates.opens) {
        Some(opens) if app.clock.today() < opens => {
            page(&app, tenant, opens).unwrap_or_else(WebError::into_response)
        }
        _ => next.run(request).await,
    }
}

fn page(app: &App, tenant: Arc<Tenant>, opens: NaiveDate) -> Result<Response, WebError> {
    let old_site_closes = old_site_closes(&tenant.config, app.clock.today());
    let frame = Frame { tenant, person: None, csrf: String::new() };
    let page = NotOpen { opens: day(opens), old_site_closes };
    app.pages.render(&frame, StatusCode::SERVICE_UNAVAILABLE, &page)
}

/// The union's old site's last day, up to that day.
#[must_use]
pub fn old_site_closes(config: &TenantConfig, today: NaiveDate) -> Option<String> {
    let closes = config.service_dates.as_ref()?.old_site_closes?;
    (today <= closes).then(|| day(closes))
}
