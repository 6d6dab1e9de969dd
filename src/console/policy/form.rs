//! The settings with their limits, and what becomes of a form with them.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use super::confirm::PolicyConfirmPage;
use crate::auth::staff::act::ViewPolicy;
use crate::auth::staff::approval::request::request;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::reason::Reason;
use crate::auth::staff::union::Authors;
use crate::auth::staff::union::policy::change::PolicyChange;
use crate::base::japanese::minute;
use crate::base::realm::Staff;
use crate::console::approvals::told::{CHANGED, REQUESTED, of_form, told_of_request};
use crate::console::places::APPROVALS;
use crate::tenant::file::plan::SettingChange;
use crate::tenant::file::problem::Problem;
use crate::tenant::file::proposal;
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::opened::{SETTINGS, Setting, SettingKind};
use crate::tenant::registry::{self, OwnPolicy, Version};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::{SignedInStaff, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

/// The list of versions has this many; the rest can be had from the operator.
const MOST_VERSIONS: i64 = 50;
const UNCHANGED: &str = "変更がありません。";
/// Fields of the form that are no settings.
const STEP: &str = "step";
const VERSION: &str = "version";
const REASON: &str = "reason";
const CONFIRM: &str = "confirm";

#[derive(Debug, Serialize)]
pub(crate) struct PolicyPage {
    pub(crate) fields: Vec<PolicyField>,
    pub(crate) version: i32,
    pub(crate) versions: Vec<PolicyVersionLine>,
    pub(crate) errors: Vec<FormError>,
}

#[derive(Debug, Serialize)]
pub(crate) struct PolicyField {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    /// `number`, `line`, `lines` or `choice`.
    pub(crate) kind: &'static str,
    pub(crate) limits: String,
    pub(crate) required: bool,
    pub(crate) options: Vec<RadioButton>,
    pub(crate) field: Field,
}

#[derive(Debug, Serialize)]
pub(crate) struct PolicyVersionLine {
    pub(crate) version: i32,
    pub(crate) at: String,
    /// `None` for an operator.
    pub(crate) by: Option<String>,
    pub(crate) note: String,
    /// False for a version during which the union was out of service.
    pub(crate) enabled: bool,
}

impl Page for PolicyPage {
    const TEMPLATE: &'static str = "console/policy/form.html";
    const FRESH: &'static [&'static str] = &["versions"];
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
) -> Result<Response, WebError> {
    page(&app, &visitor, &BTreeMap::new(), Vec::new()).await
}

pub(super) async fn submit(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Form { fields: mut typed, .. }: Form<BTreeMap<String, String>, Staff>,
) -> Result<Response, WebError> {
    let mut take = |name| typed.remove(name).unwrap_or_default();
    let (step, version, reason) = (take(STEP), take(VERSION), take(REASON));
    let read = Desk::<ViewPolicy>::act(visitor.clerk(&app), Matter::default(), async |desk| {
        let now = newest(desk).await?;
        if version != now.version.to_string() {
            return Ok(Read::Stale);
        }
        Ok::<_, WebError>(match proposal::typed(&now.config, &typed) {
            Ok((changes, _)) if changes.is_empty() => Read::Unchanged,
            Ok((changes, after)) => {
                let page = PolicyConfirmPage::of(&app, desk, &now, &changes, &after).await?;
                Read::Changes(now.version, changes, Box::new(page))
            }
            Err(problems) => Read::Wrong(problems),
        })
    })
    .await?;
    match read {
        Read::Stale => page(&app, &visitor, &BTreeMap::new(), stale()).await,
        Read::Unchanged => page(&app, &visitor, &typed, of_form(UNCHANGED)).await,
        Read::Wrong(problems) => {
            let errors = problems.into_iter().map(told).collect();
            page(&app, &visitor, &typed, errors).await
        }
        Read::Changes(_, _, shown) if step != CONFIRM => shown.answer(&app, &visitor),
        Read::Changes(version, changes, shown) => {
            ask(&app, &visitor, PolicyChange { version, changes }, *shown, &reason).await
        }
    }
}

/// The meaning of a form with settings.
enum Read {
    Stale,
    Unchanged,
    Wrong(Vec<Problem>),
    Changes(i32, Vec<SettingChange>, Box<PolicyConfirmPage>),
}

