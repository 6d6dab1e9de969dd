//! How a person signs in, and what is in the way, as their page tells it.

use chrono::NaiveDate;
use serde::Serialize;

use super::acts::ActLink;
use crate::auth::access::{Access, Account, LetterState, letter};
use crate::auth::factor::device::{Device, DeviceKind};
use crate::auth::session::activity::LivingSession;
use crate::base::email::masked;
use crate::base::japanese::{day, minute};
use crate::base::realm::Subscribers;
use crate::base::user_agent::device;
use crate::tenant::policy::{SecondFactor, TenantConfig};

/// The one sentence about a person's access. `components/console/people.html` has its words.
#[derive(Debug, Default, Serialize)]
pub(super) struct AccessView {
    state: &'static str,
    /// True if the person can sign in.
    open: bool,
    at: Option<String>,
    lost_on: Option<String>,
    /// The first or the last day, as `state` needs.
    day: Option<String>,
    by_person: bool,
    spares_known_browsers: bool,
    second_factor: bool,
    sets_up_factor: bool,
    remedy: Option<ActLink>,
}

impl AccessView {
    pub(super) fn of(access: Access, remedy: Option<ActLink>) -> Self {
        let view = Self { open: access.is_open(), remedy, ..Self::default() };
        match access {
            Access::Closed { lost_on, last_day } => {
                Self { state: "closed", lost_on: lost_on.map(day), day: last_day.map(day), ..view }
            }
            Access::Held { at, by_person } => {
                Self { state: "held", at: Some(minute(at)), by_person, ..view }
            }
            Access::PasswordLocked { at, spares_known_browsers, second_factor } => Self {
                state: "password_locked",
                at: Some(minute(at)),
                spares_known_browsers,
                second_factor,
                ..view
            },
            Access::SecondFactorLocked { at } => {
                Self { state: "second_factor_locked", at: Some(minute(at)), ..view }
            }
            Access::NoAccount => Self { state: "no_account", ..view },
            Access::NoCredentials => Self { state: "no_credentials", ..view },
            Access::LetterUnprinted { made_at } => {
                Self { state: "letter_unprinted", at: Some(minute(made_at)), ..view }
            }
            Access::LetterSpoilt { made_at } => {
                Self { state: "letter_spoilt", at: Some(minute(made_at)), ..view }
            }
            Access::LetterExpired { last_day } => {
                Self { state: "letter_expired", day: last_day.map(day), ..view }
            }
            Access::FormulaNotYet { from } => {
                Self { state: "formula_not_yet", day: Some(day(from)), ..view }
            }
            Access::FormulaOver { until } => {
                Self { state: "formula_over", day: until.map(day), ..view }
            }
            Access::CodesComeBack => Self { state: "codes_come_back", ..view },
            Access::NoAddress => Self { state: "no_address", ..view },
            Access::FirstSignIn { by_letter, until } => Self {
                state: if by_letter { "first_by_letter" } else { "first_by_formula" },
                day: until.map(day),
                ..view
            },
            Access::Open { until, sets_up_factor } => {
                Self { state: "open", day: until.map(day), sets_up_factor, ..view }
            }
        }
    }
}

/// A person's account.
#[derive(Debug, Serialize)]
pub(super) struct AccountView {
    user_id: String,
    registered: Option<String>,
    /// The address, masked.
    email: Option<String>,
    email_confirmed: bool,
    shares_email: bool,
    returned: Option<ReturnedView>,
    /// The union asks for a second factor.
    asks_second_factor: bool,
    method: Option<&'static str>,
    /// None where the union offers no recovery codes.
    recovery_codes: Option<i64>,
    devices: Vec<DeviceView>,
    letter: Option<LetterView>,
}

