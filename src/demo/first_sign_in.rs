//! The first sign-in of the demo's registered people. They do it as anybody does, through the functions that the pages
//! call.

use anyhow::{Context as _, bail, ensure};

use super::links::MailedLinks;
use super::people::DemoPerson;
use crate::auth::credentials::user_id::{self, UserId};
use crate::auth::first_sign_in::consent;
use crate::auth::first_sign_in::email_confirmation::{self, Asking, Link};
use crate::auth::first_sign_in::identity::{self, Check, IdentityClaim};
use crate::auth::first_sign_in::registration::{Details, Drafting, PasswordChoice, Registration};
use crate::auth::journey::Step;
use crate::auth::session::{self, Lookup, Session};
use crate::auth::sign_in::{PasswordInput, SignInOutcome};
use crate::base::email::EmailAddress;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::db::actor::{Actor, ActorKind, Client};
use crate::tenant::directory::Tenant;
use crate::tenant::policy::SecondFactor;
use crate::web::state::App;

/// More than any union's first sign-in has.
const MOST_STEPS: usize = 12;

/// Takes a union's demo people through their first sign-in.
pub(super) struct FirstSignInDriver<'f> {
    pub(super) app: &'f App,
    pub(super) tenant: &'f Tenant,
    pub(super) links: MailedLinks<'f>,
}

impl FirstSignInDriver<'_> {
    /// Takes a person from the first credentials to the own password. A person who has other first credentials by now
    /// is left alone.
    pub(super) async fn walk(&self, person: &DemoPerson) -> anyhow::Result<()> {
        let (app, tenant) = (self.app, self.tenant);
        let (client, actor) = (Client::default(), actor());
        let user_id = UserId::parse(&person.user_id).map_err(anyhow::Error::msg)?;
        let given = PasswordInput {
            user_id: Some(&user_id),
            password: &person.first_password.as_str().into(),
            remember: false,
            client: &client,
            browser: &PlainToken::random(),
        };
        let sign_in = app.sign_in(&actor);
        let outcome = sign_in.with_password::<Subscribers>(tenant, None, given).await?;
        let SignInOutcome::Accepted { mut token, .. } = outcome else { return Ok(()) };
        for _ in 0..MOST_STEPS {
            let session = self.session(&token).await?;
            let step = session.next_step(&tenant.config);
            token = match step {
                Step::OwnPassword => {
                    let own = person.password.as_str().into();
                    match sign_in.choose_password(tenant, &session, &token, &own).await? {
                        PasswordChoice::Done(token) => token,
                        other => bail!("{}: {other:?}", person.user_id),
                    }
                }
                Step::Details => self.register(person, &session, &token).await?,
                Step::Address | Step::AddressConfirmation => {
                    self.confirm_address(person, &session).await?;
                    token
                }
                Step::Birthdate | Step::Identity | Step::Terms | Step::UserId => {
                    self.take(step, person, &session).await?;
                    token
                }
                _ => return self.leave(&session).await,
            };
        }
        bail!("{}: the first sign-in does not end", person.user_id)
    }

    async fn session(&self, token: &PlainToken) -> anyhow::Result<Box<Session>> {
        let mut tx = self.begin().await?;
        let lookup = session::find(&mut tx, self.app.context(self.tenant), token).await?;
        tx.commit().await?;
        let Lookup::Living(session) = lookup else { bail!("the session has ended") };
        Ok(session)
    }

    /// Does what a step's page asks for.
    async fn take(&self, step: Step, person: &DemoPerson, session: &Session) -> anyhow::Result<()> {
        let (clock, login) = (&self.app.clock, session.login);
        let mut tx = self.begin().await?;
        if matches!(step, Step::Birthdate | Step::Identity) {
            let insurer_number = (step == Step::Identity).then(|| person.insurer_number.clone());
            let claim = IdentityClaim { birthdate: person.birthdate, insurer_number };
            let check = identity::check(&mut tx, clock, login, &claim).await?;
            ensure!(check == Check::Right, "{}: {check:?}", person.user_id);
        }
        if matches!(step, Step::Terms | Step::Identity) {
            let terms = self.tenant.terms.in_force(clock.now()).id;
            consent::agree(&mut tx, clock, login, terms, &Client::default()).await?;
        }
        if step == Step::UserId {
            let user_id = UserId::parse(&person.user_id).map_err(anyhow::Error::msg)?;
            let asked = !self.tenant.config.sign_in.second_factors.is_empty();
            let method = asked.then_some(SecondFactor::EmailCode);
            let set = user_id::set(&mut tx, clock, login, &user_id, method).await?;
            ensure!(set, "{} is somebody else's", person.user_id);
        }
        tx.commit().await?;
        Ok(())
    }

    /// Asks for a link, and opens it.
    async fn confirm_address(&self, person: &DemoPerson, session: &Session) -> anyhow::Result<()> {
        let cx = self.app.context(self.tenant);
        let email = email_of(person)?.context("an address")?;
        let mut tx = self.begin().await?;
        let asking = email_confirmation::ask(&mut tx, cx, session.login, &email).await?;
        ensure!(asking == Asking::Sent, "{}: {asking:?}", person.user_id);
        tx.commit().await?;
        let token = self.links.newest().await?;
        let mut tx = self.begin().await?;
        let link = email_confirmation::confirm::<Subscribers>(&mut tx, cx, &token).await?;
        ensure!(link == Link::Confirmed, "{}: {link:?}", person.user_id);
        tx.commit().await?;
        Ok(())
    }

    /// 「個人情報入力画面」 and 「実行」 (seed 004).
    async fn register(
        &self,
        person: &DemoPerson,
        session: &Session,
        token: &PlainToken,
    ) -> anyhow::Result<PlainToken> {
        let actor = actor();
        let sign_in = self.app.sign_in(&actor);
        let details = Details {
            user_id: UserId::parse(&person.user_id).map_err(anyhow::Error::msg)?,
            password: Some(person.password.as_str().into()),
            email: email_of(person)?,
            expense_mail: false,
        };
        let drafting = sign_in.keep_draft(self.tenant, session, &details).await?;
        ensure!(matches!(drafting, Drafting::Kept), "{}: {drafting:?}", person.user_id);
        match sign_in.register_draft(self.tenant, session, token).await? {
            Registration::Done(token) => Ok(token),
            other => bail!("{}: {other:?}", person.user_id),
        }
    }

    /// Signs out, and takes the mails that are left out of the demo's way.
    async fn leave(&self, session: &Session) -> anyhow::Result<()> {
        let mut tx = self.begin().await?;
        session::end(&mut tx, &self.app.clock, session.id).await?;
        tx.commit().await?;
        self.links.deliver().await
    }

    async fn begin(&self) -> Result<TenantTx, sqlx::Error> {
        self.app.db.tenant(self.tenant.id, &actor()).await
    }
}

/// The address of a person who has one.
fn email_of(person: &DemoPerson) -> anyhow::Result<Option<EmailAddress>> {
    let Some(text) = person.email.as_deref().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let email = EmailAddress::parse(text);
    Ok(Some(email.with_context(|| format!("{}: {text} is no address", person.user_id))?))
}

fn actor() -> Actor {
    Actor::unknown(ActorKind::Subscriber, Client::default(), None)
}
