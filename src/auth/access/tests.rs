use chrono::TimeDelta;

use super::facts::UnprintedLetter;
use super::*;
use crate::base::clock::Clock;
use crate::base::ids::LoginId;
use crate::mail::history::ReturnReport;
use crate::tenant::file::{EXAMPLE, parse};
use crate::tenant::policy::TenantConfig;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}T03:00:00Z").parse().unwrap()
}

/// A person who is registered and has a passkey.
fn registered() -> Account {
    Account {
        login: LoginId::new(&Clock::System),
        user_id: "taro_k".into(),
        email: Some("taro@example.jp".into()),
        email_confirmed: true,
        former_email: None,
        shares_email: false,
        returned: None,
        registered_at: Some(at("2026-10-01")),
        has_password: true,
        second_factor: Some(SecondFactor::Passkey),
        has_device: true,
        locked_at: None,
        lock_spares_known_browsers: false,
        second_factor_locked_at: None,
        held_at: None,
        held_by_person: false,
        factors_reset: false,
        closed_at: None,
        first: None,
        issued_at: None,
        unprinted: None,
    }
}

fn newcomer(first: InitialCredential) -> Account {
    Account {
        registered_at: None,
        has_password: false,
        second_factor: None,
        email_confirmed: false,
        first: Some(first),
        issued_at: Some(at("2026-09-01")),
        ..registered()
    }
}

/// A policy with every way in: letters for 90 days, a formula from April to December.
fn policy() -> TenantConfig {
    let mut policy = parse(EXAMPLE).unwrap();
    policy.after_loss.years = 2;
    policy.sign_in.second_factors =
        vec![SecondFactor::Passkey, SecondFactor::Totp, SecondFactor::EmailCode];
    let formula = policy.first_sign_in.formula.as_mut().unwrap();
    formula.valid_from = day("2026-04-01");
    formula.valid_until = Some(day("2026-12-31"));
    policy.first_sign_in.letter.as_mut().unwrap().expires_after_days = Some(90);
    policy
}

/// A person's account and day of loss, what they may do, and what mends it.
type Case = (&'static str, Option<&'static str>, Option<Account>, Access, Option<Remedy>);

