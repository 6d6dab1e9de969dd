//! 初期化対応: a person has lost every device, and sets up another one at the next sign-in (R4).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::risk::{self, RiskyAct, risks};
use super::subject::{self, HelpLogin, HelpSubject};
use super::{Already, FurtherItem, HelpError, HelpRefusal, Risk, Risky, caller, not_me};
use crate::auth::context::{Context, SendingError};
use crate::auth::factor::reset::{owe_address, take_away};
use crate::auth::guard::known_browser;
use crate::auth::staff::act::{Act, OpenReplacement, ResetFactors};
use crate::auth::staff::approval::kind::{ExecuteError, FourEyes, Preview};
use crate::auth::staff::desk::{Desk, Matter};
use crate::base::clock::Clock;
use crate::base::japanese::minute;
use crate::db::TenantTx;
use crate::mail::message::FactorsResetMail;
use crate::mail::outbox;
use crate::tenant::policy::{FactorReset, TenantConfig};

/// Returns the reason why a person's factors can't be reset, whoever calls.
#[must_use]
pub fn why_not(subject: &HelpSubject, policy: &TenantConfig) -> Option<HelpRefusal> {
    let Some(account) = &subject.login else { return Some(HelpRefusal::NoAccount) };
    if policy.sign_in.second_factors.is_empty() {
        Some(HelpRefusal::NoSecondFactor)
    } else if policy.lost_device.reset_by != FactorReset::Staff {
        Some(HelpRefusal::ByLink)
    } else if account.closed_at.is_some() {
        Some(HelpRefusal::Closed)
    } else if account.registered_at.is_none() {
        Some(HelpRefusal::NotRegistered)
    } else if account.email.is_none() {
        Some(HelpRefusal::NoAddress)
    } else {
        None
    }
}

/// Resets a person's factors: all of them are dead at once, every session ends, every browser is a stranger again, and
/// every address that is known gets a mail. The next sign-in takes the password, a code that is mailed to the address
/// known until now, and then sets up what the person's method asks for. Staff choose no secret.
///
/// # Errors
/// [`Already::Reset`], or a [`HelpRefusal`]: of [`why_not`], if nobody has checked the caller, or if the reset is risky.
pub async fn reset(
    desk: &mut Desk<ResetFactors>,
    cx: Context<'_>,
    code: &str,
) -> Result<(), HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = open_account(&subject, &cx.tenant.config)?;
    let caller_check = known_caller(desk, cx.clock, code).await?;
    let risks = find_risks(desk, cx.clock, account, RiskyAct::Reset).await?;
    if risks.is_empty() {
        return perform(desk, cx, account, caller_check).await;
    }
    let (member, login) = (subject.code.clone(), Some(account.id));
    Err(HelpRefusal::Risky(Box::new(Risky { member, login, caller_check, risks })).into())
}

/// Returns what a reset of a colleague's factors needs another pair of eyes for.
///
/// # Errors
/// As for [`reset`].
pub async fn of_colleague(
    desk: &mut Desk<OpenReplacement>,
    cx: Context<'_>,
    code: &str,
) -> Result<Risky, HelpError> {
    let subject = subject::take(desk, code).await?;
    let account = open_account(&subject, &cx.tenant.config)?;
    let caller_check = known_caller(desk, cx.clock, code).await?;
    let mut risks = find_risks(desk, cx.clock, account, RiskyAct::Reset).await?;
    risks.push(Risk::Colleague);
    Ok(Risky { member: subject.code.clone(), login: Some(account.id), caller_check, risks })
}

fn open_account<'s>(
    subject: &'s HelpSubject,
    policy: &TenantConfig,
) -> Result<&'s HelpLogin, HelpError> {
    if let Some(refusal) = why_not(subject, policy) {
        return Err(refusal.into());
    }
    let account = subject.account()?;
    // Whatever was set up since would have ended this.
    match account.factors_reset_at {
        Some(_) => Err(HelpError::Done(Already::Reset)),
        None => Ok(account),
    }
}

