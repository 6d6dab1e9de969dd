//! Letters with 仮ユーザID and 仮パスワード: another one for a person who lost theirs, and one that came back (T9).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::not_me::tell;
use super::reset::{find_risks, known_caller};
use super::risk::{self, RiskyAct};
use super::subject::{self, HelpSubject};
use super::{Already, FurtherItem, HelpError, HelpRefusal, Risk, Risky, caller};
use crate::auth::account_changed::AccountChange;
use crate::auth::context::Context;
use crate::auth::credentials::first;
use crate::auth::credentials::letters::LetterRecipients;
use crate::auth::credentials::letters::job::IssueLetters;
use crate::auth::session::store;
use crate::auth::staff::act::{Act as _, NoteReturnedLetter, OpenReplacement, OrderLetter};
use crate::auth::staff::approval::kind::{ExecuteError, FourEyes, Preview};
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::ids::{IssueId, TenantId};
use crate::db::TenantTx;
use crate::jobs;
use crate::jobs::consent::Consent;
use crate::jobs::kind::Job as _;
use crate::tenant::policy::TenantConfig;

/// The state of a letter that was ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderedLetter {
    /// 作成待ち
    ToBeMade,
    /// 印刷待ち, since this time
    ToBePrinted(DateTime<Utc>),
}

/// Returns how far a person's letter is, if one was ordered and is not printed yet.
pub async fn ordered(tx: &mut TenantTx, code: &str) -> Result<Option<OrderedLetter>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select exists (select from jobs
                          where tenant_id = $1 and kind = $2 and key = $3
                            and state in ('queued', 'running')) as "to_be_made!",
                  (select issued_at from letters
                   where tenant_id = $1 and member_code = $3 and key_id is not null) as made_at"#,
        tx.tenant() as TenantId,
        IssueLetters::NAME,
        code
    )
    .fetch_one(tx.conn())
    .await?;
    let made = row.made_at.map(OrderedLetter::ToBePrinted);
    Ok(if row.to_be_made { Some(OrderedLetter::ToBeMade) } else { made })
}

/// Returns the reason why a person can't get a letter, whoever calls.
#[must_use]
pub fn why_not(subject: &HelpSubject, policy: &TenantConfig) -> Option<HelpRefusal> {
    let login = subject.login.as_ref();
    if policy.first_sign_in.letter.is_none() {
        Some(HelpRefusal::NoLetters)
    } else if login.is_some_and(|login| login.closed_at.is_some()) {
        Some(HelpRefusal::Closed)
    } else if login.is_some_and(|login| login.registered_at.is_some()) {
        Some(HelpRefusal::Registered)
    } else {
        None
    }
}

/// Orders a letter with other first credentials. Those of before are dead at once, with all that was begun with them. The
/// worker makes the letter, and the operator's command prints it; staff see no password.
///
/// # Errors
/// [`Already::LetterWaits`], or a [`HelpRefusal`]: of [`why_not`], if nobody has checked the caller, or if it is risky.
pub async fn order(
    desk: &mut Desk<OrderLetter>,
    cx: Context<'_>,
    code: &str,
) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    may_be_ordered(desk.tx(), &subject, &cx.tenant.config).await?;
    let caller_check = known_caller(desk, cx.clock, code).await?;
    let risks = match &subject.login {
        Some(account) => find_risks(desk, cx.clock, account, RiskyAct::Letter).await?,
        None => Vec::new(),
    };
    if risks.is_empty() {
        return perform(desk, cx, &subject, caller_check).await;
    }
    let (member, login) = (subject.code, subject.login.map(|login| login.id));
    Err(HelpRefusal::Risky(Box::new(Risky { member, login, caller_check, risks })).into())
}

