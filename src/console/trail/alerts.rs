//! 「注意が必要な操作」 lists what the worker found strange in the acts of staff. Whoever has looked into it puts their name
//! under it; nobody does so under their own.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

use crate::audit::Target;
use crate::audit::alerts::{self, Alert};
use crate::auth::staff::act::{ConfirmAlert, ReadTrail};
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::ids::{AlertId, LoginId};
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::console::places::{TRAIL, TRAIL_ALERTS};
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

/// More are not shown at once: those that wait come first.
const SHOWN: i64 = 200;
const SEEN: &str = "確認済みにしました。";

#[derive(Debug, Serialize)]
pub(in crate::console) struct AlertsPage {
    pub(super) alerts: Vec<AlertLine>,
}

#[derive(Debug, Serialize)]
pub(super) struct AlertLine {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) actor: Option<String>,
    /// The acts of that staff member on the trail.
    pub(super) acts: String,
    pub(super) at: String,
    pub(super) people: Option<i32>,
    pub(super) seen_at: Option<String>,
    pub(super) seen_name: Option<String>,
    /// True if it tells of the person who looks at it.
    pub(super) own: bool,
}

impl Page for AlertsPage {
    const TEMPLATE: &'static str = "console/trail/alerts.html";
}

fn line(alert: Alert, reader: LoginId<Staff>) -> AlertLine {
    AlertLine {
        id: alert.id.to_string(),
        kind: alert.kind.name(),
        actor: alert.actor_label,
        acts: format!("{}?staff={}", TRAIL, alert.actor),
        at: minute(alert.at),
        people: alert.people,
        seen_at: alert.seen_at.map(minute),
        seen_name: alert.seen_name,
        own: alert.actor == reader,
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let read = Desk::<ReadTrail>::act(visitor.clerk(&app), Matter::default(), async |desk| {
        let alerts = alerts::list(desk.tx(), SHOWN).await?;
        desk.note(alerts.len(), json!({ "alerts": true }));
        Ok::<_, WebError>(alerts)
    });
    let alerts = read.await?.into_iter().map(|alert| line(alert, session.login)).collect();
    visitor.page(&app, StatusCode::OK, &AlertsPage { alerts })
}

pub(super) async fn see(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Path(id): Path<AlertId>,
    Form { .. }: Form<Button, Staff>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    let whose = alerts::whose(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    tx.commit().await?;
    // The desk refuses an act of a staff member on themselves.
    let target = Target { kind: "staff", id: whose.to_string(), label: None };
    let matter = Matter { target: Some(target), ..Matter::default() };
    let seen = Desk::<ConfirmAlert>::act(visitor.clerk(&app), matter, async |desk| {
        Ok::<_, WebError>(alerts::see(desk.tx(), &app.clock, id, session.login).await?)
    });
    seen.await?;
    visitor.say(&app, visitor.jar.clone(), TRAIL_ALERTS, SEEN)
}
