//! The page behind 「心当たりがない」 in the mail of an act of the union's staff. It has a button to press, because mail
//! scanners open links, too.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::auth::guard::foreign::Foreign;
use crate::auth::help_desk::not_me::{self, NotMeLink};
use crate::base::secret::PlainToken;
use crate::portal::places::NOT_ME;
use crate::web::error::{WebError, foreign};
use crate::web::form::{Button, Form};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Serialize)]
pub(super) struct NotMePage {
    /// One of `ask`, `done`, `expired` and `invalid`.
    pub(super) state: &'static str,
    pub(super) action: String,
}

impl Page for NotMePage {
    const TEMPLATE: &'static str = "portal/not_me.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct Opened {
    #[serde(default)]
    token: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Query(opened): Query<Opened>,
) -> Result<Response, WebError> {
    let link = match PlainToken::parse(&opened.token) {
        Some(token) => {
            let mut tx = visitor.begin(&app).await?;
            let link = not_me::look_at(&mut tx, &app.clock, &token).await?;
            tx.commit().await?;
            link
        }
        None => NotMeLink::Unknown,
    };
    page(&app, &visitor, &opened, link)
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Query(opened): Query<Opened>,
    Form { visitor, .. }: Form<Button>,
) -> Result<Response, WebError> {
    let link = match PlainToken::parse(&opened.token) {
        Some(token) => {
            let mut tx = visitor.begin(&app).await?;
            let link = not_me::report(&mut tx, app.context(&visitor.tenant), &token).await?;
            tx.commit().await?;
            link
        }
        None => NotMeLink::Unknown,
    };
    page(&app, &visitor, &opened, link)
}

fn page(
    app: &App,
    visitor: &Visitor,
    opened: &Opened,
    link: NotMeLink,
) -> Result<Response, WebError> {
    let (status, state) = match link {
        NotMeLink::Waiting => (StatusCode::OK, "ask"),
        NotMeLink::Used => (StatusCode::OK, "done"),
        NotMeLink::Expired => (StatusCode::GONE, "expired"),
        NotMeLink::Unknown => (StatusCode::GONE, "invalid"),
    };
    let action = match link {
        NotMeLink::Waiting => format!("{NOT_ME}?token={}", opened.token),
        _ => String::new(),
    };
    let answer = visitor.page(app, status, &NotMePage { state, action })?;
    Ok(if link == NotMeLink::Unknown { foreign(Foreign::Link, answer) } else { answer })
}
