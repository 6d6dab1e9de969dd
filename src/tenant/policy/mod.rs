//! A union's decisions, as types.
//!
//! The same type reads the TOML file that an operator writes and the JSON kept in
//! `tenant_policies`, so the two can't drift apart. Single values are checked where they are
//! parsed. Rules across several values are in [`super::file`].

pub mod brand;
pub mod console;
pub mod contact;
pub mod formula;
pub mod limits;
pub mod names;
pub mod opened;
mod password;
mod words;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use self::brand::Brand;
use self::console::ConsoleRules;
use self::formula::Formula;
use self::names::{InsurerNumber, Slug};
pub use self::password::{CharacterClass, PasswordRules};
use super::hosts::Hosts;
use crate::base::clock::jst;

/// Everything that the platform knows of one union. Each file of `tenants/` holds one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantConfig {
    /// The name in commands and logs. It never changes: `klinekenpo`.
    pub slug: Slug,
    /// The name people read: 川崎汽船健康保険組合.
    pub name: String,
    /// The short name in 「<KDDI>KOSMO Communication Web（加入者）へ移動」 (seed 000 Q5).
    pub short_name: String,
    /// The 保険者番号 that this union's import files may contain; if empty, any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub insurer_numbers: Vec<InsurerNumber>,
    /// The news that people get by mail unless they refuse it (M1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub update_mails: Vec<UpdateMail>,
    pub hosts: Hosts,
    pub brand: Brand,
    pub contact: Contact,
    pub sign_in: SignInRules,
    pub password: PasswordRules,
    pub user_id: UserIdRules,
    pub first_sign_in: FirstSignInRules,
    /// The rules for the union's own staff.
    #[serde(default, skip_serializing_if = "ConsoleRules::are_default")]
    pub console: ConsoleRules,
    /// The way back in for a person who lost every device (seeds 000 A9, 001 3-8, 002 A13).
    pub lost_device: LostDevice,
    pub after_loss: AfterLoss,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_dates: Option<ServiceDates>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Maintenance>,
    /// The services on the top page, in order (T10).
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
    /// Returns its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expenses => "expenses",
        }
    }
}

/// The union's contact. Pages that say "ask your union" show it (T7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The sentence on the page.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_url: Option<String>,
    /// The number as people write it: 03-0000-0000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The hours in which the telephone is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// The mail subject that the union asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The items that a mail has to state so that the union can answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_items: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A proof of identity besides the password (T4).
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
pub struct SignInRules {
    /// The allowed second factors, in the order offered. If empty, a password alone is enough (seed
    /// 004).
    pub second_factors: Vec<SecondFactor>,
    /// The factor marked （推奨）.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<SecondFactor>,
    /// The number of wrong passwords in a row that locks the login.
    pub lock_after: u16,
    /// Minutes without a request after which a session ends (L9).
    pub idle_minutes: u16,
    /// Hours after which a session ends, even one in constant use.
    pub session_hours: u16,
    /// The steps of 30 seconds, before and after the present one, whose codes of an app are still right (RFC 6238
    /// §5.2). The seeds promise none.
    #[serde(default)]
    pub totp_window: u16,
    /// True if recovery codes are offered to people with a second factor.
    #[serde(default = "yes")]
    pub recovery_codes: bool,
    /// The days for which ログイン状態の保存 lasts (L11). If absent, it is not offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember_days: Option<u16>,
    /// True if a person who is kept signed in has to prove the second factor again after
    /// `idle_minutes` without a request.
    #[serde(default)]
    pub remember_asks_second_factor: bool,
    /// True if a passkey signs in by itself, without user ID and password.
    #[serde(default)]
    pub passkey_alone: bool,
}

impl SignInRules {
    /// Returns true if the union offers recovery codes. Without a second factor there is nothing to
    /// recover.
    #[must_use]
    pub fn offers_recovery_codes(&self) -> bool {
        self.recovery_codes && !self.second_factors.is_empty()
    }
}

const fn yes() -> bool {
    true
}

/// Rules for user IDs (T6). Letters and digits are always allowed; letters are folded to lower
/// case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserIdRules {
    pub min_length: u16,
    pub max_length: u16,
    pub symbols: String,
    /// True if a registered person may change it.
    pub changeable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstSignInFlow {
    /// One decision on each page (seeds 001, 003).
    Steps,
    /// The older way: two forms and a confirmation (seed 004).
    SingleForm,
}

/// The way in which a person without a password of their own becomes a registered subscriber (T8, T9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstSignInRules {
    pub flow: FirstSignInFlow,
    /// True if the second factor is set up at a second sign-in (seed 003) instead of at once.
    #[serde(default)]
    pub sign_out_before_set_up: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<FormulaRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<LetterRule>,
}

/// The migration-reset password: the person can work it out, and it is written down nowhere (T8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormulaRule {
    pub template: Formula,
    /// The day as of which symbol and number are taken (seed 000 A12). Default: today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers_as_of: Option<NaiveDate>,
    /// The first day on which it is accepted.
    pub valid_from: NaiveDate,
    /// The last day on which it is accepted; if absent, until the person chooses a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
    /// A person with the password that the union expects. The formula is checked against it.
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
    /// By 圧着はがき (sealed postcard), to the address that the union knows.
    Post,
    /// By the employer, who hands it over.
    Employer,
}

/// A letter with 仮ユーザID and 仮パスワード (T9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterRule {
    pub delivered_by: Vec<Delivery>,
    /// Days after the day of issue on which the letter's password still works; if absent, it works
    /// for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after_days: Option<u16>,
}

impl LetterRule {
    /// Returns the last day, in Japan, on which a letter issued at that time works, or `None` if it
    /// works for ever.
    #[must_use]
    pub fn last_day(&self, issued_at: DateTime<Utc>) -> Option<NaiveDate> {
        let days = Days::new(self.expires_after_days?.into());
        jst(issued_at).date_naive().checked_add_days(days)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorReset {
    /// The union's staff reset them on request (初期化対応).
    Staff,
    /// 「パスワードを忘れた方はこちら」 leads to a new registration.
    ForgottenPassword,
}

/// The way in which second factors are reset when every device is lost (T11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostDevice {
    pub reset_by: FactorReset,
}

/// T12: access after losing eligibility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterLoss {
    /// For how many years a person can still read their own past expenses.
    pub years: u16,
}

/// Dates of the move from the old site (T14).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceDates {
    pub opens: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_site_closes: Option<NaiveDate>,
}

/// A recurring maintenance window, in Japan's time (T13).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// A recurrence rule of RFC 5545: `FREQ=MONTHLY;BYDAY=3TH`.
    pub rule: String,
    /// The time at which it begins: `19:00`.
    pub from: String,
    /// The time at which it ends: `22:00`.
    pub until: String,
}

/// A module of the portal, even one that has no pages yet.
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
    /// Returns the text of its radio button (F8).
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Passkey => "生体認証",
            Self::Totp => "ワンタイムパスワード（OTP）アプリ認証",
            Self::EmailCode => "ワンタイムパスワード（OTP）メール認証",
        }
    }

    /// Returns its name in forms, policies and the database.
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
    /// The text on the tile.
    pub label: String,
    pub icon: Icon,
}