#[derive(Debug, Serialize)]
struct ReturnedView {
    at: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct DeviceView {
    kind: &'static str,
    name: String,
    added: String,
}

#[derive(Debug, Serialize)]
struct LetterView {
    /// One of `unprinted`, `spoilt`, `sent` and `expired`.
    state: &'static str,
    at: Option<String>,
    last_day: Option<String>,
}

impl AccountView {
    pub(super) fn of(
        policy: &TenantConfig,
        today: NaiveDate,
        account: &Account,
        devices: Vec<Device>,
        recovery_codes: i64,
    ) -> Self {
        let offers_codes = policy.sign_in.offers_recovery_codes();
        let method = account.method(policy).filter(|_| account.has_password);
        Self {
            user_id: account.user_id.clone(),
            registered: account.registered_at.map(minute),
            email: account.email.as_deref().map(masked),
            email_confirmed: account.email_confirmed,
            shares_email: account.shares_email,
            returned: account.returned.as_ref().map(|report| ReturnedView {
                at: minute(report.at),
                detail: report.detail.clone(),
            }),
            asks_second_factor: !policy.sign_in.second_factors.is_empty(),
            method: method.map(SecondFactor::label),
            recovery_codes: offers_codes.then_some(recovery_codes),
            devices: devices.into_iter().map(DeviceView::of).collect(),
            letter: letter(policy, today, account).map(LetterView::of),
        }
    }
}

impl DeviceView {
    fn of(device: Device) -> Self {
        let kind = match device.kind {
            DeviceKind::Totp => "totp",
            DeviceKind::Passkey => "passkey",
        };
        Self { kind, name: device.name, added: minute(device.created_at) }
    }
}

impl LetterView {
    fn of(state: LetterState) -> Self {
        let (state, at, last_day) = match state {
            LetterState::Unprinted { made_at } => ("unprinted", Some(made_at), None),
            LetterState::Spoilt { made_at } => ("spoilt", Some(made_at), None),
            LetterState::Sent { issued_at, last_day } => ("sent", issued_at, last_day),
            LetterState::Expired { issued_at, last_day } => ("expired", issued_at, last_day),
        };
        Self { state, at: at.map(minute), last_day: last_day.map(day) }
    }
}

/// A session that lives.
#[derive(Debug, Serialize)]
pub(super) struct SessionView {
    device: String,
    address: Option<String>,
    began: String,
    last_seen: String,
}

impl SessionView {
    pub(super) fn of(living: LivingSession<Subscribers>) -> Self {
        Self {
            device: device(living.user_agent.as_deref()),
            address: living.remote_address,
            began: minute(living.created_at),
            last_seen: minute(living.last_seen_at),
        }
    }
}

#[cfg(test)]
impl AccessView {
    /// Each sentence.
    pub(super) fn samples() -> Vec<Self> {
        let states = [
            "closed",
            "held",
            "password_locked",
            "second_factor_locked",
            "no_account",
            "no_credentials",
            "letter_unprinted",
            "letter_spoilt",
            "letter_expired",
            "formula_not_yet",
            "formula_over",
            "codes_come_back",
            "no_address",
            "first_by_letter",
            "first_by_formula",
            "open",
        ];
        let remedy =
            || ActLink { path: "/people/K1/unlock".to_owned(), label: "ロックを解除する" };
        let text = || Some("2026年11月21日".to_owned());
        let of = |state: &'static str| Self {
            state,
            open: state == "open",
            at: text(),
            lost_on: text(),
            day: text(),
            by_person: true,
            spares_known_browsers: true,
            second_factor: true,
            sets_up_factor: true,
            remedy: (state != "open").then(remedy),
        };
        states.into_iter().map(of).collect()
    }
}

#[cfg(test)]
impl AccountView {
    /// An account with everything, for each state of a letter.
    pub(super) fn samples() -> Vec<Self> {
        let text = || Some("2026年11月21日".to_owned());
        let devices = || {
            ["totp", "passkey"].map(|kind| DeviceView {
                kind,
                name: "<b>".to_owned(),
                added: "2026年11月21日".to_owned(),
            })
        };
        let of = |state: &'static str| Self {
            user_id: "taro".to_owned(),
            registered: text(),
            email: Some("t***@example.jp".to_owned()),
            email_confirmed: true,
            shares_email: true,
            returned: Some(ReturnedView { at: "今".to_owned(), detail: "<b>".to_owned() }),
            asks_second_factor: true,
            method: Some("生体認証"),
            recovery_codes: Some(0),
            devices: devices().into(),
            letter: Some(LetterView { state, at: text(), last_day: text() }),
        };
        ["unprinted", "spoilt", "sent", "expired"].map(of).into()
    }
}

#[cfg(test)]
impl SessionView {
    pub(super) fn sample() -> Self {
        Self {
            device: "不明な端末".to_owned(),
            address: None,
            began: "2026年11月21日 10:00".to_owned(),
            last_seen: "2026年11月21日 10:00".to_owned(),
        }
    }
}
