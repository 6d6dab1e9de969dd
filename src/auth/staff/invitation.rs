//! Invitations, by which a union's staff come to their logins (A1).
//!
//! Nobody chooses another person's password: the invited person opens the mailed link and sets everything up. Only the
//! newest link works, and only for three days.

use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::right::Rights;
use super::trail_line;
use crate::audit::{self, Action};
use crate::auth::context::{Context, SendingError};
use crate::base::email::EmailAddress;
use crate::base::ids::{LoginId, TenantId};
use crate::base::realm::{Realm as _, Staff};
use crate::base::secret::PlainToken;
use crate::db::TenantTx;
use crate::mail::message::StaffInvitationMail;
use crate::mail::outbox::{self, Perishable};

/// A link works for so long.
pub const VALID_FOR: TimeDelta = TimeDelta::hours(72);

/// The index by which a member is one staff member's.
pub(super) const OWN_MEMBER: &str = "staff_by_member";

/// The person to invite.
#[derive(Debug)]
pub struct Invitee<'i> {
    pub name: &'i str,
    pub email: &'i EmailAddress,
    pub rights: &'i Rights,
    /// The last day in office, if it is known.
    pub leaves_on: Option<NaiveDate>,
    /// The member that they are, if they are insured at the union.
    pub member: Option<&'i str>,
    /// The colleague who invites them; none if the operator does.
    pub invited_by: Option<LoginId<Staff>>,
}

/// A staff member who waits for a link.
#[derive(Debug, Clone, Copy)]
pub enum Invited<'i> {
    At(&'i EmailAddress),
    With(LoginId<Staff>),
}

#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    #[error("{} は職員として招待済みです", .0.as_str())]
    AlreadyInvited(EmailAddress),
    #[error("{} は職員として登録済みです", .0.as_str())]
    AlreadyStaff(EmailAddress),
    #[error("{} の職員はいません", .0.as_str())]
    Unknown(EmailAddress),
    #[error("{} の職員は停止されています", .0.as_str())]
    Suspended(EmailAddress),
    #[error("個人コードが {0} の加入者はいません")]
    NoSuchMember(String),
    #[error("個人コードが {0} の職員は登録済みです")]
    MemberTaken(String),
    #[error("招待中の職員ではありません")]
    NotInvited,
    #[error(transparent)]
    Sending(#[from] SendingError),
}

impl From<sqlx::Error> for InvitationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sending(error.into())
    }
}

/// Invites a person in an operator's name.
///
/// # Errors
/// As for [`open`].
pub async fn invite(
    tx: &mut TenantTx,
    cx: Context<'_>,
    invitee: &Invitee<'_>,
) -> Result<LoginId<Staff>, InvitationError> {
    let login = open(tx, cx, invitee).await?;
    let line = trail_line(Action::StaffInvited, login, invitee.name, invitee.detail());
    audit::write(tx, cx.clock, &line, &[None]).await?;
    Ok(login)
}

impl Invitee<'_> {
    /// Returns what the trail keeps of an invitation.
    pub(super) fn detail(&self) -> Value {
        json!({ "roles": self.rights.names(), "leaves_on": self.leaves_on })
    }
}

/// Opens a login that nobody can use yet, and mails the link.
///
/// # Errors
/// [`InvitationError::AlreadyInvited`] or [`InvitationError::AlreadyStaff`] if the address is a colleague's, and
/// [`InvitationError::NoSuchMember`] or [`InvitationError::MemberTaken`] if the member code can't be theirs.
pub(super) async fn open(
    tx: &mut TenantTx,
    cx: Context<'_>,
    invitee: &Invitee<'_>,
) -> Result<LoginId<Staff>, InvitationError> {
    let Invitee { name, email, rights, leaves_on, member, invited_by } = *invitee;
    let now = cx.clock.now();
    let known = sqlx::query!(
        r#"select exists (select from logins
                          where tenant_id = $1 and realm = $2 and email = $3) as "registered!",
                  $4::text is null or exists (select from members
                          where tenant_id = $1 and code = $4) as "is_member!""#,
        tx.tenant() as TenantId,
        Staff::NAME,
        email.as_str(),
        member
    )
    .fetch_one(tx.conn())
    .await?;
    if known.registered {
        return Err(InvitationError::AlreadyStaff(email.clone()));
    }
    if !known.is_member {
        return Err(InvitationError::NoSuchMember(member.unwrap_or_default().to_owned()));
    }
    let (login, token) = (LoginId::<Staff>::new(cx.clock), PlainToken::random());
    // Nobody can type this user ID; the person chooses one with the password.
    let user_id = login.to_string();
    let stored = sqlx::query!(
        r#"with login as (
               insert into logins (tenant_id, realm, id, user_id, created_at)
               values ($1, $2, $3, $4, $5) returning true
           ), member as (
               insert into staff (tenant_id, login_id, name, roles, extra_rights, invited_at, leaves_on,
                                  member_code, invited_by)
               values ($1, $3, $6, $7, $8, $5, $9, $13, $14) returning true
           )
           insert into staff_invitations (tenant_id, login_id, email, token_hash, sent_at, expires_at)
           values ($1, $3, $10, $11, $5, $12)
           returning true as stored"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        login.0,
        user_id,
        now,
        name,
        &rights.role_names(),
        &rights.extra_names(),
        leaves_on,
        email.as_str(),
        token.hashed().to_vec(),
        now + VALID_FOR,
        member,
        invited_by.map(|colleague| colleague.0)
    )
    .fetch_one(tx.conn())
    .await;
    match stored {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            return Err(match (error.constraint(), member) {
                (Some(OWN_MEMBER), Some(member)) => InvitationError::MemberTaken(member.to_owned()),
                _ => InvitationError::AlreadyInvited(email.clone()),
            });
        }
        stored => stored.map(drop)?,
    }
    post(tx, cx, login, name, email, &token).await?;
    Ok(login)
}

