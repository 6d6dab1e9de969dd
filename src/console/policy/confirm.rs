//! The page before a change: old and new values, and whom they touch.

use axum::response::Response;
use serde::Serialize;

use crate::auth::staff::act::ViewPolicy;
use crate::auth::staff::approval::request::approvers;
use crate::auth::staff::desk::Desk;
use crate::auth::staff::union::policy::change::effects;
use crate::base::realm::Staff;
use crate::tenant::file::plan::SettingChange;
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::opened::setting;
use crate::tenant::registry::OwnPolicy;
use crate::web::error::WebError;
use crate::web::form::{Field, FormError, status_of};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::App;

#[derive(Debug, Serialize)]
pub(crate) struct PolicyConfirmPage {
    /// The version in force, which the form sends back.
    pub(crate) version: i32,
    /// The version whose values would come back.
    pub(crate) back_to: Option<i32>,
    pub(crate) changes: Vec<ChangeLine>,
    /// Whom the change touches, in sentences.
    pub(crate) effects: Vec<String>,
    pub(crate) has_approver: bool,
    pub(crate) errors: Vec<FormError>,
    pub(crate) reason: Field,
}

#[derive(Debug, Serialize)]
pub(crate) struct ChangeLine {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) before: String,
    pub(crate) after: String,
    /// The new value, as the form sends it back.
    pub(crate) typed: String,
}

impl Page for PolicyConfirmPage {
    const TEMPLATE: &'static str = "console/policy/confirm.html";
}

impl PolicyConfirmPage {
    /// Counts whom a change touches, and puts the page together.
    pub(super) async fn of(
        app: &App,
        desk: &mut Desk<ViewPolicy>,
        now: &OwnPolicy,
        changes: &[SettingChange],
        after: &TenantConfig,
    ) -> Result<Self, sqlx::Error> {
        let author = desk.author();
        let tx = desk.tx();
        let line = |change: &SettingChange| {
            let setting = setting(&change.path)?;
            Some(ChangeLine {
                path: setting.path,
                label: setting.label,
                before: setting.told(change.before.as_ref()),
                after: setting.told(change.after.as_ref()),
                typed: setting.typed(after),
            })
        };
        Ok(Self {
            version: now.version,
            back_to: None,
            changes: changes.iter().filter_map(line).collect(),
            effects: effects(tx, &app.clock, &now.config, after).await?,
            has_approver: approvers(tx, &app.clock, author, None).await? > 0,
            errors: Vec::new(),
            reason: Field::default(),
        })
    }

    pub(super) fn answer(&self, app: &App, visitor: &Visitor<Staff>) -> Result<Response, WebError> {
        visitor.page(app, status_of(&self.errors), self)
    }
}
