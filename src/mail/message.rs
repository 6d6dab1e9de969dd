//! The mails that the product sends, each with a type, and how their templates are filled in.

use std::sync::Arc;

use serde::Serialize;
use tera::{Context, Tera};

use crate::tenant::directory::Tenant;
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::brand::Colour;
use crate::tenant::policy::contact::ContactView;

/// The platform's address that a mail comes from (M1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderAddress {
    /// For address checks, one-time passwords and forgotten credentials.
    NoReply,
    /// For first sign-ins.
    Webmaster,
    /// For news that the union chose to send.
    Info,
}

impl SenderAddress {
    const fn local_part(self) -> &'static str {
        match self {
            Self::NoReply => "no-reply",
            Self::Webmaster => "webmaster",
            Self::Info => "info",
        }
    }
}

/// A mail of the product. Its templates are `mail/<NAME>/{subject.txt,text.txt,page.html}`; they see
/// the type's fields and `union`.
pub trait Mail: Serialize {
    const NAME: &'static str;
    const FROM: SenderAddress;
}

/// 「【KOSMOWeb】ワンタイムパスワードのお知らせ」 (L3).
#[derive(Serialize)]
pub struct EmailCodeMail {
    pub code: String,
    /// The minutes for which the code works.
    pub minutes: i64,
}

impl Mail for EmailCodeMail {
    const NAME: &'static str = "email_code";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb管理者】メールアドレスの確認」 (F6).
#[derive(Serialize)]
pub struct EmailConfirmationMail {
    pub url: String,
    /// The minutes for which the link works.
    pub minutes: i64,
    /// True if the address replaces another one (S6).
    pub changes: bool,
}

impl Mail for EmailConfirmationMail {
    const NAME: &'static str = "email_confirmation";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】初回ログインのお知らせ」 (F11).
#[derive(Serialize)]
pub struct FirstSignInMail {
    /// In Japan's time: `2026年11月21日 14:03`.
    pub at: String,
    pub origin: String,
}

impl Mail for FirstSignInMail {
    const NAME: &'static str = "first_sign_in";
    const FROM: SenderAddress = SenderAddress::Webmaster;
}

/// 「KOSMO Communication Web へようこそ」 (G4).
#[derive(Serialize)]
pub struct WelcomeMail {
    pub user_id: String,
    pub origin: String,
}

impl Mail for WelcomeMail {
    const NAME: &'static str = "welcome";
    const FROM: SenderAddress = SenderAddress::Webmaster;
}

/// 「【KOSMOWeb】ご登録内容変更のお知らせ」: something about the sign-in was changed (S6).
#[derive(Serialize)]
pub struct AccountChangedMail {
    pub what: String,
    /// In Japan's time.
    pub at: String,
    pub origin: String,
    /// The link 「心当たりがない」, if the union's staff made the change.
    pub not_me: Option<String>,
}

impl Mail for AccountChangedMail {
    const NAME: &'static str = "account_changed";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】新しい端末からのログインのお知らせ」 (S9).
#[derive(Serialize)]
pub struct NewBrowserMail {
    /// In Japan's time.
    pub at: String,
    /// 「Chrome（Windows）」
    pub device: String,
    /// The IP address, if known.
    pub address: Option<String>,
    pub origin: String,
}

impl Mail for NewBrowserMail {
    const NAME: &'static str = "new_browser";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】パスワードリセットのご案内」 (R1).
#[derive(Serialize)]
pub struct PasswordResetMail {
    pub url: String,
    /// The minutes for which the link works.
    pub minutes: i64,
}

impl Mail for PasswordResetMail {
    const NAME: &'static str = "password_reset";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】ユーザIDのご案内」 (R2).
#[derive(Serialize)]
pub struct UserIdMail {
    pub user_id: String,
    pub origin: String,
}

impl Mail for UserIdMail {
    const NAME: &'static str = "user_id";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】認証方法の初期化のお知らせ」 (R4).
#[derive(Serialize)]
pub struct FactorsResetMail {
    /// In Japan's time.
    pub at: String,
    pub origin: String,
    /// The link 「心当たりがない」, if the union's staff reset them.
    pub not_me: Option<String>,
}

impl Mail for FactorsResetMail {
    const NAME: &'static str = "factors_reset";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】管理画面への招待」 (A1).
#[derive(Serialize)]
pub struct StaffInvitationMail {
    pub name: String,
    pub url: String,
    /// The hours for which the link works.
    pub hours: i64,
}

impl Mail for StaffInvitationMail {
    const NAME: &'static str = "staff_invitation";
    const FROM: SenderAddress = SenderAddress::NoReply;
}

/// 「【KOSMOWeb】医療費情報更新のお知らせ」 (M1). It says that there is news, and no content of it
/// (M4).
#[derive(Serialize)]
pub struct ExpensesUpdatedMail {
    /// The link to the expenses.
    pub url: String,
}

impl Mail for ExpensesUpdatedMail {
    const NAME: &'static str = "expenses_updated";
    const FROM: SenderAddress = SenderAddress::Info;
}

/// A mail with its templates filled in.
pub struct RenderedMail {
    /// The mail's [`Mail::NAME`].
    pub kind: String,
    /// The union's name.
    pub sender_name: String,
    pub sender: String,
    /// The address for answers: the union's own, if it has one.
    pub reply_to: Option<String>,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[cfg(test)]
impl RenderedMail {
    /// A code mail for tests.
    pub(super) fn of_tests() -> Self {
        Self {
            kind: "email_code".into(),
            sender_name: "サンプル健康保険組合".into(),
            sender: "no-reply@kosmo-web.jp".into(),
            reply_to: None,
            subject: "件名".into(),
            text: "本文".into(),
            html: "<p>本文</p>".into(),
        }
    }
}

/// The paths that mails link to. The doors give them, because only they know their pages.
#[derive(Debug, Clone, Copy)]
pub struct Links {
    pub portal: PortalLinks,
    pub console: ConsoleLinks,
}

/// Paths on the union's own host.
#[derive(Debug, Clone, Copy)]
pub struct PortalLinks {
    pub email_confirmation: &'static str,
    pub password_reset: &'static str,
    pub not_me: &'static str,
    pub expenses: &'static str,
}

/// Paths on the host of the union's console.
#[derive(Debug, Clone, Copy)]
pub struct ConsoleLinks {
    pub staff_invitation: &'static str,
}

/// Writes mails from their templates.
#[derive(Debug, Clone)]
pub struct MailRoom {
    templates: Arc<Tera>,
    domain: String,
    links: Links,
}

impl MailRoom {
    #[must_use]
    pub const fn new(templates: Arc<Tera>, domain: String, links: Links) -> Self {
        Self { templates, domain, links }
    }

