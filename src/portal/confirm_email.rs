//! The page behind the link in 「メールアドレスの確認」 (F6). It has a button to press, because
//! mail scanners open links too. It signs nobody in.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::auth::first_sign_in::email_confirmation::{self, Link};
use crate::auth::guard::foreign::Foreign;
use crate::base::email::masked;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::portal::places::{CONFIRM_EMAIL, ONWARD, PROFILE_EMAIL_SENT};
use crate::web::error::{WebError, foreign};
use crate::web::form::{Button, Form};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(super) struct ConfirmEmailPage {
    /// One of `ask`, `done`, `expired`, `invalid` and `taken`.
    pub(super) state: &'static str,
    pub(super) address: String,
    pub(super) action: String,
    /// The page on which the person goes on, in the browser that waits for this. `None` in another browser.
    pub(super) onward: Option<&'static str>,
}

impl Page for ConfirmEmailPage {
    const TEMPLATE: &'static str = "portal/confirm_email.html";
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
            let link =
                email_confirmation::look_at::<Subscribers>(&mut tx, &app.clock, &token).await?;
            tx.commit().await?;
            link
        }
        None => Link::Unknown,
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
            let tenant = &visitor.tenant;
            let link =
                email_confirmation::confirm::<Subscribers>(&mut tx, app.context(tenant), &token)
                    .await?;
            tx.commit().await?;
            link
        }
        None => Link::Unknown,
    };
    page(&app, &visitor, &opened, link)
}

fn page(app: &App, visitor: &Visitor, opened: &Opened, link: Link) -> Result<Response, WebError> {
    let page = |state| ConfirmEmailPage { state, ..ConfirmEmailPage::default() };
    let (status, page) = match link {
        Link::Waiting { email } => {
            let action = format!("{CONFIRM_EMAIL}?token={}", opened.token);
            let page = ConfirmEmailPage { address: masked(&email), action, ..page("ask") };
            (StatusCode::OK, page)
        }
        Link::Confirmed => {
            let page = ConfirmEmailPage { onward: onward(visitor), ..page("done") };
            (StatusCode::OK, page)
        }
        Link::Expired => (StatusCode::GONE, page("expired")),
        Link::Unknown => (StatusCode::GONE, page("invalid")),
        Link::Taken => (StatusCode::CONFLICT, page("taken")),
    };
    let is_nobodys = page.state == "invalid";
    let answer = visitor.page(app, status, &page)?;
    Ok(if is_nobodys { foreign(Foreign::Link, answer) } else { answer })
}

/// Returns the waiting page if a person is signed in here, or signing in. It goes on by itself when there is
/// nothing to wait for.
fn onward(visitor: &Visitor) -> Option<&'static str> {
    match (visitor.complete_session(), visitor.session()) {
        (Some(_), _) => Some(PROFILE_EMAIL_SENT),
        (None, Some(_)) => Some(ONWARD),
        (None, None) => None,
    }
}
