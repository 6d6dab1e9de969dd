//! The desk at which staff act: right and line first, then the act, all in one transaction.
//!
//! [`Desk::act`] is the way to a `Desk`. It asks for the right as it stands at that moment, writes the act's line,
//! lets the act be done, and commits before anything of it leaves. (A line that tells what came of the act is written
//! between the act and the commit.) So nothing is shown, nor changed, without its line: a line that can't be written, or
//! kept, is an act that didn't happen. A refusal is a line, too, in a transaction of its own.
//!
//! The other way is a request that a second staff member grants ([`super::approval`]).

use std::marker::PhantomData;

use serde_json::{Value, json};
use uuid::Uuid;

use super::act::{Act, AllowExport, ExportTrail, LineOrder, OwnData, SearchPeople};
use super::closeness::{self, Closeness};
use super::find;
use super::right::{Right, Rights};
use crate::audit::{self, Action, AuditLine, StaffPurpose, Target};
use crate::auth::guard::throttle;
use crate::base::clock::Clock;
use crate::base::ids::{ApprovalId, LoginId, TenantId};
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
    pub(super) fn line(&self, action: Action) -> AuditLine {
        let Self { member, target, purpose, reason, .. } = self.clone();
        AuditLine { member, target, purpose, reason, ..AuditLine::new(action, json!({})) }
    }

    pub(super) fn subjects(&self) -> [Option<Uuid>; 1] {
        [self.subject.map(|login| login.0)]
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
    /// It concerns the staff member's own account or household.
    OwnData,
    /// It concerns a colleague, and nobody else looks at it.
    Colleague,
    /// The person who asked for an act is not the one who lets it be done.
    OwnRequest,
}

impl Denial {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotStaff => "not_staff",
            Self::NotInOffice => "not_in_office",
            Self::NoRight => "no_right",
            Self::OwnData => "own_data",
            Self::Colleague => "colleague",
            Self::OwnRequest => "own_request",
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

/// A staff member in office, with the rights that they have at this moment.
#[derive(Debug, Clone)]
pub(super) struct InOffice {
    pub login: LoginId<Staff>,
    pub rights: Rights,
}

/// An approval that lets an act be done, and the staff member who asked for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    pub approval: ApprovalId,
    pub author: LoginId<Staff>,
}

/// A transaction in which the line of an act is written. A room's function for staff takes it as proof.
#[derive(Debug)]
pub struct Desk<A: Act> {
    tx: TenantTx,
    line: AuditLine,
    subject: [Option<Uuid>; 1],
    author: LoginId<Staff>,
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
    pub async fn ask(clerk: Clerk<'_>, matter: &Matter) -> Result<(), DeskError> {
        let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
        let judged = match admit(&mut tx, clerk).await? {
            Ok(staff) => judge::<A>(&mut tx, &staff, matter, Eyes::One).await?,
            Err(denial) => Err(denial),
        };
        let Err(denial) = judged else { return Ok(tx.commit().await?) };
        drop(tx);
        Err(deny::<A>(clerk, matter, denial).await?)
    }

    /// Does `work` in the transaction of the person who grants it, if its author still may. The caller commits.
    ///
    /// # Errors
    /// [`DeskError::Denied`] if the author may not do it any more; this leaves no line.
    pub(super) async fn act_granted<T, E: From<DeskError>>(
        mut tx: TenantTx,
        clock: &Clock,
        granted: Granted,
        matter: &Matter,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<(TenantTx, T), E> {
        let author = in_office(&mut tx, clock, granted.author).await.map_err(DeskError::from)?;
        let judged = match author {
            Ok(author) => judge::<A>(&mut tx, &author, matter, Eyes::Two).await,
            Err(denial) => Ok(Err(denial)),
        };
        judged.map_err(DeskError::from)?.map_err(DeskError::Denied)?;
        let mut line = matter.line(A::ACTION);
        line.approval = Some(granted.approval);
        let (subject, author) = (matter.subjects(), granted.author);
        let mut desk = Self { tx, line, subject, author, act: PhantomData };
        if A::LINE == LineOrder::BeforeAct {
            desk.write_line(clock).await?;
        }
        let done = work(&mut desk).await?;
        if A::LINE == LineOrder::AfterAct {
            desk.write_line(clock).await?;
        }
        Ok((desk.tx, done))
    }

    /// The union's rows.
    pub fn tx(&mut self) -> &mut TenantTx {
        &mut self.tx
    }

    /// The staff member whose act it is: the one who asked for it, if another one granted it.
    #[must_use]
    pub const fn author(&self) -> LoginId<Staff> {
        self.author
    }

    /// Adds to the line of an act that tells what came of it: how many rows were shown or taken, and of what kind.
    /// `detail` must contain nothing that was typed, and no medical value.
    pub fn note(&mut self, rows: usize, detail: Value) {
        self.line.rows = Some(i64::try_from(rows).unwrap_or(i64::MAX));
        self.line.detail = detail;
    }

    /// The line of an act that tells what came of it.
    pub(in crate::auth) const fn line(&mut self) -> &mut AuditLine {
        &mut self.line
    }

    async fn open(clerk: Clerk<'_>, matter: &Matter) -> Result<Self, DeskError> {
        let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
        let admitted = match admit(&mut tx, clerk).await? {
            Ok(staff) => judge::<A>(&mut tx, &staff, matter, Eyes::One).await?.map(|()| staff),
            Err(denial) => Err(denial),
        };
        let staff = match admitted {
            Ok(staff) => staff,
            Err(denial) => {
                drop(tx);
                return Err(deny::<A>(clerk, matter, denial).await?);
            }
        };
        let (line, subject) = (matter.line(A::ACTION), matter.subjects());
        let mut desk = Self { tx, line, subject, author: staff.login, act: PhantomData };
        if A::LINE == LineOrder::BeforeAct {
            desk.write_line(clerk.clock).await?;
        }
        Ok(desk)
    }

    async fn write_line(&mut self, clock: &Clock) -> Result<(), DeskError> {
        Ok(audit::write(&mut self.tx, clock, &self.line, &self.subject).await?)
    }
}

impl Desk<ExportTrail> {
    /// Adds to the act's line who let it happen.
    pub const fn note_approval(&mut self, approval: ApprovalId) {
        self.line.approval = Some(approval);
    }
}

impl Desk<AllowExport> {
    /// The approval that lets the act happen.
    #[must_use]
    pub const fn approval(&self) -> Option<ApprovalId> {
        self.line.approval
    }
}

impl Desk<SearchPeople> {
    /// Takes one of the searches that a staff member has in a minute. Returns false if none is left. A search that
    /// fails gives it back, since the transaction does.
    pub async fn take_search(&mut self, clock: &Clock) -> Result<bool, sqlx::Error> {
        let staff = self.author.to_string();
        throttle::SEARCH_STAFF.take_one::<Staff>(&mut self.tx, clock, &staff).await
    }
}

/// The number of people who look at an act before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eyes {
    One,
    Two,
}