    /// Returns the link by which a person confirms an address.
    #[must_use]
    pub fn email_confirmation(&self, tenant: &Tenant, token: &str) -> String {
        format!("{}{}?token={token}", tenant.origin, self.links.portal.email_confirmation)
    }

    /// Returns the link by which a person chooses a new password.
    #[must_use]
    pub fn password_reset(&self, tenant: &Tenant, token: &str) -> String {
        format!("{}{}?token={token}", tenant.origin, self.links.portal.password_reset)
    }

    /// Returns the link by which a person says that an act of staff was none of theirs.
    #[must_use]
    pub fn not_me(&self, tenant: &Tenant, token: &str) -> String {
        format!("{}{}?token={token}", tenant.origin, self.links.portal.not_me)
    }

    /// Returns the link by which an invited person becomes a member of staff.
    #[must_use]
    pub fn staff_invitation(&self, tenant: &Tenant, token: &str) -> String {
        format!("{}{}?token={token}", tenant.console_origin, self.links.console.staff_invitation)
    }

    /// Returns the link to a person's expenses.
    #[must_use]
    pub fn expenses(&self, tenant: &Tenant) -> String {
        format!("{}{}", tenant.origin, self.links.portal.expenses)
    }

    /// Fills a mail's templates in.
    ///
    /// # Errors
    /// Fails if a template asks for something that the mail doesn't have.
    pub fn write<M: Mail>(&self, tenant: &Tenant, mail: &M) -> Result<RenderedMail, tera::Error> {
        let mut context = Context::from_serialize(mail)?;
        context.insert("union", &UnionContext::of(&tenant.config));
        let render = |part: &str, context: &Context| {
            self.templates.render(&format!("mail/{}/{part}", M::NAME), context)
        };
        let subject = render("subject.txt", &context)?.trim().to_owned();
        context.insert("subject", &subject);
        let contact = tenant.config.contact.mail.as_deref();
        Ok(RenderedMail {
            kind: M::NAME.to_owned(),
            sender_name: tenant.config.name.clone(),
            sender: format!("{}@{}", M::FROM.local_part(), self.domain),
            reply_to: contact.map(str::to_owned),
            text: render("text.txt", &context)?,
            html: render("page.html", &context)?,
            subject,
        })
    }
}

/// The facts of a union that mails show.
#[derive(Serialize)]
struct UnionContext<'a> {
    name: &'a str,
    /// The union's word: ユーザID or ユーザーID.
    user_id: &'static str,
    accent: Colour,
    contact: ContactView<'a>,
}

impl<'a> UnionContext<'a> {
    fn of(config: &'a TenantConfig) -> Self {
        Self {
            name: &config.name,
            user_id: config.user_id_word(),
            accent: config.brand.accent,
            contact: (&config.contact).into(),
        }
    }
}
