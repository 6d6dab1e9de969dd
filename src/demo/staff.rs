//! The staff of the demo's unions. They take their invitations up as anybody does, through the functions that the pages
//! call, and set up an app, whose secret `demo.json` tells, so that a test can be the app.

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret};

use super::links::MailedLinks;
use crate::auth::credentials::user_id::UserId;
use crate::auth::factor::enrolled::Enrolled;
use crate::auth::factor::totp::Apps;
use crate::auth::journey::staff::StaffFactor;
use crate::auth::session::{self, Lookup, Session};
use crate::auth::staff::acceptance::{Acceptance, FirstChoices, Taker};
use crate::auth::staff::invitation::{self, Invitee};
use crate::auth::staff::right::{ExtraRight, Rights, StaffRole};
use crate::auth::staff::roster;
use crate::base::email::EmailAddress;
use crate::base::realm::Staff;
use crate::base::secret::PlainToken;
use crate::db::Db;
use crate::db::actor::{Actor, ActorKind, Client};
use crate::tenant::directory::Tenant;

/// The name of the app on the page of sign-in methods.
const APP: &str = "デモの認証アプリ";

/// A line of `infra/demo/staff.csv`.
#[derive(Debug, Deserialize)]
struct StaffLine {
    #[serde(rename = "組合")]
    union: String,
    #[serde(rename = "氏名")]
    name: String,
    #[serde(rename = "役割")]
    role: String,
    /// Names of extra rights, with blanks between.
    #[serde(rename = "権限")]
    extra_rights: String,
    #[serde(rename = "ユーザID")]
    user_id: String,
    #[serde(rename = "パスワード")]
    password: String,
}

/// A staff member who can sign in; one entry of `demo.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DemoStaff {
    pub(super) union: String,
    pub(super) url: String,
    /// Always `staff`.
    pub(super) state: String,
    pub(super) role: String,
    pub(super) name: String,
    pub(super) user_id: String,
    pub(super) password: String,
    pub(super) email: String,
    /// The app's secret in base 32. `None` if an earlier `demo.json` that told it is gone.
    pub(super) totp_secret: Option<String>,
}

/// Invites a union's staff and lets them set up their logins.
pub(super) struct StaffDriver<'d> {
    pub(super) links: MailedLinks<'d>,
    pub(super) operator: &'d Db,
    pub(super) tenant: &'d Tenant,
    /// The staff of an earlier start, whose secrets are kept.
    pub(super) known: &'d [DemoStaff],
}

impl StaffDriver<'_> {
    /// Returns the union's staff. Those who are there already stay as they are.
    pub(super) async fn hire(&self, list: &[u8]) -> anyhow::Result<Vec<DemoStaff>> {
        let lines: Vec<StaffLine> =
            csv::Reader::from_reader(list).deserialize().collect::<Result<_, _>>()?;
        let slug = self.tenant.config.slug.as_str();
        let clock = &self.links.app.clock;
        let mut tx = self.operator.tenant(self.tenant.id, &operator()).await?;
        let hired = roster::list(&mut tx, clock).await?;
        tx.commit().await?;
        let mut all = Vec::new();
        for line in lines.into_iter().filter(|line| line.union == slug) {
            let email = format!("{}@{slug}.example.jp", line.user_id);
            let is_hired = hired.iter().any(|one| one.email.as_deref() == Some(&email));
            let totp_secret = match is_hired {
                true => self.known_secret(&line.user_id),
                false => Some(self.take_on(&line, &email).await.context(line.user_id.clone())?),
            };
            all.push(DemoStaff {
                union: line.union,
                url: format!("{}/", self.tenant.console_origin),
                state: "staff".to_owned(),
                role: line.role,
                name: line.name,
                user_id: line.user_id,
                password: line.password,
                email,
                totp_secret,
            });
        }
        Ok(all)
    }

    fn known_secret(&self, user_id: &str) -> Option<String> {
        let slug = self.tenant.config.slug.as_str();
        let known = self.known.iter().find(|one| one.union == slug && one.user_id == user_id);
        known.and_then(|one| one.totp_secret.clone())
    }

    /// Invites a person, takes the invitation up, and sets up the app. Returns its secret.
    async fn take_on(&self, line: &StaffLine, email: &str) -> anyhow::Result<String> {
        self.invite(line, email).await?;
        let link = self.links.newest().await?;
        let user_id = UserId::parse(&line.user_id).map_err(anyhow::Error::msg)?;
        let (client, actor) = (Client::default(), staff());
        let choices = FirstChoices {
            user_id: &user_id,
            password: &line.password.as_str().into(),
            method: StaffFactor::Totp,
        };
        let taker = Taker { client: &client, browser: &PlainToken::random() };
        let sign_in = self.links.app.sign_in(&actor);
        match sign_in.accept_invitation(self.tenant, &link, &choices, taker).await? {
            Acceptance::Done(token) => self.set_up_app(&token).await,
            other => bail!("{other:?}"),
        }
    }

    async fn invite(&self, line: &StaffLine, email: &str) -> anyhow::Result<()> {
        let role = StaffRole::parse(&line.role).context("a role")?;
        let names = line.extra_rights.split_whitespace();
        let extra = names.map(|name| ExtraRight::parse(name).context("a right"));
        let extra = extra.collect::<anyhow::Result<_>>()?;
        let rights = Rights::new(vec![role], extra).context("rights that go together")?;
        let email = EmailAddress::parse(email).context("an address")?;
        let invitee = Invitee {
            name: &line.name,
            email: &email,
            rights: &rights,
            leaves_on: None,
            member: None,
            invited_by: None,
        };
        let mut tx = self.operator.tenant(self.tenant.id, &operator()).await?;
        invitation::invite(&mut tx, self.links.app.context(self.tenant), &invitee).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn set_up_app(&self, token: &PlainToken) -> anyhow::Result<String> {
        let app = self.links.app;
        let cx = app.context(self.tenant);
        let mut tx = app.db.tenant(self.tenant.id, &staff()).await?;
        let session: Box<Session<Staff>> = match session::find(&mut tx, cx, token).await? {
            Lookup::Living(session) => session,
            _ => bail!("the session has ended"),
        };
        let apps = Apps { cx, sealer: &app.sealer, session: &session };
        let secret = apps.enrolment(&mut tx).await?.key().replace(' ', "");
        let read = Secret::try_from_base32(secret.clone()).map_err(|e| anyhow::anyhow!("{e:?}"))?;
        let code = Builder::new().with_secret(read).build_noncompliant();
        let code = code.generate(app.clock.now().timestamp().unsigned_abs()).to_string();
        let enrolled = apps.enrol(&mut tx, token, &code, APP).await?;
        ensure!(matches!(enrolled, Enrolled::Done(_)), "{enrolled:?}");
        session::end(&mut tx, &app.clock, session.id).await?;
        tx.commit().await?;
        self.links.deliver().await?;
        Ok(secret)
    }
}

fn operator() -> Actor {
    Actor::operator("demo")
}

fn staff() -> Actor {
    Actor::unknown(ActorKind::Staff, Client::default(), None)
}
