//! The desk at which staff act: right and line first, then the act, all in one transaction.
//!
//! [`Desk::act`] is the only way to a `Desk`. It asks for the right as it stands at that moment, writes the act's line,
//! lets the act be done, and commits before anything of it leaves. (A line that tells what came of the act is written
//! between the act and the commit.) So nothing is shown, nor changed, without its line: a line that can't be written, or
//! kept, is an act that didn't happen. A refusal is a line, too, in a transaction of its own.

use std::marker::PhantomData;

use serde_json::{Value, json};
use uuid::Uuid;

use super::act::{Act, LineOrder, SearchPeople, ViewMedicalData};
use super::find;
use crate::audit::{self, Action, AuditLine, StaffPurpose, Target};
use crate::auth::guard::throttle;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::Staff;
use crate::db::actor::{Actor, ActorKind};
use crate::db::{Db, TenantTx};

/// The person who stands before the desk.
#[derive(Debug, Clone, Copy)]
pub struct Clerk<'c> {
    pub db: &'c Db,
    pub clock: &'c Clock,
    pub tenant: TenantId,
    /// The actor that the console's session names.
    pub actor: &'c Actor,
}

/// The person whom an act concerns, and its purpose.
#[derive(Debug, Clone, Default)]
pub struct Matter {
    /// The person whose data it is.
    pub subject: Option<LoginId>,
    /// The member, where they may have no login.
    pub member: Option<String>,
    pub target: Option<Target>,
    pub purpose: Option<StaffPurpose>,
    /// The reason in the staff member's own words.
    pub reason: Option<String>,
}

impl Matter {
    fn line(&self, action: Action) -> AuditLine {
        let Self { member, target, purpose, reason, .. } = self.clone();
        AuditLine { member, target, purpose, reason, ..AuditLine::new(action, json!({})) }
    }
}

/// The reason of a refusal, as it stands on the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// No staff of this union's: a subscriber, or another union's.
    NotStaff,
    /// Invited, suspended, or gone.
    NotInOffice,
    /// Their roles and extra rights don't allow it.
    NoRight,
}

impl Denial {
    const fn name(self) -> &'static str {
        match self {
            Self::NotStaff => "not_staff",
            Self::NotInOffice => "not_in_office",
            Self::NoRight => "no_right",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("refused: {}", .0.name())]
    Denied(Denial),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A transaction in which the line of an act is written. A room's function for staff takes it as proof.
#[derive(Debug)]
pub struct Desk<A: Act> {
    tx: TenantTx,
    line: AuditLine,
    subject: Option<Uuid>,
    act: PhantomData<fn() -> A>,
}

impl<A: Act> Desk<A> {
    /// Does `work` if the actor may, and returns its result once the act is on the trail.
    ///
    /// # Errors
    /// [`DeskError::Denied`], which is on the trail. After an error of `work` nothing has changed.
    pub async fn act<T, E: From<DeskError>>(
        clerk: Clerk<'_>,
        matter: Matter,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut desk = Self::open(clerk, &matter).await?;
        let done = work(&mut desk).await?;
        if A::LINE == LineOrder::AfterAct {
            desk.write_line(clerk.clock).await?;
        }
        desk.tx.commit().await.map_err(DeskError::from)?;
        Ok(done)
    }

    /// Asks for the right to the act without doing it, for a page that only leads to it.
    ///
    /// # Errors
    /// [`DeskError::Denied`], which is on the trail.
    pub async fn ask(clerk: Clerk<'_>) -> Result<(), DeskError> {
        let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
        let Err(denial) = admit::<A>(&mut tx, clerk).await? else { return Ok(tx.commit().await?) };
        drop(tx);
        deny::<A>(clerk, &Matter::default(), denial).await?;
        Err(DeskError::Denied(denial))
    }

    /// The union's rows.
    pub fn tx(&mut self) -> &mut TenantTx {
        &mut self.tx
    }

    async fn open(clerk: Clerk<'_>, matter: &Matter) -> Result<Self, DeskError> {
        let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
        if let Err(denial) = admit::<A>(&mut tx, clerk).await? {
            drop(tx);
            deny::<A>(clerk, matter, denial).await?;
            return Err(DeskError::Denied(denial));
        }
        let line = matter.line(A::ACTION);
        let subject = matter.subject.map(|login| login.0);
        let mut desk = Self { tx, line, subject, act: PhantomData };
        if A::LINE == LineOrder::BeforeAct {
            desk.write_line(clerk.clock).await?;
        }
        Ok(desk)
    }

    async fn write_line(&mut self, clock: &Clock) -> Result<(), DeskError> {
        Ok(audit::write(&mut self.tx, clock, &self.line, &[self.subject]).await?)
    }
}

impl Desk<SearchPeople> {
    /// Takes one of the searches that a staff member has in a minute. Returns false if none is left. A search that
    /// fails gives it back, since the transaction does.
    pub async fn take_search(&mut self, clock: &Clock) -> Result<bool, sqlx::Error> {
        let Some(staff) = self.tx.actor().id else { return Ok(false) };
        throttle::SEARCH_STAFF.take_one::<Staff>(&mut self.tx, clock, &staff.to_string()).await
    }

    /// Adds to the act's line how many people were shown, and how they were looked for. `detail` must not contain what
    /// was typed.
    pub fn note_found(&mut self, shown: i64, detail: Value) {
        self.line.rows = Some(shown);
        self.line.detail = detail;
    }
}

impl Desk<ViewMedicalData> {
    /// Adds to the act's line which months are shown, and of how many rows. It tells no value of them.
    pub fn note_months(&mut self, shown: i64, detail: Value) {
        self.line.rows = Some(shown);
        self.line.detail = detail;
    }
}

/// Names the actor with the name and roles that they have at this moment, if they are in office.
async fn admit<A: Act>(
    tx: &mut TenantTx,
    clerk: Clerk<'_>,
) -> Result<Result<(), Denial>, sqlx::Error> {
    let login =
        clerk.actor.id.filter(|_| clerk.actor.kind == ActorKind::Staff).map(LoginId::from_uuid);
    let Some(login) = login else { return Ok(Err(Denial::NotStaff)) };
    let Some(staff) = find(tx, login).await? else { return Ok(Err(Denial::NotStaff)) };
    if !staff.are_in_office(clerk.clock.today()) {
        return Ok(Err(Denial::NotInOffice));
    }
    let Some(rights) = staff.rights.filter(|rights| rights.allow(A::RIGHT)) else {
        return Ok(Err(Denial::NoRight));
    };
    let actor = Actor { label: Some(staff.name), roles: rights.names(), ..clerk.actor.clone() };
    tx.goes_on_as(actor);
    Ok(Ok(()))
}

async fn deny<A: Act>(
    clerk: Clerk<'_>,
    matter: &Matter,
    denial: Denial,
) -> Result<(), sqlx::Error> {
    let detail = json!({ "act": A::ACTION.name(), "right": format!("{:?}", A::RIGHT) });
    let line = AuditLine { why: Some(denial.name()), detail, ..matter.line(Action::AuthzDenied) };
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    audit::write(&mut tx, clerk.clock, &line, &[matter.subject.map(|login| login.0)]).await?;
    tx.commit().await
}
