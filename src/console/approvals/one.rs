//! One request: what it is about, and the decision.

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use serde::{Deserialize, Serialize};

use super::kinds::kinds;
use super::words::word;
use crate::auth::staff::approval::decision::{self, Decided};
use crate::auth::staff::approval::kind::Preview;
use crate::auth::staff::approval::shown::{self, ShownRequest};
use crate::auth::staff::approval::{ApprovalState, request};
use crate::auth::staff::reason::Reason;
use crate::base::ids::ApprovalId;
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::console::places::APPROVALS;
use crate::web::error::WebError;
use crate::web::form::{Button, Field, Form, FormError, status_of, summary};
use crate::web::identity::{Fresh, SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const EXECUTED: &str = "承認し、実行しました。";
const REFUSED: &str = "却下しました。理由は申請者に表示されます。";
const VOID: &str = "申請の後に内容が変わったか、申請者が実行できなくなったため、この申請は無効になりました。何も変更されていません。";
const OVER: &str = "この申請は、すでに処理されています。何も変更されていません。";
const WITHDRAWN: &str = "申請を取り下げました。";
const GRANT: &str = "grant";
const REFUSE: &str = "refuse";

#[derive(Debug, Serialize)]
pub(super) struct ApprovalPage {
    pub(super) id: String,
    pub(super) title: &'static str,
    pub(super) requested_by: String,
    pub(super) requested_at: String,
    pub(super) expires_at: String,
    pub(super) request_reason: String,
    pub(super) waiting: bool,
    pub(super) state: &'static str,
    pub(super) decided_by: Option<String>,
    pub(super) decided_at: Option<String>,
    pub(super) answer: Option<String>,
    pub(super) own: bool,
    pub(super) preview: Option<Preview>,
    pub(super) errors: Vec<FormError>,
    pub(super) reason: Field,
}

impl Page for ApprovalPage {
    const TEMPLATE: &'static str = "console/approvals/one.html";
    /// Facts about a person don't go into a cookie.
    const FRESH: &'static [&'static str] = &["preview", "request_reason"];
}

#[derive(Debug, Deserialize)]
pub(super) struct DecisionInput {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(id): Path<ApprovalId>,
) -> Result<Response, WebError> {
    page(&app, &visitor, id, Field::default()).await
}

pub(super) async fn decide(
    State(app): State<AppState>,
    Fresh(SignedInStaff { visitor, .. }): Fresh<SignedInStaff>,
    Path(id): Path<ApprovalId>,
    Form { fields, .. }: Form<DecisionInput, Staff>,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(&app);
    let decided = match fields.answer.as_str() {
        GRANT => decision::grant(clerk, app.context(&visitor.tenant), &kinds(), id).await?,
        REFUSE => match Reason::parse(&fields.reason) {
            Ok(reason) => decision::refuse(clerk, id, &reason).await?,
            Err(none) => {
                let reason = Field::with_value(&fields.reason).with_error(none.message());
                return page(&app, &visitor, id, reason).await;
            }
        },
        _ => return page(&app, &visitor, id, Field::with_value(&fields.reason)).await,
    };
    let said = match decided {
        Decided::Executed(_) => EXECUTED,
        Decided::Refused => REFUSED,
        Decided::Void(_) => VOID,
        Decided::Over(_) => OVER,
    };
    visitor.say(&app, visitor.jar.clone(), APPROVALS, said)
}

/// A person who had to sign in again before they took a request back comes here by GET, and is sent to the list.
pub(super) async fn back(_: SignedInStaff) -> Redirect {
    Redirect::to(APPROVALS)
}

pub(super) async fn withdraw(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(id): Path<ApprovalId>,
    Form { .. }: Form<Button, Staff>,
) -> Result<Response, WebError> {
    let said = match request::withdraw(visitor.clerk(&app), id).await? {
        true => WITHDRAWN,
        false => OVER,
    };
    visitor.say(&app, visitor.jar.clone(), APPROVALS, said)
}

async fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    id: ApprovalId,
    reason: Field,
) -> Result<Response, WebError> {
    let context = app.context(&visitor.tenant);
    let shown = shown::show(visitor.clerk(app), context, &kinds(), id).await?;
    let page = filled(id, shown, reason);
    visitor.page(app, status_of(&page.errors), &page)
}

fn filled(id: ApprovalId, shown: ShownRequest, reason: Field) -> ApprovalPage {
    ApprovalPage {
        id: id.to_string(),
        title: shown.title,
        requested_by: shown.requested_by,
        requested_at: minute(shown.requested_at),
        expires_at: minute(shown.expires_at),
        request_reason: shown.reason,
        waiting: shown.state == ApprovalState::Waiting,
        state: word(shown.state),
        decided_by: shown.decided_by,
        decided_at: shown.decided_at.map(minute),
        answer: shown.answer.filter(|_| shown.state == ApprovalState::Refused),
        own: shown.own,
        preview: shown.preview,
        errors: summary(&[("reason", &reason)]),
        reason,
    }
}
