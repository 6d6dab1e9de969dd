//! 「利用規約」 lists the versions and the drafts.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::line::VersionLine;
use crate::auth::staff::act::ViewTerms;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::right::Right;
use crate::auth::staff::union::Authors;
use crate::auth::staff::union::terms::draft::TermsDraft;
use crate::auth::staff::union::terms::{agreed, draft};
use crate::base::japanese::{day, minute};
use crate::tenant::terms;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(crate) struct TermsListPage {
    pub(crate) versions: Vec<VersionLine>,
    pub(crate) drafts: Vec<DraftLine>,
    pub(crate) can_draft: bool,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct DraftLine {
    pub(crate) id: String,
    pub(crate) effective: String,
    pub(crate) written_by: String,
    pub(crate) written_at: String,
}

impl Page for TermsListPage {
    const TEMPLATE: &'static str = "console/terms/list.html";
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    let clerk = visitor.clerk(&app);
    let page = Desk::<ViewTerms>::act(clerk, Matter::default(), async |desk| {
        let tx = desk.tx();
        let terms = terms::load_of(tx).await?;
        let authors = Authors::load(tx).await?;
        let consents = agreed::count(tx).await?;
        let line = |one| VersionLine::of(one, &terms, &app.clock, &authors, &consents);
        Ok::<_, WebError>(TermsListPage {
            versions: terms.versions().map(line).collect(),
            drafts: draft::list(tx).await?.into_iter().map(draft_line).collect(),
            can_draft: session.person.allow(Right::Draft),
        })
    })
    .await?;
    visitor.page(&app, StatusCode::OK, &page)
}

fn draft_line(draft: TermsDraft) -> DraftLine {
    DraftLine {
        id: draft.id.to_string(),
        effective: day(draft.effective_on),
        written_by: draft.written_by,
        written_at: minute(draft.written_at),
    }
}