/// Names the actor of a transaction with the name and roles that they have at this moment, if they are in office.
pub(super) async fn admit(
    tx: &mut TenantTx,
    clerk: Clerk<'_>,
) -> Result<Result<InOffice, Denial>, sqlx::Error> {
    let login =
        clerk.actor.id.filter(|_| clerk.actor.kind == ActorKind::Staff).map(LoginId::from_uuid);
    let Some(login) = login else { return Ok(Err(Denial::NotStaff)) };
    let Some(staff) = find(tx, login).await? else { return Ok(Err(Denial::NotStaff)) };
    if !staff.are_in_office(clerk.clock.today()) {
        return Ok(Err(Denial::NotInOffice));
    }
    let Some(rights) = staff.rights else { return Ok(Err(Denial::NoRight)) };
    let actor = Actor { label: Some(staff.name), roles: rights.names(), ..clerk.actor.clone() };
    tx.goes_on_as(actor);
    Ok(Ok(InOffice { login, rights }))
}

/// Finds the rights of a staff member other than the transaction's actor.
async fn in_office(
    tx: &mut TenantTx,
    clock: &Clock,
    login: LoginId<Staff>,
) -> Result<Result<InOffice, Denial>, sqlx::Error> {
    let Some(staff) = find(tx, login).await? else { return Ok(Err(Denial::NotStaff)) };
    if !staff.are_in_office(clock.today()) {
        return Ok(Err(Denial::NotInOffice));
    }
    Ok(staff.rights.map(|rights| InOffice { login, rights }).ok_or(Denial::NoRight))
}

/// Judges if a staff member may do an act about a person.
pub(super) async fn judge<A: Act>(
    tx: &mut TenantTx,
    staff: &InOffice,
    matter: &Matter,
    eyes: Eyes,
) -> Result<Result<(), Denial>, sqlx::Error> {
    if !staff.rights.allow(A::RIGHT) {
        return Ok(Err(Denial::NoRight));
    }
    if A::OWN_DATA == OwnData::Open {
        return Ok(Ok(()));
    }
    if matter.target.as_ref().is_some_and(|target| target.is_staff(staff.login)) {
        return Ok(Err(Denial::OwnData));
    }
    let closeness = closeness::of(tx, staff.login, matter.subject, matter.member.as_deref());
    Ok(match (closeness.await?, eyes) {
        (Closeness::Household, _) => Err(Denial::OwnData),
        (Closeness::Colleague, Eyes::One) => Err(Denial::Colleague),
        // A household's medical data shows the colleague's, and its credentials open them.
        (Closeness::ColleaguesHousehold, Eyes::One)
            if matches!(A::RIGHT, Right::SeeMedicalData | Right::ReplaceCredentials) =>
        {
            Err(Denial::Colleague)
        }
        (Closeness::Colleague, Eyes::Two)
        | (Closeness::ColleaguesHousehold | Closeness::None, _) => Ok(()),
    })
}

/// Writes a refusal to the trail, and returns the error that tells it.
pub(super) async fn deny<A: Act>(
    clerk: Clerk<'_>,
    matter: &Matter,
    denial: Denial,
) -> Result<DeskError, sqlx::Error> {
    let detail = json!({ "act": A::ACTION.name(), "right": format!("{:?}", A::RIGHT) });
    let line = AuditLine { why: Some(denial.name()), detail, ..matter.line(Action::AuthzDenied) };
    let mut tx = clerk.db.tenant(clerk.tenant, clerk.actor).await?;
    audit::write(&mut tx, clerk.clock, &line, &matter.subjects()).await?;
    tx.commit().await?;
    Ok(DeskError::Denied(denial))
}