async fn perform(
    desk: &mut Desk<ResetFactors>,
    cx: Context<'_>,
    account: &HelpLogin,
    caller_check: FurtherItem,
) -> Result<(), HelpError> {
    let tx = desk.tx();
    let (taken, _) = take_away(tx, cx.clock, account.id).await?;
    let browsers = known_browser::forget_all(tx, account.id).await?;
    owe_address(tx, cx.clock, account.id).await?;
    let not_me = not_me::link(tx, cx, account.id, ResetFactors::ACTION).await?;
    let (at, origin) = (minute(cx.clock.now()), cx.tenant.origin.clone());
    let mail = FactorsResetMail { at, origin, not_me: Some(not_me) };
    let mail = cx.mail.write(cx.tenant, &mail).map_err(SendingError::from)?;
    let mut mails = 0;
    for address in account.addresses() {
        outbox::enqueue(tx, cx.clock, &mail, address, None).await?;
        mails += 1;
    }
    let line = desk.line();
    line.caller_check = Some(caller::all_right(caller_check));
    line.detail = json!({
        "by": "staff", "apps": taken.apps, "passkeys": taken.passkeys,
        "recovery_codes": taken.recovery_codes, "sessions": taken.sessions,
        "browsers": browsers, "mails": mails,
    });
    Ok(())
}

/// Returns what the member of staff has asked the caller a moment ago, if every answer was right and the telephone is
/// open.
///
/// # Errors
/// [`HelpRefusal::TelephoneClosed`] or [`HelpRefusal::CallerUnknown`].
pub(super) async fn known_caller<A: Act>(
    desk: &mut Desk<A>,
    clock: &Clock,
    code: &str,
) -> Result<FurtherItem, HelpError> {
    let staff = desk.author();
    if caller::closed_until(desk.tx(), clock, code).await?.is_some() {
        return Err(HelpRefusal::TelephoneClosed.into());
    }
    let checked = caller::passed(desk.tx(), clock, code, staff).await?;
    checked.ok_or_else(|| HelpRefusal::CallerUnknown.into())
}

/// Returns the reasons for a second pair of eyes.
pub(super) async fn find_risks<A: Act>(
    desk: &mut Desk<A>,
    clock: &Clock,
    account: &HelpLogin,
    act: RiskyAct,
) -> Result<Vec<Risk>, HelpError> {
    let staff = desk.author();
    let facts = risk::read(desk.tx(), clock, account, staff).await?;
    Ok(risks(act, &facts, clock.now()))
}

/// A reset that waits for a second pair of eyes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RiskyReset(pub Risky);

impl FourEyes for RiskyReset {
    const KIND: &'static str = "factors.reset";
    const TITLE: &'static str = "初期化対応（認証方法の初期化）";
    type Act = ResetFactors;

    fn matter(&self) -> Matter {
        risk::matter(&self.0)
    }

    async fn preview(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> Result<Option<Preview>, sqlx::Error> {
        let Some(subject) = subject::read(tx, &self.0.member).await? else { return Ok(None) };
        let Ok(account) = open_account(&subject, &cx.tenant.config) else { return Ok(None) };
        let HelpLogin { apps, passkeys, .. } = account;
        let preview = risk::preview(&self.0, &subject);
        Ok(Some(
            preview.fact("使えなくなる端末", format!("認証アプリ {apps}件、パスキー {passkeys}件")),
        ))
    }

    async fn execute(
        &self,
        desk: &mut Desk<ResetFactors>,
        cx: Context<'_>,
    ) -> Result<Value, ExecuteError> {
        let done = async {
            let subject = subject::take(desk, &self.0.member).await?;
            let account = open_account(&subject, &cx.tenant.config)?;
            perform(desk, cx, account, self.0.caller_check).await
        };
        done.await.map(|()| json!({})).map_err(HelpError::declined)
    }
}
