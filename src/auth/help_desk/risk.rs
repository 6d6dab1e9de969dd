//! Combinations that a stranger on the telephone would need, each harmless alone: with one of them, an act that replaces
//! credentials needs a second pair of eyes.

use chrono::{DateTime, TimeDelta, Utc};

use super::subject::{HelpLogin, HelpSubject};
use super::{Risk, Risky};
use crate::audit::Action;
use crate::auth::staff::approval::kind::Preview;
use crate::auth::staff::desk::Matter;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, TenantId};
use crate::base::japanese::day;
use crate::base::realm::Staff;
use crate::db::TenantTx;

/// A change of the address or the user ID, and another reset, make an act risky for this long.
const CHANGED_LATELY: TimeDelta = TimeDelta::days(30);
/// A reset and a letter together are a takeover.
const RESET_AND_LETTER: TimeDelta = TimeDelta::days(7);
/// One member of staff resets so many people a day.
const MOST_RESETS: i64 = 10;
const A_DAY: TimeDelta = TimeDelta::days(1);

/// Returns whom an act that waits for a second pair of eyes concerns.
pub(super) fn matter(risky: &Risky) -> Matter {
    let Risky { member, login, .. } = risky;
    Matter { subject: *login, member: Some(member.clone()), ..Matter::default() }
}

/// Returns what an approver sees of the person and of the reasons.
pub(super) fn preview(risky: &Risky, subject: &HelpSubject) -> Preview {
    let HelpSubject { name, kana, symbol, number, branch, birthdate, .. } = subject;
    let reasons: Vec<&str> = risky.risks.iter().map(|risk| risk.label()).collect();
    Preview::default()
        .fact("氏名", format!("{name}（{kana}）"))
        .fact("記号-番号-枝番", format!("{symbol}-{number}-{branch}"))
        .fact("生年月日", day(*birthdate))
        .fact("承認が必要な理由", reasons.join("、"))
        .fact("電話での本人確認", "すべての項目が一致")
}

/// An act that replaces what a person signs in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskyAct {
    Reset,
    Letter,
}

/// The facts that are known when an act is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RiskFacts {
    /// The person confirmed another address than the union knew, or one after the registration.
    pub address_changed_at: Option<DateTime<Utc>>,
    pub user_id_changed_at: Option<DateTime<Utc>>,
    pub reset_at: Option<DateTime<Utc>>,
    pub letter_at: Option<DateTime<Utc>>,
    /// The number of people whose factors this member of staff has reset within a day.
    pub resets_by_staff: i64,
    pub colleague: bool,
}

/// Returns the reasons for a second pair of eyes, in the order in which staff read them.
#[must_use]
pub fn risks(act: RiskyAct, facts: &RiskFacts, now: DateTime<Utc>) -> Vec<Risk> {
    let within = |at: Option<DateTime<Utc>>, time| at.is_some_and(|at| now - at <= time);
    let reset = act == RiskyAct::Reset;
    let other = if reset { facts.letter_at } else { facts.reset_at };
    let found = [
        (within(facts.address_changed_at, CHANGED_LATELY), Risk::AddressChanged),
        (within(facts.user_id_changed_at, CHANGED_LATELY), Risk::UserIdChanged),
        (reset && within(facts.reset_at, CHANGED_LATELY), Risk::ResetLately),
        (within(other, RESET_AND_LETTER), Risk::ResetAndLetter),
        (reset && facts.resets_by_staff >= MOST_RESETS, Risk::ManyResets),
        (facts.colleague, Risk::Colleague),
    ];
    found.into_iter().filter_map(|(is_so, risk)| is_so.then_some(risk)).collect()
}

