//! 「ログイン中の端末」 shows a person's sessions and recent sign-ins, and ends sessions (S9).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use serde::Serialize;

use crate::account::at_door::AtDoor;
use crate::account::places::SESSIONS;
use crate::auth::session::activity::{self, LivingSession, SignInTry};
use crate::base::ids::SessionId;
use crate::base::japanese::minute;
use crate::base::user_agent::device;
use crate::web::error::WebError;
use crate::web::form::{Button, Form};
use crate::web::identity::{Fresh, SignedIn};
use crate::web::page::Page;
use crate::web::state::AppState;

const ENDED: &str = "選択した端末をログアウトさせました。お心当たりのない端末だった場合は、パスワードも変更してください。";
const OTHERS_ENDED: &str = "ほかのすべての端末からログアウトしました。お心当たりのない端末があった場合は、パスワードも変更してください。";

#[derive(Debug, Default, Serialize)]
pub(crate) struct SessionsPage {
    pub(crate) sessions: Vec<SessionLine>,
    /// True if there are other sessions than this one.
    pub(crate) others: bool,
    pub(crate) tries: Vec<TryLine>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct SessionLine {
    pub(crate) id: String,
    /// True for the session that shows this page.
    pub(crate) this: bool,
    pub(crate) device: String,
    pub(crate) address: Option<String>,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct TryLine {
    pub(crate) at: String,
    pub(crate) accepted: bool,
    pub(crate) device: String,
    pub(crate) address: Option<String>,
}

impl Page for SessionsPage {
    const TEMPLATE: &'static str = "account/sessions.html";
}

pub(super) async fn show<R: AtDoor>(
    State(app): State<AppState>,
    SignedIn { visitor, session, .. }: SignedIn<R>,
) -> Result<Response, WebError> {
    let tenant = &visitor.tenant;
    let mut tx = visitor.begin(&app).await?;
    let living = activity::living(&mut tx, &app.clock, &tenant.config, session.login).await?;
    let tries = activity::recent(&mut tx, &app.clock, &tenant.config, session.login).await?;
    tx.commit().await?;
    let line = |living: LivingSession<R>| SessionLine {
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
pub(super) async fn back() -> Redirect {
    Redirect::to(SESSIONS)
}

pub(super) async fn end<R: AtDoor>(
    State(app): State<AppState>,
    Fresh(SignedIn { visitor, session, .. }): Fresh<SignedIn<R>>,
    Path(id): Path<SessionId<R>>,
    Form { .. }: Form<Button, R>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    if !activity::end(&mut tx, &app.clock, &session, id).await? {
        return Err(WebError::NotFound);
    }
    tx.commit().await?;
    visitor.say(&app, visitor.jar.clone(), SESSIONS, ENDED)
}

pub(super) async fn end_others<R: AtDoor>(
    State(app): State<AppState>,
    Fresh(SignedIn { visitor, session, .. }): Fresh<SignedIn<R>>,
    Form { .. }: Form<Button, R>,
) -> Result<Response, WebError> {
    let mut tx = visitor.begin(&app).await?;
    activity::end_others(&mut tx, &app.clock, &session).await?;
    tx.commit().await?;
    visitor.say(&app, visitor.jar.clone(), SESSIONS, OTHERS_ENDED)
}
