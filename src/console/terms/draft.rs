//! One draft as it would be published: the text, what differs from the version before, and whom it asks.

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::line::Text;
use crate::auth::staff::act::ViewTerms;
use crate::auth::staff::approval::request::{approvers, request};
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::reason::Reason;
use crate::auth::staff::right::Right;
use crate::auth::staff::union::terms::publication::{
    self, NoPublication, Publication, is_possible,
};
use crate::auth::staff::union::terms::{agreed, draft};
use crate::base::clock::jst;
use crate::base::difference::{self, Fate};
use crate::base::ids::TermsDraftId;
use crate::base::japanese::{day, minute};
use crate::base::realm::Staff;
use crate::console::approvals::told::{CHANGED, REQUESTED, of_form, told_of_request};
use crate::console::places::APPROVALS;
use crate::tenant::terms;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::prose;
use crate::web::state::{App, AppState};

/// Around a change, this many lines that were kept are shown.
const AROUND: usize = 1;

#[derive(Debug, Serialize)]
pub(crate) struct TermsDraftPage {
    pub(crate) id: String,
    pub(crate) written_by: String,
    pub(crate) written_at: String,
    /// The moment of the last change, which the form sends back.
    pub(crate) seen: String,
    pub(crate) text: Text,
    /// The day of the version that it would take the place of.
    pub(crate) before: String,
    /// True if that is the platform's.
    pub(crate) before_is_shared: bool,
    pub(crate) changes: Vec<ChangedLine>,
    pub(crate) asked: i64,
    /// The reason why it can't be published as it is.
    pub(crate) obstacle: Option<&'static str>,
    pub(crate) can_draft: bool,
    pub(crate) can_publish: bool,
    pub(crate) has_approver: bool,
    pub(crate) errors: Vec<FormError>,
    pub(crate) reason: Field,
}

/// A line of the difference, or a run of lines that were kept.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ChangedLine {
    /// `added`, `removed`, `kept`, or `skipped`.
    pub(crate) fate: &'static str,
    pub(crate) text: String,
    /// The number of lines that are left out.
    pub(crate) skipped: usize,
}

impl Page for TermsDraftPage {
    const TEMPLATE: &'static str = "console/terms/draft.html";
    const FRESH: &'static [&'static str] = &["text", "changes"];
}

#[derive(Debug, Deserialize)]
pub(super) struct PublicationInput {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(id): Path<TermsDraftId>,
) -> Result<Response, WebError> {
    page(&app, &person, id, Field::default(), Vec::new()).await
}

pub(super) async fn publish(
    State(app): State<AppState>,
    person: SignedInStaff,
    Path(id): Path<TermsDraftId>,
    Form { fields, .. }: Form<PublicationInput, Staff>,
) -> Result<Response, WebError> {
    let field = Field::with_value(&fields.reason);
    let Some(written_at) = read(&fields.seen) else {
        return page(&app, &person, id, field, of_form(CHANGED)).await;
    };
    let reason = match Reason::parse(&fields.reason) {
        Ok(reason) => reason,
        Err(none) => {
            let field = field.with_error(none.message());
            let errors = summary(&[("reason", &field)]);
            return page(&app, &person, id, field, errors).await;
        }
    };
    let visitor = &person.visitor;
    let act = Publication { draft: id, written_at };
    let context = app.context(&visitor.tenant);
    match request(visitor.clerk(&app), context, &act, &reason).await {
        Ok(_) => visitor.say(&app, visitor.jar.clone(), APPROVALS, REQUESTED),
        Err(error) => {
            let errors = of_form(told_of_request(error)?);
            page(&app, &person, id, field, errors).await
        }
    }
}

/// Reads the moment of a draft's last change, as a form sends it back.
pub(super) fn read(seen: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(seen.parse().ok()?)
}

async fn page(
    app: &App,
    SignedInStaff { visitor, session, .. }: &SignedInStaff,
    id: TermsDraftId,
    reason: Field,
    errors: Vec<FormError>,
) -> Result<Response, WebError> {
    let page = Desk::<ViewTerms>::act(visitor.clerk(app), Matter::default(), async |desk| {
        let author = desk.author();
        let tx = desk.tx();
        let Some(draft) = draft::find(tx, id).await? else { return Err(WebError::NotFound) };
        let terms = terms::load_of(tx).await?;
        let before = publication::version_before(&draft, &terms);
        let obstacle = is_possible(&draft, &terms, &app.clock).err().map(|none| match none {
            NoPublication::TooEarly => "施行日は、明日以後の日にしてください。",
            NoPublication::DayTaken => "同じ施行日の版がすでにあります。別の施行日にしてください。",
        });
        let html = prose::html(&prose::read(&draft.body));
        Ok(TermsDraftPage {
            id: draft.id.to_string(),
            seen: draft.written_at.timestamp_micros().to_string(),
            written_at: minute(draft.written_at),
            text: Text { effective: day(draft.effective_on), html },
            before: day(jst(before.effective_at).date_naive()),
            before_is_shared: before.tenant.is_none(),
            changes: shortened(&difference::lines(&before.body, &draft.body)),
            asked: agreed::registered(tx).await?,
            obstacle,
            can_draft: session.person.allow(Right::Draft),
            can_publish: session.person.allow(Right::Publish),
            has_approver: approvers(tx, &app.clock, author, None).await? > 0,
            written_by: draft.written_by,
            errors,
            reason,
        })
    })
    .await?;
    visitor.page(app, status_of(&page.errors), &page)
}

/// Leaves out the lines that were kept, but for those around a change.
fn shortened(lines: &[(Fate, &str)]) -> Vec<ChangedLine> {
    let is_near = |at: usize| {
        let (from, to) = (at.saturating_sub(AROUND), (at + AROUND + 1).min(lines.len()));
        lines[from..to].iter().any(|(fate, _)| *fate != Fate::Kept)
    };
    let mut found: Vec<ChangedLine> = Vec::new();
    for (at, (fate, text)) in lines.iter().enumerate() {
        if !is_near(at) {
            match found.last_mut() {
                Some(last) if last.skipped > 0 => last.skipped += 1,
                _ => {
                    found.push(ChangedLine { fate: "skipped", text: String::new(), skipped: 1 });
                }
            }
            continue;
        }
        let fate = match fate {
            Fate::Kept => "kept",
            Fate::Removed => "removed",
            Fate::Added => "added",
        };
        found.push(ChangedLine { fate, text: (*text).to_owned(), skipped: 0 });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_what_was_kept_far_from_a_change_is_left_out() {
        let (old, new) = ("a\nb\nc\nd\ne\nf", "a\nb\nx\nd\ne\nf");
        let told: Vec<String> = shortened(&difference::lines(old, new))
            .iter()
            .map(|line| match line.skipped {
                0 => format!("{} {}", line.fate, line.text),
                count => format!("{count} lines"),
            })
            .collect();
        let expected = ["1 lines", "kept b", "removed c", "added x", "kept d", "2 lines"];
        assert_eq!(told, expected);
        assert_eq!(shortened(&difference::lines(old, old)).len(), 1);
    }
}
