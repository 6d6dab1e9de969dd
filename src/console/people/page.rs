//! A person's page (A3): who they are, why they can or can't sign in, and what happened. Nothing medical stands on it.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::acts::{self, ActLink, Situation};
use super::addressed::AddressedPerson;
use super::identity::IdentityBar;
use super::mails::Mails;
use super::sign_in::{AccessView, AccountView, SessionView};
use super::timeline::{self, Timeline};
use crate::audit::LineKey;
use crate::audit::timeline::LinesAbout;
use crate::auth::access::{self, Access, Account, LetterState};
use crate::auth::factor::{device, recovery_code};
use crate::auth::session::activity;
use crate::auth::staff::act::ViewPerson;
use crate::auth::staff::desk::Desk;
use crate::auth::staff::right::Rights;
use crate::base::clock::Clock;
use crate::db::TenantTx;
use crate::members::person::{self, RegistryEntry};
use crate::tenant::policy::TenantConfig;
use crate::web::error::WebError;
use crate::web::identity::SignedInStaff;
use crate::web::page::Page;
use crate::web::state::AppState;

#[derive(Debug, Serialize)]
pub(in crate::console) struct PersonPage {
    who: IdentityBar,
    household: Vec<IdentityBar>,
    access: AccessView,
    account: Option<AccountView>,
    sessions: Vec<SessionView>,
    mails: Mails,
    acts: Vec<ActLink>,
    timeline: Timeline,
}

impl Page for PersonPage {
    const TEMPLATE: &'static str = "console/people/person.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct PersonQuery {
    /// The line after which older ones follow.
    before: Option<String>,
}

/// Reads a person's page at the desk.
struct PageReader<'r> {
    clock: &'r Clock,
    policy: &'r TenantConfig,
    /// The rights of the one who looks.
    rights: &'r Rights,
    before: Option<LineKey>,
}

impl PageReader<'_> {
    async fn read(&self, tx: &mut TenantTx, who: &RegistryEntry) -> Result<PersonPage, WebError> {
        let today = self.clock.today();
        let account = access::find(tx, &who.code).await?;
        let access = Access::of(self.policy, today, who.lost_on, account.as_ref());
        let household = person::household(tx, who).await?.into_iter();
        let whose =
            LinesAbout { login: account.as_ref().map(|account| account.login), member: &who.code };
        let mut page = PersonPage {
            who: IdentityBar::of(who, today),
            household: household
                .map(|other| IdentityBar::of_household(who, other, today))
                .collect(),
            access: AccessView::of(
                access,
                access.remedy().and_then(|remedy| acts::remedy(&who.code, self.rights, remedy)),
            ),
            account: None,
            sessions: Vec::new(),
            mails: Mails::default(),
            acts: Vec::new(),
            timeline: Timeline::read(tx, self.clock.now(), whose, self.before).await?,
        };
        if let Some(account) = &account {
            self.read_account(tx, &who.code, account, &mut page).await?;
        }
        let now = situation(self.policy, today, account.as_ref(), !page.sessions.is_empty());
        page.acts = acts::links(&who.code, self.rights, &now);
        Ok(page)
    }

    async fn read_account(
        &self,
        tx: &mut TenantTx,
        code: &str,
        account: &Account,
        page: &mut PersonPage,
    ) -> Result<(), WebError> {
        let devices = device::list(tx, account.login).await?;
        let codes = recovery_code::set_state(tx, account.login).await?.left;
        let living = activity::living(tx, self.clock, self.policy, account.login).await?;
        page.account =
            Some(AccountView::of(self.policy, self.clock.today(), account, devices, codes));
        page.sessions = living.into_iter().map(SessionView::of).collect();
        page.mails = Mails::read(tx, code, account, self.rights).await?;
        Ok(())
    }
}

fn situation(
    policy: &TenantConfig,
    today: NaiveDate,
    account: Option<&Account>,
    is_signed_in: bool,
) -> Situation {
    let Some(account) = account else { return Situation::default() };
    let letter = access::letter(policy, today, account);
    Situation {
        has_account: true,
        is_registered: account.has_password,
        is_locked: account.locked_at.is_some() || account.second_factor_locked_at.is_some(),
        is_held: account.held_at.is_some(),
        is_signed_in,
        has_letter: matches!(letter, Some(LetterState::Sent { .. } | LetterState::Expired { .. })),
    }
}

/// Handles `GET /people/{code}`. Each look is a line of the trail.
pub(super) async fn show(
    State(app): State<AppState>,
    SignedInStaff { visitor, session, .. }: SignedInStaff,
    Path(code): Path<String>,
    Query(PersonQuery { before }): Query<PersonQuery>,
) -> Result<Response, WebError> {
    let before = match before.as_deref() {
        Some(text) => Some(timeline::place(text).ok_or(WebError::NotFound)?),
        None => None,
    };
    let addressed = AddressedPerson::read(&app, &visitor, &code).await?;
    let policy = &visitor.tenant.config;
    let matter = addressed.matter();
    let page = Desk::<ViewPerson>::act(visitor.clerk(&app), matter, async |desk| {
        let code = addressed.code()?;
        let who = person::find(desk.tx(), code).await?.ok_or(WebError::NotFound)?;
        let reader = PageReader { clock: &app.clock, policy, rights: &session.person, before };
        reader.read(desk.tx(), &who).await
    })
    .await?;
    visitor.page(&app, StatusCode::OK, &page)
}

#[cfg(test)]
impl PersonPage {
    /// Samples for every sentence and every state: one without an account, and some with everything.
    pub(in crate::console) fn samples() -> Vec<Self> {
        let who = || IdentityBar::samples().remove(0);
        let bare = |access| Self {
            who: who(),
            household: Vec::new(),
            access,
            account: None,
            sessions: Vec::new(),
            mails: Mails::default(),
            acts: Vec::new(),
            timeline: Timeline::default(),
        };
        let mut pages: Vec<Self> = AccessView::samples().into_iter().map(bare).collect();
        let accounts = AccountView::samples().into_iter();
        pages.extend(accounts.zip(AccessView::samples()).map(|(account, access)| Self {
            who: who(),
            household: IdentityBar::samples(),
            access,
            account: Some(account),
            sessions: vec![SessionView::sample()],
            mails: Mails::sample(),
            acts: vec![ActLink { path: "/people/K1/hold".to_owned(), label: "利用を止める" }],
            timeline: Timeline::sample(),
        }));
        pages
    }
}