#[test]
fn a3_one_sentence_says_why_a_person_can_not_sign_in_and_which_act_mends_it() {
    let (policy, today) = (policy(), day("2026-11-21"));
    let locked = |at| Account { locked_at: at, ..registered() };
    let letter = newcomer(InitialCredential::Letter);
    let unprinted = |can_be_printed| {
        let letter = UnprintedLetter { made_at: at("2026-11-20"), can_be_printed };
        Account { unprinted: Some(letter), ..newcomer(InitialCredential::Letter) }
    };
    let came_back = ReturnReport { at: at("2026-11-01"), detail: "NoEmail".into() };
    let by_mail = Account {
        second_factor: Some(SecondFactor::EmailCode),
        returned: Some(came_back.clone()),
        ..registered()
    };
    let open = |until, sets_up_factor| Access::Open { until, sets_up_factor };
    let closed = |lost: &str, last: &str| Access::Closed {
        lost_on: Some(day(lost)),
        last_day: Some(day(last)),
    };
    let password_locked = |spares_known_browsers, second_factor| Access::PasswordLocked {
        at: at("2026-11-19"),
        spares_known_browsers,
        second_factor,
    };
    let when = Some(at("2026-11-19"));
    let table: Vec<Case> = vec![
        ("nothing wrong", None, Some(registered()), open(None, false), None),
        (
            "a factor to set up",
            None,
            Some(Account { has_device: false, ..registered() }),
            open(None, true),
            None,
        ),
        (
            "no factor was chosen, so codes go by mail",
            None,
            Some(Account { second_factor: None, has_device: false, ..registered() }),
            open(None, false),
            None,
        ),
        (
            "codes have no address",
            None,
            Some(Account { second_factor: None, email: None, ..registered() }),
            Access::NoAddress,
            None,
        ),
        (
            "mail comes back, and the passkey needs none",
            None,
            Some(Account { returned: Some(came_back), ..registered() }),
            open(None, false),
            None,
        ),
        ("codes come back", None, Some(by_mail.clone()), Access::CodesComeBack, None),
        (
            "password lock",
            None,
            Some(locked(when)),
            password_locked(false, false),
            Some(Remedy::Unlock),
        ),
        (
            "password lock by strangers",
            None,
            Some(Account { lock_spares_known_browsers: true, ..locked(when) }),
            password_locked(true, false),
            Some(Remedy::Unlock),
        ),
        (
            "both locks",
            None,
            Some(Account {
                lock_spares_known_browsers: true,
                second_factor_locked_at: when,
                ..locked(when)
            }),
            password_locked(false, true),
            Some(Remedy::Unlock),
        ),
        (
            "second-factor lock",
            None,
            Some(Account { second_factor_locked_at: when, ..registered() }),
            Access::SecondFactorLocked { at: at("2026-11-19") },
            Some(Remedy::Unlock),
        ),
        (
            "held by staff, and locked",
            None,
            Some(Account { held_at: when, ..locked(when) }),
            Access::Held { at: at("2026-11-19"), by_person: false },
            Some(Remedy::Release),
        ),
        (
            "held by the person",
            None,
            Some(Account { held_at: when, held_by_person: true, ..registered() }),
            Access::Held { at: at("2026-11-19"), by_person: true },
            Some(Remedy::Release),
        ),
        (
            "factors were reset",
            None,
            Some(Account { factors_reset: true, second_factor: None, ..registered() }),
            open(None, true),
            None,
        ),
        (
            "factors were reset, and the code comes back",
            None,
            Some(Account { factors_reset: true, ..by_mail.clone() }),
            Access::CodesComeBack,
            None,
        ),
        ("will lose it", Some("2026-12-01"), Some(registered()), open(None, false), None),
        (
            "T12: lost, and still in",
            Some("2026-04-01"),
            Some(registered()),
            open(Some(day("2028-03-31")), false),
            None,
        ),
        (
            "T12: the last day",
            Some("2024-11-22"),
            Some(registered()),
            open(Some(today), false),
            None,
        ),
        (
            "T12: over, though no worker has closed it yet",
            Some("2024-11-21"),
            Some(locked(when)),
            closed("2024-11-21", "2026-11-20"),
            None,
        ),
        (
            "T12: over, without a login",
            Some("2020-01-01"),
            None,
            closed("2020-01-01", "2021-12-31"),
            None,
        ),
        (
            "closed",
            None,
            Some(Account { closed_at: when, ..registered() }),
            Access::Closed { lost_on: None, last_day: None },
            None,
        ),
        ("no account", None, None, Access::NoAccount, Some(Remedy::Letter)),
        (
            "nothing to sign in with",
            None,
            Some(Account { first: None, issued_at: None, ..letter.clone() }),
            Access::NoCredentials,
            Some(Remedy::Letter),
        ),
        (
            "letter not printed",
            None,
            Some(unprinted(true)),
            Access::LetterUnprinted { made_at: at("2026-11-20") },
            None,
        ),
        (
            "letter never printed",
            None,
            Some(unprinted(false)),
            Access::LetterSpoilt { made_at: at("2026-11-20") },
            Some(Remedy::Letter),
        ),
        (
            "letter sent",
            None,
            Some(letter.clone()),
            Access::FirstSignIn { by_letter: true, until: Some(day("2026-11-30")) },
            None,
        ),
        (
            "letter expired",
            None,
            Some(Account { issued_at: Some(at("2026-08-22")), ..letter }),
            Access::LetterExpired { last_day: Some(day("2026-11-20")) },
            Some(Remedy::Letter),
        ),
        (
            "formula",
            None,
            Some(newcomer(InitialCredential::Formula)),
            Access::FirstSignIn { by_letter: false, until: Some(day("2026-12-31")) },
            None,
        ),
    ];
    for (case, lost_on, account, access, remedy) in table {
        let judged = Access::of(&policy, today, lost_on.map(day), account.as_ref());
        assert_eq!((judged, judged.remedy()), (access, remedy), "{case}");
        let is_open = matches!(access, Access::Open { .. } | Access::FirstSignIn { .. });
        assert_eq!(judged.is_open(), is_open, "{case}");
    }
}

#[test]
fn t9_a_password_by_formula_has_its_own_days() {
    let mut policy = policy();
    let account = newcomer(InitialCredential::Formula);
    let judged =
        |policy: &TenantConfig, today: &str| Access::of(policy, day(today), None, Some(&account));
    assert_eq!(judged(&policy, "2026-03-31"), Access::FormulaNotYet { from: day("2026-04-01") });
    assert!(judged(&policy, "2026-04-01").is_open() && judged(&policy, "2026-12-31").is_open());
    let over = judged(&policy, "2027-01-01");
    assert_eq!(over, Access::FormulaOver { until: Some(day("2026-12-31")) });
    assert_eq!(over.remedy(), Some(Remedy::Letter));
    policy.first_sign_in.formula = None;
    assert_eq!(judged(&policy, "2026-11-21"), Access::FormulaOver { until: None });
}

#[test]
fn a_union_without_second_factors_asks_for_none() {
    let mut policy = policy();
    policy.sign_in.second_factors.clear();
    let account = Account {
        second_factor: Some(SecondFactor::EmailCode),
        returned: Some(ReturnReport {
            at: at("2026-11-01") + TimeDelta::minutes(1),
            detail: "NoEmail".into(),
        }),
        ..registered()
    };
    let judged = Access::of(&policy, day("2026-11-21"), None, Some(&account));
    assert_eq!(judged, Access::Open { until: None, sets_up_factor: false });
}