/// Returns what a letter to a colleague needs another pair of eyes for.
///
/// # Errors
/// As for [`order`].
pub async fn of_colleague(
    desk: &mut Desk<OpenReplacement>,
    cx: Context<'_>,
    code: &str,
) -> Result<Risky, HelpError> {
    let subject = subject::take(desk, code).await?;
    may_be_ordered(desk.tx(), &subject, &cx.tenant.config).await?;
    let caller_check = known_caller(desk, cx.clock, code).await?;
    let (member, login) = (subject.code, subject.login.map(|login| login.id));
    Ok(Risky { member, login, caller_check, risks: vec![Risk::Colleague] })
}

async fn may_be_ordered(
    tx: &mut TenantTx,
    subject: &HelpSubject,
    policy: &TenantConfig,
) -> Result<(), HelpError> {
    if let Some(refusal) = why_not(subject, policy) {
        return Err(refusal.into());
    }
    match ordered(tx, &subject.code).await? {
        Some(_) => Err(HelpError::Done(Already::LetterWaits)),
        None => Ok(()),
    }
}

async fn perform(
    desk: &mut Desk<OrderLetter>,
    cx: Context<'_>,
    subject: &HelpSubject,
    caller_check: FurtherItem,
) -> Result<(), HelpError> {
    let tx = desk.tx();
    if let Some(account) = &subject.login {
        first::kill(tx, cx.clock, account.id).await?;
        store::close_others(tx, cx.clock, account.id, None).await?;
    }
    let whom =
        LetterRecipients::Members { codes: vec![subject.code.clone()], ends: Consent::ToAnything };
    let job = IssueLetters { issue: IssueId::new(cx.clock), whom };
    let job = jobs::enqueue(tx, cx.clock, &job, Some(&subject.code)).await?;
    if let Some(account) = &subject.login {
        tell(tx, cx, account, AccountChange::LetterOrdered, OrderLetter::ACTION).await?;
    }
    let line = desk.line();
    line.caller_check = Some(caller::all_right(caller_check));
    line.detail = json!({ "job": job });
    Ok(())
}

/// Notes that a letter came back: its credentials are dead.
///
/// # Errors
/// [`Already::LetterDead`], or [`HelpRefusal::NoLetter`] or [`HelpRefusal::Registered`].
pub async fn note_returned(
    desk: &mut Desk<NoteReturnedLetter>,
    cx: Context<'_>,
    code: &str,
) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = subject.account()?;
    if account.registered_at.is_some() {
        return Err(HelpRefusal::Registered.into());
    }
    if account.letter_at.is_none() {
        return Err(HelpRefusal::NoLetter.into());
    }
    if !account.letter_lives {
        return Err(HelpError::Done(Already::LetterDead));
    }
    let tx = desk.tx();
    first::kill(tx, cx.clock, account.id).await?;
    let sessions = store::close_others(tx, cx.clock, account.id, None).await?;
    tell(tx, cx, account, AccountChange::LetterReturned, NoteReturnedLetter::ACTION).await?;
    desk.line().detail = json!({ "sessions": sessions });
    Ok(())
}

/// A letter that waits for a second pair of eyes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RiskyLetter(pub Risky);

impl FourEyes for RiskyLetter {
    const KIND: &'static str = "letter.order";
    const TITLE: &'static str = "仮ユーザID・仮パスワードの再発行";
    type Act = OrderLetter;

    fn matter(&self) -> Matter {
        risk::matter(&self.0)
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        let Some(subject) = subject::read(tx, &self.0.member).await? else { return Ok(None) };
        let is_possible = why_not(&subject, &cx.tenant.config).is_none()
            && ordered(tx, &subject.code).await?.is_none();
        Ok(is_possible.then(|| risk::preview(&self.0, &subject)))
    }

    async fn execute(
        &self,
        desk: &mut Desk<OrderLetter>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        let done = async {
            let subject = subject::take(desk, &self.0.member).await?;
            may_be_ordered(desk.tx(), &subject, &cx.tenant.config).await?;
            perform(desk, cx, &subject, self.0.caller_check).await
        };
        done.await.map(|()| json!({})).map_err(HelpError::declined)
    }
}
