//! 「ログイン中の端末」 shows a person's sessions and recent sign-ins, and ends sessions (S9).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum::routing::get;
use serde::Serialize;

use crate::auth::session::activity::{self, LivingSession, SignInTry};
use crate::base::ids::SessionId;
use crate::base::japanese::minute;
use crate::base::user_agent::device;
use crate::portal::places::{OTHER_SESSIONS_END, SESSION_END, SESSIONS};
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::{Fresh, Subscriber};
use crate::web::page::Page;
use crate::web::routes::{Access, Routes};
use crate::web::state::AppState;

const ENDED: &str = "選択した端末をログアウトさせました。お心当たりのない端末だった場合は、パスワードも変更してください。";
const OTHERS_ENDED: &str = "ほかのすべての端末からログアウトしました。お心当たりのない端末があった場合は、パスワードも変更してください。";

pub(in crate::portal) fn routes() -> Routes {
    Routes::default()
        .route(SESSIONS, Access::Subscriber, get(show))
        .route(OTHER_SESSIONS_END, (Access::Anybody, Access::Fresh), get(back).post(end_others))
        .route(SESSION_END, (Access::Anybody, Access::Fresh), get(back).post(end))
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SessionsPage {
    pub(in crate::portal) sessions: Vec<SessionLine>,
    /// True if there are other sessions than this one.
    pub(in crate::portal) others: bool,
    pub(in crate::portal) tries: Vec<TryLine>,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SessionLine {
    pub(in crate::portal) id: String,
    /// True for the session that shows this page.
    pub(in crate::portal) this: bool,
    pub(in crate::portal) device: String,
    pub(in crate::portal) address: Option<String>,
    pub(in crate::portal) first_seen: String,
    pub(in crate::portal) last_seen: String,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct TryLine {
    pub(in crate::portal) at: String,
    pub(in crate::portal) accepted: bool,
    pub(in crate::portal) device: String,
    pub(in crate::portal) address: Option<String>,
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "portal/settings/sessions.html";
}

async fn show(
    State(app): State<AppState>,
    Subscriber { visitor, session, .. }: Subscriber,
) -> Result<Response, WebError> {
    let tenant = &visitor.tenant;
    let mut tx = visitor.begin(&app).await?;
    let living = activity::living(&mut tx, &app.clock, &tenant.config, session.login).await?;
    let tries = activity::recent(&mut tx, &app.clock, &tenant.config, session.login).await?;
    tx.commit().await?;
    let line = |living: LivingSession| SessionLine {
        this: living.id == session.id,
        id: living.id.to_string(),
        device: device(living.user_agent.as_deref()),
        address: living.remote_address,
        first_seen: minute(living.created_at),
        last_seen: minute(living.last_seen_at),
    };
    let try_line = |one: SignInTry| TryLine {
        at: minute(one.at),
        accepted: one.accepted,
        device: device(one.user_agent.as_deref()),
        address: one.remote_address,
    };
    let page = SessionsPage {
        others: living.iter().any(|living| living.id != session.id),
        sessions: living.into_iter().map(line).collect(),
        tries: tries.into_iter().map(try_line).collect(),
    };
    visitor.page(&app, StatusCode::OK, &page)
}

/// A person who has to re-authenticate before ending a session comes back here by GET, and is sent to the list.
async fn back() -> Redirect {
    Redirect::to(SESSIONS)
}

async fn end(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
    Path(id): Path<SessionId>,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    if !activity::end(&mut tx, &app.clock, &session, id).await? {
        return Err(WebError::NotFound);
    }
    tx.commit().await?;
    visitor.say(&app, visitor.jar.clone(), SESSIONS, ENDED)
}

async fn end_others(
    State(app): State<AppState>,
    Fresh(Subscriber { visitor, session, .. }): Fresh<Subscriber>,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    activity::end_others(&mut tx, &app.clock, &session).await?;
    tx.commit().await?;
    visitor.say(&app, visitor.jar.clone(), SESSIONS, OTHERS_ENDED)
}
