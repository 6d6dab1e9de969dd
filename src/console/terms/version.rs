//! One version: its text, and who agreed to it, page by page.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::line::{Text, VersionLine};
use crate::account::places::with;
use crate::auth::staff::act::ViewTerms;
use crate::auth::staff::desk::{Desk, Matter};
use crate::auth::staff::union::Authors;
use crate::auth::staff::union::terms::agreed::{self, Agreed, Consents, Place};
use crate::base::ids::{LoginId, TermsId};
use crate::base::japanese::minute;
use crate::console::places::TERMS_VERSION;
use crate::tenant::terms;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(crate) struct TermsVersionPage {
    pub(crate) version: VersionLine,
    pub(crate) text: Text,
    pub(crate) people: Vec<AgreedLine>,
    /// True on every page of the list but the first.
    pub(crate) later: bool,
    /// The address of the list's next page.
    pub(crate) next: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct AgreedLine {
    /// 「800-1234-00」
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) at: String,
}

impl Page for TermsVersionPage {
    const TEMPLATE: &'static str = "console/terms/version.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct From {
    /// The last person of the page before: microseconds, a dot, and the login.
    after: Option<String>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, .. }: SignedInStaff,
    Path(id): Path<TermsId>,
    Query(from): Query<From>,
) -> Result<Response, WebError> {
    let after = from.after.as_deref().and_then(read);
    let clerk = visitor.clerk(&app);
    let page = Desk::<ViewTerms>::act(clerk, Matter::default(), async |desk| {
        let tx = desk.tx();
        let terms = terms::load_of(tx).await?;
        let found = terms.versions().find(|version| version.id == id);
        let Some(version) = found else { return Err(WebError::NotFound) };
        let authors = Authors::load(tx).await?;
        // Everybody is counted for the list's first page alone, so that each other page is as fast as the last.
        let consents = match after {
            None => agreed::count(tx).await?,
            Some(_) => Consents::default(),
        };
        let (people, more) = agreed::list(tx, &app.clock, id, after).await?;
        let line = VersionLine::of(version, &terms, &app.clock, &authors, &consents);
        let html = app.prose.html(version.id, &version.body).to_string();
        let last = people.last().filter(|_| more);
        Ok(TermsVersionPage {
            text: Text { effective: line.effective.clone(), html },
            version: line,
            later: after.is_some(),
            next: last.map(|last| next(id, last)),
            people: people.iter().map(agreed_line).collect(),
        })
    })
    .await?;
    visitor.page(&app, StatusCode::OK, &page)
}

fn next(id: TermsId, last: &Agreed) -> String {
    let place = format!("{}.{}", last.at.timestamp_micros(), last.login);
    format!("{}?after={place}", with(TERMS_VERSION, id))
}

fn read(place: &str) -> Option<Place> {
    let (at, login) = place.split_once('.')?;
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
    Some(Place { at, login: LoginId::from_uuid(login.parse().ok()?) })
}

fn agreed_line(one: &Agreed) -> AgreedLine {
    AgreedLine {
        number: format!("{}-{}-{}", one.symbol, one.number, one.branch),
        name: one.name.clone(),
        at: minute(one.at),
    }
}
