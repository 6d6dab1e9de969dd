//! What a union decides, as types.
//!
//! The same type reads the TOML file an operator writes and the JSON kept in `tenant_policies`, so
//! the two can't drift apart. Single values are checked where they are parsed; rules that span
//! several values live in [`super::review`].

pub mod brand;
pub mod contact;
pub mod formula;
pub mod names;
mod words;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use self::brand::Brand;
use self::formula::Formula;
use self::names::{InsurerNumber, Slug};
use super::hosts::Hosts;
use crate::base::clock::jst;

/// Everything the platform knows of one union; one file of `tenants/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantConfig {
    /// The name in commands and logs, for ever: `klinekenpo`.
    pub slug: Slug,
    /// The name people read: 川崎汽船健康保険組合.
    pub name: String,
    /// The short name in 「<KDDI>KOSMO Communication Web（加入者）へ移動」 (seed 000 Q5).
    pub short_name: String,
    /// 保険者番号 that may stand in this union's files; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub insurer_numbers: Vec<InsurerNumber>,
    /// Of what people are told by mail when there is something new, unless they refuse (M1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update_mails: Vec<UpdateMail>,
    pub hosts: Hosts,
    pub brand: Brand,
    pub contact: Contact,
    pub sign_in: SignIn,
    pub password: PasswordRules,
    pub user_id: UserIdRules,
    pub first_sign_in: FirstSignIn,
    /// What happens when every device is lost (seeds 000 A9, 001 3-8, 002 A13).
    pub lost_device: LostDevice,
    pub after_loss: AfterLoss,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_dates: Option<ServiceDates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
    /// The services on the top page, in their order (T10).
    pub services: Vec<Service>,
}

/// A kind of news that goes by mail (seed 001 A17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateMail {
    /// 医療費情報
    Expenses,
}

impl UpdateMail {
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expenses => "expenses",
        }
    }
}

/// How a person reaches the union, told wherever the page says to ask it (T7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The sentence that stands on the page.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_url: Option<String>,
    /// The number as people write it: 03-0000-0000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When somebody answers the telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// The subject the union wants to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What a mail must tell for the union to answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_items: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A way to prove who one is, besides the password (T4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SecondFactor {
    /// 生体認証
    Passkey,
    /// ワンタイムパスワード（OTP）アプリ認証
    Totp,
    /// ワンタイムパスワード（OTP）メール認証
    EmailCode,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Allowed second factors in the order they are offered; empty: password alone (seed 004).
    pub second_factors: Vec<SecondFactor>,
    /// The one marked (推奨).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<SecondFactor>,
    /// How many wrong passwords in a row lock a person out.
    pub lock_after: u16,
    /// Minutes without a request after which a session ends (L9).
    pub idle_minutes: u16,
    /// Hours after which a session ends however busy it is.
    pub session_hours: u16,
    /// Steps of 30 seconds, before and after the running one, in which an app's code counts, too
    /// (RFC 6238 §5.2). The seeds promise none.
    #[serde(default)]
    pub totp_window: u16,
    /// Whether recovery codes are offered to those with a second factor.
    #[serde(default = "yes")]
    pub recovery_codes: bool,
    /// Days that ログイン状態の保存 lasts (L11); absent: not offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember_days: Option<u16>,
    /// Whether who is kept signed in proves the second factor again after a rest of `idle_minutes`.
    #[serde(default)]
    pub remember_asks_second_factor: bool,
    /// Whether a passkey signs in by itself, without user ID and password.
    #[serde(default)]
    pub passkey_alone: bool,
}

impl SignIn {
    /// Whether there are recovery codes: only for those who have a second factor to lose.
    #[must_use]
    pub fn offers_recovery_codes(&self) -> bool {
        self.recovery_codes && !self.second_factors.is_empty()
    }
}

const fn yes() -> bool {
    true
}

/// A class of characters of which a password needs one at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CharacterClass {
    Letter,
    Digit,
    Symbol,
}