/// Mails another link to an invited person in an operator's name.
///
/// # Errors
/// As for [`renew`].
pub async fn resend(
    tx: &mut TenantTx,
    cx: Context<'_>,
    email: &EmailAddress,
) -> Result<(), InvitationError> {
    let (login, name) = renew(tx, cx, Invited::At(email)).await?;
    let line = trail_line(Action::StaffInvitationResent, login, &name, json!({}));
    audit::write(tx, cx.clock, &line, &[None]).await?;
    Ok(())
}

/// Mails another link to an invited person. The link before opens nothing any more.
///
/// # Errors
/// [`InvitationError::Unknown`], [`InvitationError::AlreadyStaff`], [`InvitationError::Suspended`] or
/// [`InvitationError::NotInvited`] if no such person waits for a link.
pub(super) async fn renew(
    tx: &mut TenantTx,
    cx: Context<'_>,
    invited: Invited<'_>,
) -> Result<(LoginId<Staff>, String), InvitationError> {
    let token = PlainToken::random();
    let now = cx.clock.now();
    let (email, login) = match invited {
        Invited::At(email) => (Some(email), None),
        Invited::With(login) => (None, Some(login)),
    };
    let renewed = sqlx::query!(
        r#"update staff_invitations i set token_hash = $5, sent_at = $6, expires_at = $7
           from staff s
           where i.tenant_id = $1 and i.realm = $2 and (i.email = $3 or i.login_id = $4)
             and s.tenant_id = $1 and s.realm = $2 and s.login_id = i.login_id
           returning s.login_id as "login: LoginId<Staff>", s.name, i.email"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        email.map(EmailAddress::as_str),
        login.map(|login| login.0),
        token.hashed().to_vec(),
        now,
        now + VALID_FOR
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(renewed) = renewed else {
        return Err(match email {
            Some(email) => why_not(tx, email).await?,
            None => InvitationError::NotInvited,
        });
    };
    let Some(email) = EmailAddress::parse(&renewed.email) else {
        return Err(InvitationError::NotInvited);
    };
    post(tx, cx, renewed.login, &renewed.name, &email, &token).await?;
    Ok((renewed.login, renewed.name))
}

/// Invites a staff member anew, whose login is one that nobody can use any more.
pub(super) async fn begin_anew(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<Staff>,
    name: &str,
    email: &EmailAddress,
) -> Result<(), InvitationError> {
    let (now, token) = (cx.clock.now(), PlainToken::random());
    sqlx::query!(
        "insert into staff_invitations (tenant_id, login_id, email, token_hash, sent_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_id, realm, login_id) do update
             set email = excluded.email, token_hash = excluded.token_hash, sent_at = excluded.sent_at,
                 expires_at = excluded.expires_at",
        tx.tenant() as TenantId,
        login.0,
        email.as_str(),
        token.hashed().to_vec(),
        now,
        now + VALID_FOR
    )
    .execute(tx.conn())
    .await?;
    post(tx, cx, login, name, email, &token).await
}

/// Returns the reason why nobody with this address waits for a link.
async fn why_not(tx: &mut TenantTx, email: &EmailAddress) -> Result<InvitationError, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"select s.suspended_at is not null as "suspended!"
           from logins l
           join staff s on s.tenant_id = $1 and s.realm = $2 and s.login_id = l.id
           where l.tenant_id = $1 and l.realm = $2 and l.email = $3"#,
        tx.tenant() as TenantId,
        Staff::NAME,
        email.as_str()
    )
    .fetch_optional(tx.conn())
    .await?;
    let email = email.clone();
    Ok(match found {
        None => InvitationError::Unknown(email),
        Some(true) => InvitationError::Suspended(email),
        Some(false) => InvitationError::AlreadyStaff(email),
    })
}

async fn post(
    tx: &mut TenantTx,
    cx: Context<'_>,
    login: LoginId<Staff>,
    name: &str,
    email: &EmailAddress,
    token: &PlainToken,
) -> Result<(), InvitationError> {
    let Context { clock, mail, tenant } = cx;
    let invitation = StaffInvitationMail {
        name: name.to_owned(),
        url: mail.staff_invitation(tenant, &token.expose()),
        hours: VALID_FOR.num_hours(),
    };
    let letter = mail.write(tenant, &invitation).map_err(SendingError::from)?;
    let perishable = Perishable { expires_at: clock.now() + VALID_FOR, series: login.0 };
    outbox::enqueue(tx, clock, &letter, email.as_str(), Some(perishable)).await?;
    Ok(())
}