pub(super) async fn newest(desk: &mut Desk<ViewPolicy>) -> Result<OwnPolicy, WebError> {
    // A policy of a newer program can't be changed by this one.
    registry::own_newest(desk.tx()).await?.ok_or(WebError::NotFound)
}

fn stale() -> Vec<FormError> {
    of_form(CHANGED)
}

/// Stores the request.
async fn ask(
    app: &App,
    visitor: &Visitor<Staff>,
    change: PolicyChange,
    mut shown: PolicyConfirmPage,
    reason: &str,
) -> Result<Response, WebError> {
    shown.reason = Field::with_value(reason);
    let reason = match Reason::parse(reason) {
        Ok(reason) => reason,
        Err(none) => {
            shown.reason = shown.reason.with_error(none.message());
            shown.errors = summary(&[(REASON, &shown.reason)]);
            return shown.answer(app, visitor);
        }
    };
    let context = app.context(&visitor.tenant);
    match request(visitor.clerk(app), context, &change, &reason).await {
        Ok(_) => visitor.say(app, visitor.jar.clone(), APPROVALS, REQUESTED),
        Err(error) => {
            shown.errors = of_form(told_of_request(error)?);
            shown.answer(app, visitor)
        }
    }
}

/// A mistake in a setting. One that has no field on the page is named.
fn told(problem: Problem) -> FormError {
    match SETTINGS.iter().find(|setting| setting.path == problem.path) {
        Some(setting) => FormError {
            field: Some(setting.path),
            message: format!("{}：{}。", setting.label, problem.message),
        },
        None => FormError { field: None, message: format!("{problem}。") },
    }
}

async fn page(
    app: &App,
    visitor: &Visitor<Staff>,
    typed: &BTreeMap<String, String>,
    mut errors: Vec<FormError>,
) -> Result<Response, WebError> {
    let page = Desk::<ViewPolicy>::act(visitor.clerk(app), Matter::default(), async |desk| {
        let OwnPolicy { version, config } = newest(desk).await?;
        let authors = Authors::load(desk.tx()).await?;
        let versions = registry::own_history(desk.tx(), MOST_VERSIONS).await?;
        let open = SETTINGS.iter().filter(|setting| setting.is_open(&config));
        let fields: Vec<_> = open.map(|one| field(one, &config, typed, &errors)).collect();
        for error in &mut errors {
            // The link of a setting that was not opened would lead nowhere.
            error.field = error.field.filter(|path| fields.iter().any(|one| one.path == *path));
        }
        let versions = versions.into_iter().map(|one| version_line(one, &authors)).collect();
        Ok::<_, WebError>(PolicyPage { fields, version, versions, errors })
    })
    .await?;
    visitor.page(app, status_of(&page.errors), &page)
}

pub(super) fn field(
    setting: &Setting,
    config: &TenantConfig,
    typed: &BTreeMap<String, String>,
    errors: &[FormError],
) -> PolicyField {
    let value = typed.get(setting.path).cloned().unwrap_or_else(|| setting.typed(config));
    let wrong = errors.iter().filter(|error| error.field == Some(setting.path));
    let wrong: Vec<_> = wrong.map(|error| error.message.as_str()).collect();
    let (kind, options) = match setting.kind {
        SettingKind::Number { .. } => ("number", Vec::new()),
        SettingKind::Line { .. } => ("line", Vec::new()),
        SettingKind::Lines { .. } => ("lines", Vec::new()),
        SettingKind::Choice(words) => {
            ("choice", words.iter().map(|one| option(one, &value)).collect())
        }
    };
    PolicyField {
        path: setting.path,
        label: setting.label,
        kind,
        limits: setting.limits(),
        required: !setting.is_optional(),
        options,
        field: Field { value, error: (!wrong.is_empty()).then(|| wrong.join("\n")) },
    }
}

fn option((value, label): &(&'static str, &'static str), chosen: &str) -> RadioButton {
    RadioButton {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        recommended: false,
        checked: *value == chosen,
    }
}

fn version_line(version: Version, authors: &Authors) -> PolicyVersionLine {
    PolicyVersionLine {
        version: version.version,
        at: minute(version.created_at),
        by: authors.name(&version.created_by).map(str::to_owned),
        note: version.note,
        enabled: version.enabled,
    }
}
