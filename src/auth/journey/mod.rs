//! The step that a person has to do next: a pure function of the union's policy and of durable facts.
//!
//! No step is stored anywhere, so a closed browser, a second tab or a crash can neither lose a step nor skip one.

pub mod staff;

use serde::Serialize;

use crate::tenant::policy::{FirstSignInFlow, SecondFactor, TenantConfig};

/// The facts about a person whose password was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// True if the person has told their birthdate.
    pub birthdate: bool,
    /// True if the person has agreed to the terms in force.
    pub terms: bool,
    pub address: Address,
    /// True if the person has chosen a user ID and a method.
    pub user_id: bool,
    /// True if the password is the person's own, not one of the first credentials.
    pub own_password: bool,
    /// True if the own password is older than the union allows (seed 004 注意事項).
    pub password_expired: bool,
    /// True if the first own password was set in this session.
    pub first_session: bool,
    /// The method that the person chose, also if the policy no longer allows it.
    pub method: Option<SecondFactor>,
    /// True if that method has been set up.
    pub set_up: bool,
    /// True if staff reset the factors, and this session has not shown that the person reads the address of before.
    pub owes_address: bool,
    /// True if this session has proved a second factor.
    pub second_factor: bool,
}

/// The state of the person's mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    None,
    /// A link went out to it.
    Asked,
    Confirmed,
}

/// A step of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 「生年月日の入力」
    Birthdate,
    /// 「KOSMO Communication Web 利用規約」, in the first sign-in or after an update (seed 001 3-9)
    Terms,
    /// 「メールアドレスの設定」
    Address,
    /// A link is on its way, or waits to be opened.
    AddressConfirmation,
    /// 「ユーザIDの変更・認証方法の設定」
    UserId,
    /// 「パスワードの更新」 with the first own password
    OwnPassword,
    /// 保険者番号, 生年月日 and terms on one page (seed 004 ③)
    Identity,
    /// 「個人情報入力画面」 and its confirmation (seed 004 ④～⑥)
    Details,
    /// The first sign-in is done; methods are set up at the next one (seed 003 1【11】).
    SignOut,
    /// 「セキュリティキーの登録」
    PasskeySetUp,
    /// 「ワンタイムパスワードの設定」
    TotpSetUp,
    /// 生体認証
    Passkey,
    /// ワンタイムパスワード（OTP）アプリ認証
    Totp,
    /// ワンタイムパスワード（OTP）メール認証
    EmailCode,
    /// 「パスワードの更新」 of one that has grown old
    NewPassword,
    /// The portal is open.
    Complete,
}

/// 「全6ステップ中3」
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub step: u8,
    pub of: u8,
}

impl Progress {
    /// Returns the progress of the next page within the same step of the journey.
    #[must_use]
    pub const fn later(self) -> Self {
        Self { step: self.step + 1, of: self.of }
    }
}

/// Returns the step that is due.
#[must_use]
pub fn next(policy: &TenantConfig, facts: Facts) -> Step {
    if !facts.own_password {
        return match policy.first_sign_in.flow {
            FirstSignInFlow::Steps => next_of_steps(facts),
            FirstSignInFlow::SingleForm => next_of_single_form(facts),
        };
    }
    if !policy.sign_in.second_factors.is_empty() && !facts.second_factor {
        return next_of_second_factor(policy, facts);
    }
    next_of_proved(facts.password_expired, facts.terms)
}

/// Returns the step that is due for a registered person who has proved all that the union asks for.
pub(in crate::auth) fn next_of_proved(password_expired: bool, terms: bool) -> Step {
    if password_expired {
        Step::NewPassword
    } else if !terms {
        Step::Terms
    } else {
        Step::Complete
    }
}

fn next_of_steps(facts: Facts) -> Step {
    match facts {
        Facts { birthdate: false, .. } => Step::Birthdate,
        Facts { terms: false, .. } => Step::Terms,
        Facts { address: Address::None, .. } => Step::Address,
        Facts { address: Address::Asked, .. } => Step::AddressConfirmation,
        Facts { user_id: false, .. } => Step::UserId,
        _ => Step::OwnPassword,
    }
}

fn next_of_single_form(facts: Facts) -> Step {
    match facts {
        Facts { birthdate: false, .. } => Step::Identity,
        // The identity page asks for consent, too, but the terms were updated after that.
        Facts { terms: false, .. } => Step::Terms,
        _ => Step::Details,
    }
}

fn next_of_second_factor(policy: &TenantConfig, facts: Facts) -> Step {
    if facts.first_session && policy.first_sign_in.sign_out_before_set_up {
        return Step::SignOut;
    }
    match (method(policy, facts), facts.set_up) {
        // A password alone, which a stranger may know, sets up nothing after a reset (R4).
        (SecondFactor::Passkey | SecondFactor::Totp, false) if facts.owes_address => {
            Step::EmailCode
        }
        (SecondFactor::Passkey, true) => Step::Passkey,
        (SecondFactor::Passkey, false) => Step::PasskeySetUp,
        (SecondFactor::Totp, true) => Step::Totp,
        (SecondFactor::Totp, false) => Step::TotpSetUp,
        (SecondFactor::EmailCode, _) => Step::EmailCode,
    }
}

/// Returns the method that a person proves. A person who chose none, or one that the policy no longer allows, gets a mail:
/// every union with second factors allows that (`tenant::review`).
pub(in crate::auth) fn method(policy: &TenantConfig, facts: Facts) -> SecondFactor {
    allowed(policy, facts.method)
}

/// Returns the method of a person who chose `method`.
pub(in crate::auth) fn allowed(
    policy: &TenantConfig,
    method: Option<SecondFactor>,
) -> SecondFactor {
    let allowed = &policy.sign_in.second_factors;
    method.filter(|method| allowed.contains(method)).unwrap_or(SecondFactor::EmailCode)
}

/// Returns how far `step` is on the way through the first sign-in. None for a step of later sign-ins.
#[must_use]
pub fn progress(policy: &TenantConfig, facts: Facts, step: Step) -> Option<Progress> {
    let first = !facts.own_password;
    let has_set_up = !policy.sign_in.second_factors.is_empty();
    let (step, of) = match (policy.first_sign_in.flow, step) {
        (FirstSignInFlow::SingleForm, Step::Identity) => (1, 3),
        (FirstSignInFlow::SingleForm, Step::Terms) if first => (1, 3),
        (FirstSignInFlow::SingleForm, Step::Details) => (2, 3),
        (FirstSignInFlow::SingleForm, _) => return None,
        (FirstSignInFlow::Steps, step) => {
            let number = match step {
                Step::Birthdate => 1,
                Step::Terms if first => 2,
                Step::Address | Step::AddressConfirmation => 3,
                Step::UserId => 4,
                Step::OwnPassword => 5,
                Step::SignOut | Step::PasskeySetUp | Step::TotpSetUp => 6,
                Step::EmailCode if facts.first_session => 6,
                _ => return None,
            };
            (number, if has_set_up { 6 } else { 5 })
        }
    };
    Some(Progress { step, of })
}

#[cfg(test)]
mod tests;