/// Reads what is known of a person's account and of the member of staff who acts.
pub(super) async fn read(
    tx: &mut TenantTx,
    clock: &Clock,
    account: &HelpLogin,
    staff: LoginId<Staff>,
) -> Result<RiskFacts, sqlx::Error> {
    let now = clock.now();
    let trail = sqlx::query!(
        r#"select max(at) filter (where action = $3) as user_id_changed_at,
                  max(at) filter (where action = $4) as reset_at,
                  max(at) filter (where action = $5) as letter_at
           from audit_events
           where tenant_id = $1 and subject_login = $2 and at > $6 and outcome = 'ok'"#,
        tx.tenant() as TenantId,
        account.id.0,
        Action::UserIdChanged.name(),
        Action::FactorsReset.name(),
        Action::LetterOrdered.name(),
        now - CHANGED_LATELY
    )
    .fetch_one(tx.conn())
    .await?;
    let resets_by_staff = sqlx::query_scalar!(
        r#"select count(distinct subject_login) as "resets!" from audit_events
           where tenant_id = $1 and actor_kind = 'staff' and actor_id = $2 and action = $3
             and at > $4"#,
        tx.tenant() as TenantId,
        staff.0,
        Action::FactorsReset.name(),
        now - A_DAY
    )
    .fetch_one(tx.conn())
    .await?;
    let changed =
        account.former_email.is_some() || account.email_confirmed_at > account.registered_at;
    Ok(RiskFacts {
        address_changed_at: account.email_confirmed_at.filter(|_| changed),
        user_id_changed_at: trail.user_id_changed_at,
        reset_at: trail.reset_at,
        letter_at: trail.letter_at.max(account.letter_at),
        resets_by_staff,
        // The desk refuses what concerns a colleague, unless somebody else looks at it.
        colleague: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case23_what_a_stranger_would_need_wants_a_second_pair_of_eyes() {
        use Risk::{
            AddressChanged, Colleague, ManyResets, ResetAndLetter, ResetLately, UserIdChanged,
        };
        use RiskyAct::{Letter, Reset};
        let now: DateTime<Utc> = "2026-11-29T05:00:00Z".parse().unwrap();
        let ago = |days: i64, seconds: i64| {
            Some(now - TimeDelta::days(days) - TimeDelta::seconds(seconds))
        };
        let none = RiskFacts::default();
        let all = RiskFacts {
            address_changed_at: ago(1, 0),
            user_id_changed_at: ago(2, 0),
            reset_at: ago(3, 0),
            letter_at: ago(4, 0),
            resets_by_staff: 10,
            colleague: true,
        };
        for (act, facts, expected) in [
            (Reset, none, vec![]),
            (Letter, none, vec![]),
            (Reset, RiskFacts { address_changed_at: ago(30, 0), ..none }, vec![AddressChanged]),
            (Letter, RiskFacts { address_changed_at: ago(30, 0), ..none }, vec![AddressChanged]),
            (Reset, RiskFacts { address_changed_at: ago(30, 1), ..none }, vec![]),
            (Reset, RiskFacts { user_id_changed_at: ago(30, 0), ..none }, vec![UserIdChanged]),
            (Letter, RiskFacts { user_id_changed_at: ago(30, 1), ..none }, vec![]),
            (Reset, RiskFacts { reset_at: ago(30, 0), ..none }, vec![ResetLately]),
            (Reset, RiskFacts { reset_at: ago(30, 1), ..none }, vec![]),
            (Letter, RiskFacts { reset_at: ago(7, 0), ..none }, vec![ResetAndLetter]),
            (Letter, RiskFacts { reset_at: ago(7, 1), ..none }, vec![]),
            (Reset, RiskFacts { letter_at: ago(7, 0), ..none }, vec![ResetAndLetter]),
            (Reset, RiskFacts { letter_at: ago(7, 1), ..none }, vec![]),
            (Letter, RiskFacts { letter_at: ago(1, 0), ..none }, vec![]),
            (Reset, RiskFacts { resets_by_staff: 9, ..none }, vec![]),
            (Reset, RiskFacts { resets_by_staff: 10, ..none }, vec![ManyResets]),
            (Letter, RiskFacts { resets_by_staff: 99, ..none }, vec![]),
            (Letter, RiskFacts { colleague: true, ..none }, vec![Colleague]),
            (
                Reset,
                all,
                vec![
                    AddressChanged,
                    UserIdChanged,
                    ResetLately,
                    ResetAndLetter,
                    ManyResets,
                    Colleague,
                ],
            ),
        ] {
            assert_eq!(risks(act, &facts, now), expected, "{act:?} {facts:?}");
        }
    }
}
