//! A closed portal: out of service (O1), before its opening (T14), or under maintenance (T13).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use serde::Serialize;

use crate::base::japanese::{day, minute};
use crate::tenant::directory::Tenant;
use crate::tenant::hosts::Door;
use crate::tenant::maintenance::MaintenanceWindow;
use crate::tenant::policy::TenantConfig;
use crate::web::error::WebError;
use crate::web::page::{Frame, Page};
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(crate) struct NotOpen {
    pub(crate) opens: String,
    pub(crate) old_site_closes: Option<String>,
}

impl Page for NotOpen {
    const TEMPLATE: &'static str = "portal/not_open.html";
}

/// 「現在ご利用いただけません」: the union is out of service.
#[derive(Debug, Serialize)]
pub(crate) struct OutOfService {}

impl Page for OutOfService {
    const TEMPLATE: &'static str = "portal/out_of_service.html";
}

/// 「ただいまメンテナンス中です」: the portal is under maintenance.
#[derive(Debug, Serialize)]
pub(crate) struct UnderMaintenance {
    /// The end of the maintenance: 「11月19日 22:00」.
    pub(crate) until: String,
}

impl Page for UnderMaintenance {
    const TEMPLATE: &'static str = "portal/maintenance.html";
}

/// While the portal is closed, answers every request with a page that says why, and until when.
pub async fn closed(
    State(app): State<AppState>,
    Extension(tenant): Extension<Arc<Tenant>>,
    request: Request,
    next: Next,
) -> Response {
    if !tenant.enabled {
        let frame = Frame::anonymous(tenant, Door::Portal);
        let page = app.pages.render(&frame, StatusCode::SERVICE_UNAVAILABLE, &OutOfService {});
        return page.unwrap_or_else(WebError::into_response);
    }
    let opens = tenant.config.service_dates.as_ref().map(|dates| dates.opens);
    if let Some(opens) = opens.filter(|opens| app.clock.today() < *opens) {
        return not_open(&app, tenant, opens).unwrap_or_else(WebError::into_response);
    }
    let now = app.clock.now();
    match app.directory.maintenance(&tenant, now).filter(|window| window.is_open(now)) {
        Some(window) => {
            under_maintenance(&app, tenant, window).unwrap_or_else(WebError::into_response)
        }
        None => next.run(request).await,
    }
}

fn under_maintenance(
    app: &App,
    tenant: Arc<Tenant>,
    window: MaintenanceWindow,
) -> Result<Response, WebError> {
    let seconds = (window.until - app.clock.now()).num_seconds().max(1);
    let frame = Frame::anonymous(tenant, Door::Portal);
    let page = UnderMaintenance { until: minute(window.until) };
    let answer = app.pages.render(&frame, StatusCode::SERVICE_UNAVAILABLE, &page)?;
    Ok(([(RETRY_AFTER, seconds.to_string())], answer).into_response())
}

/// Returns the announcement for the first pages that people see:
/// 「11月19日（木）19:00〜22:00は、…」.
#[must_use]
pub fn announcement(app: &App, tenant: &Tenant) -> Option<String> {
    let window = app.directory.maintenance(tenant, app.clock.now())?;
    Some(format!("{}は、メンテナンスのためご利用いただけません。", window.text()))
}

fn not_open(app: &App, tenant: Arc<Tenant>, opens: NaiveDate) -> Result<Response, WebError> {
    let old_site_closes = old_site_closes(&tenant.config, app.clock.today());
    let frame = Frame::anonymous(tenant, Door::Portal);
    let page = NotOpen { opens: day(opens), old_site_closes };
    app.pages.render(&frame, StatusCode::SERVICE_UNAVAILABLE, &page)
}

/// Returns the old site's last day, until that day is over.
#[must_use]
pub fn old_site_closes(config: &TenantConfig, today: NaiveDate) -> Option<String> {
    let closes = config.service_dates.as_ref()?.old_site_closes?;
    (today <= closes).then(|| day(closes))
}
