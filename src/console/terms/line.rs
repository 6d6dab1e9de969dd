//! A version and a text as pages show them.

use serde::Serialize;

use crate::auth::staff::union::Authors;
use crate::auth::staff::union::terms::agreed::{Consent, Consents};
use crate::base::clock::{Clock, jst};
use crate::base::japanese::{day, minute};
use crate::tenant::terms::{Terms, TermsVersion};

/// A version in a list.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VersionLine {
    pub(super) id: String,
    pub(super) effective: String,
    /// True for the platform's, which hold for unions without terms of their own.
    pub(super) shared: bool,
    pub(super) state: &'static str,
    pub(super) published_at: String,
    /// `None` if an operator did.
    pub(super) published_by: Option<String>,
    pub(super) agreed: i64,
    pub(super) not_yet: i64,
    pub(super) not_asked: i64,
}

impl VersionLine {
    pub(super) fn of(
        version: &TermsVersion,
        terms: &Terms,
        clock: &Clock,
        authors: &Authors,
        consents: &Consents,
    ) -> Self {
        let in_force = terms.in_force(clock.now());
        let superseded = version.tenant.is_none() && in_force.tenant.is_some();
        let state = if version.id == in_force.id {
            "施行中"
        } else if version.effective_at > clock.now() && !superseded {
            "施行前"
        } else {
            "終了"
        };
        let Consent { agreed, not_yet, not_asked } = consents.of(version.id);
        Self {
            id: version.id.to_string(),
            effective: day(jst(version.effective_at).date_naive()),
            shared: version.tenant.is_none(),
            state,
            published_at: minute(version.published_at),
            published_by: authors.name(&version.published_by).map(str::to_owned),
            agreed,
            not_yet,
            not_asked,
        }
    }
}

/// A text as people see it.
#[derive(Debug, Serialize)]
pub(super) struct Text {
    pub(super) effective: String,
    pub(super) html: String,
}