/// T5. A password never equals the user ID, whatever the union says (seed 001 5-1 A5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordRules {
    pub min_length: u16,
    pub max_length: u16,
    /// Symbols allowed besides half-width letters and digits.
    pub symbols: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub require: Vec<CharacterClass>,
    /// Years after which a new password is asked for (seed 004).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_years: Option<u16>,
}

/// T6. Letters and digits are always allowed and folded to lower case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserIdRules {
    pub min_length: u16,
    pub max_length: u16,
    pub symbols: String,
    /// Whether a registered person may change it.
    pub changeable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstSignInFlow {
    /// One decision a page (seeds 001, 003).
    Steps,
    /// The older way: two forms and a confirmation (seed 004).
    SingleForm,
}

/// How a person without an own password becomes a registered subscriber (T8, T9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstSignIn {
    pub flow: FirstSignInFlow,
    /// Whether the second factor is set up at a second sign-in (seed 003) instead of at once.
    #[serde(default)]
    pub sign_out_before_set_up: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<FormulaRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<LetterRule>,
}

/// The migration-reset password: known to the person, written down nowhere (T8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormulaRule {
    pub template: Formula,
    /// The day as of which symbol and number count (seed 000 A12); absent: today's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers_as_of: Option<NaiveDate>,
    /// First day on which it is accepted.
    pub valid_from: NaiveDate,
    /// Last day on which it is accepted; absent: until the first own password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
    /// A person and the password the union expects for them; the formula is held to it.
    pub example: FormulaExample,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormulaExample {
    pub symbol: String,
    pub number: String,
    #[serde(default)]
    pub branch: String,
    pub birthdate: NaiveDate,
    pub password: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// 圧着はがき to the address the union knows.
    Post,
    /// Handed over by the employer.
    Employer,
}

/// 仮ユーザID and 仮パスワード (T9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterRule {
    pub delivered_by: Vec<Delivery>,
    /// Days after that of issue on which the letter's password is still good; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after_days: Option<u16>,
}

impl LetterRule {
    /// The last day on which a letter of that time is good, in Japan; `None`: it has none.
    #[must_use]
    pub fn last_day(&self, issued_at: DateTime<Utc>) -> Option<NaiveDate> {
        let days = Days::new(self.expires_after_days?.into());
        jst(issued_at).date_naive().checked_add_days(days)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorReset {
    /// The union's staff reset it on request (初期化対応).
    Staff,
    /// 「パスワードを忘れた方はこちら」 leads to registering anew.
    ForgottenPassword,
}

/// T11.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostDevice {
    pub reset_by: FactorReset,
}

/// T12: access after losing eligibility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterLoss {
    /// Years for which one's own past expenses stay readable.
    pub years: u16,
}

/// T14.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceDates {
    pub opens: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_site_closes: Option<NaiveDate>,
}

/// T13: a window that comes round, in Japan's time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// RFC 5545 recurrence rule: `FREQ=MONTHLY;BYDAY=3TH`.
    pub rule: String,
    /// `19:00`
    pub from: String,
    /// `22:00`
    pub until: String,
}

/// A module of the portal, whether or not it has pages already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// 医療費情報
    Expenses,
    /// 給付金支給決定通知
    Benefits,
    /// 処方医薬品照会
    Medicines,
    /// 健診結果
    Checkups,
    /// 資格情報のお知らせ
    EligibilityNotice,
    /// 資格確認書
    EligibilityCertificate,
    /// 電子申請
    Applications,
}

impl SecondFactor {
    /// What its radio button says (F8).
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Passkey => "生体認証",
            Self::Totp => "ワンタイムパスワード（OTP）アプリ認証",
            Self::EmailCode => "ワンタイムパスワード（OTP）メール認証",
        }
    }

    /// Its name in forms, policies and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::EmailCode => "email_code",
        }
    }
}

/// A picture from `templates/assets/icons.svg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Icon {
    Yen,
    Wallet,
    Pill,
    Heart,
    Card,
    Document,
    Pencil,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub kind: ServiceKind,
    /// What the tile says.
    pub label: String,
    pub icon: Icon,
}
