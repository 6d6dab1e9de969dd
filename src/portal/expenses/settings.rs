//! 「家族への公開・お知らせメールの設定」 (E7, M1).

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::base::japanese::day;
use crate::db::TenantTx;
use crate::portal::places::EXPENSES_SETTINGS;
use crate::records::privacy::{self, PrivacyChoice};
use crate::records::{RecordKind, updates};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::{Fresh, Subscriber};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const KIND: RecordKind = RecordKind::Expenses;
const NOT_CHOSEN: &str = "家族に公開するかどうかを選択してください。";
const PRIVATE: &str = "private";
const SHARED: &str = "shared";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SettingsPage {
    /// True if the form has just changed something.
    pub(in crate::portal) changed: bool,
    /// True if the person is too young to choose.
    pub(in crate::portal) minor: bool,
    /// The day since which the person's rows are private.
    pub(in crate::portal) private_since: Option<String>,
    /// True if the union tells of new notices by mail.
    pub(in crate::portal) sends_mail: bool,
    /// True if the person wants such mails.
    pub(in crate::portal) wants_mail: bool,
    /// The address to which they go.
    pub(in crate::portal) email: Option<String>,
    pub(in crate::portal) form: SettingsForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct SettingsForm {
    pub(in crate::portal) errors: Vec<FormError>,
    /// `shared` or `private`
    pub(in crate::portal) privacy: Field,
    /// True if the box is ticked.
    pub(in crate::portal) mail: bool,
}

impl Page for SettingsPage {
    const TEMPLATE: &'static str = "portal/expenses/settings.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct SettingsQuery {
    changed: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SettingsInput {
    #[serde(default)]
    privacy: String,
    #[serde(default, deserialize_with = "ticked")]
    mail: bool,
}

/// The settings as they are now.
struct CurrentSettings {
    own: PrivacyChoice,
    wants_mail: bool,
}

impl CurrentSettings {
    async fn read(
        tx: &mut TenantTx,
        app: &App,
        Subscriber { session, .. }: &Subscriber,
    ) -> Result<Self, WebError> {
        let own = privacy::own(tx, KIND, session, app.clock.today()).await?;
        let wants_mail = updates::wants(tx, session.login, KIND).await?;
        Ok(Self { own, wants_mail })
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
    Query(shown): Query<SettingsQuery>,
) -> Result<Response, WebError> {
    let mut tx = subscriber.visitor.begin(&app).await?;
    let now = CurrentSettings::read(&mut tx, &app, &subscriber).await?;
    tx.commit().await?;
    let privacy = match now.own {
        PrivacyChoice::Private { .. } => PRIVATE,
        _ => SHARED,
    };
    let form = SettingsForm {
        errors: Vec::new(),
        privacy: Field::with_value(privacy),
        mail: now.wants_mail,
    };
    page(&app, &subscriber, &now, shown.changed.is_some(), form)
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
    Form { fields, .. }: Form<SettingsInput>,
) -> Result<Response, WebError> {
    let Subscriber { visitor, session, .. } = &subscriber;
    let mut tx = visitor.begin(&app).await?;
    let now = CurrentSettings::read(&mut tx, &app, &subscriber).await?;
    let chosen = match fields.privacy.as_str() {
        PRIVATE => Some(true),
        SHARED => Some(false),
        _ => None,
    };
    let mut changed = false;
    if now.own != PrivacyChoice::Minor {
        let Some(private) = chosen else {
            let privacy = Field::with_value("").with_error(NOT_CHOSEN);
            let mut form = SettingsForm { errors: Vec::new(), privacy, mail: fields.mail };
            form.errors = summary(&[("privacy", &form.privacy)]);
            return page(&app, &subscriber, &now, false, form);
        };
        changed = privacy::set(&mut tx, &app.clock, KIND, session, private).await?;
    }
    if KIND.is_told_by(&visitor.tenant.config) && fields.mail != now.wants_mail {
        updates::choose(&mut tx, &app.clock, session, KIND, fields.mail).await?;
        changed = true;
    }
    tx.commit().await?;
    let page = if changed {
        format!("{EXPENSES_SETTINGS}?changed=1")
    } else {
        EXPENSES_SETTINGS.to_owned()
    };
    Ok(Redirect::to(&page).into_response())
}

fn page(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    now: &CurrentSettings,
    changed: bool,
    form: SettingsForm,
) -> Result<Response, WebError> {
    let page = SettingsPage {
        changed,
        minor: now.own == PrivacyChoice::Minor,
        private_since: match now.own {
            PrivacyChoice::Private { since } => Some(day(since)),
            _ => None,
        },
        sends_mail: KIND.is_told_by(&visitor.tenant.config),
        wants_mail: now.wants_mail,
        email: session.confirmed_email().map(str::to_owned),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
