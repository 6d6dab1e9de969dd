//! Publishing a draft. Everybody is asked to agree to it at the next sign-in from its day on, so two people look at it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::draft::{self, TermsDraft};
use super::{agreed, target};
use crate::audit::Target;
use crate::auth::context::Context;
use crate::auth::staff::act::PublishTerms;
use crate::auth::staff::approval::kind::{ExecuteError, Fact, FourEyes, Preview};
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::union::by;
use crate::base::clock::{Clock, jst, midnight};
use crate::base::difference::{self, Fate};
use crate::base::ids::TermsDraftId;
use crate::base::japanese::day;
use crate::db::TenantTx;
use crate::tenant::terms::{self, Terms, TermsVersion};

/// The draft to publish, in the state that its author saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    pub draft: TermsDraftId,
    pub written_at: DateTime<Utc>,
}

/// The reason why a draft can't be published as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPublication {
    /// Its day is not after today: people would have agreed to terms that were in force before anybody could read them.
    TooEarly,
    /// The union has a version that begins on this day.
    DayTaken,
}

/// Judges if a draft could be published now.
///
/// # Errors
/// It can't.
pub fn is_possible(draft: &TermsDraft, terms: &Terms, clock: &Clock) -> Result<(), NoPublication> {
    if draft.effective_on <= clock.today() {
        return Err(NoPublication::TooEarly);
    }
    match terms.has_own_from(midnight(draft.effective_on)) {
        true => Err(NoPublication::DayTaken),
        false => Ok(()),
    }
}

/// Returns the version that a draft would take the place of.
#[must_use]
pub fn version_before<'t>(draft: &TermsDraft, terms: &'t Terms) -> &'t TermsVersion {
    terms.in_force(midnight(draft.effective_on))
}

impl Publication {
    async fn find(&self, tx: &mut TenantTx) -> Result<Option<TermsDraft>, sqlx::Error> {
        let draft = draft::find(tx, self.draft).await?;
        Ok(draft.filter(|draft| draft.written_at == self.written_at))
    }
}

impl FourEyes for Publication {
    const KIND: &'static str = "terms.publish";
    const TITLE: &'static str = "利用規約の公開";
    type Act = PublishTerms;

    fn matter(&self) -> Matter {
        Matter { target: target(self.draft), ..Matter::default() }
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        let Some(draft) = self.find(tx).await? else { return Ok(None) };
        let terms = terms::load_of(tx).await?;
        if is_possible(&draft, &terms, cx.clock).is_err() {
            return Ok(None);
        }
        let before = version_before(&draft, &terms);
        let scope = if before.tenant.is_none() { "（共通の規約）" } else { "" };
        let compared = difference::lines(&before.body, &draft.body);
        let count = |wanted| compared.iter().filter(|(fate, _)| *fate == wanted).count();
        let changes = format!("追加 {}行、削除 {}行", count(Fate::Added), count(Fate::Removed));
        let before = day(jst(before.effective_at).date_naive());
        let preview = Preview::default()
            .fact("施行日", day(draft.effective_on))
            .fact("置き換わる版", format!("{before}施行{scope}"))
            .fact("変更", changes)
            .fact("本文", draft.body);
        Ok(Some(preview))
    }

    async fn effects(&self, tx: &mut TenantTx, _: Context<'_>) -> Result<Vec<Fact>, sqlx::Error> {
        let asked = agreed::registered(tx).await?;
        let value = format!("{asked}人（登録済みの方）");
        Ok(vec![Fact { label: "施行後のログインで同意を求められる人", value }])
    }

    async fn execute(
        &self,
        desk: &mut Desk<PublishTerms>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        let Some(draft) = self.find(desk.tx()).await? else {
            return Err(ExecuteError::Declined("changed"));
        };
        if draft.effective_on <= cx.clock.today() {
            return Err(ExecuteError::Declined("too_early"));
        }
        let by = by(desk.author());
        let effective_at = midnight(draft.effective_on);
        let published =
            terms::publish_by_staff(desk.tx(), cx.clock, effective_at, &draft.body, &by).await?;
        let Some(published) = published else { return Err(ExecuteError::Declined("day_taken")) };
        draft::remove(desk.tx(), draft.id).await?;
        let line = desk.line();
        line.target = Some(Target {
            kind: "terms",
            id: published.to_string(),
            label: Some(format!("{}施行", day(draft.effective_on))),
        });
        line.detail = json!({ "effective_on": draft.effective_on, "draft": draft.id });
        Ok(json!({ "terms": published }))
    }
}
