//! Mails that say a month was published (M1). They say nothing of its contents (M4).

use chrono::TimeDelta;

use super::RecordKind;
use crate::audit::{self, Action};
use crate::auth::context::Context;
use crate::auth::session::Session;
use crate::base::clock::Clock;
use crate::base::ids::{LoginId, NoticeId};
use crate::db::TenantTx;
use crate::mail::message::Mail;
use crate::mail::{circular, preferences};
use crate::tenant::policy::{TenantConfig, UpdateMail};

/// The pause between two update mails. Without it all readers would come to the mail provider and the portal at once.
const MAIL_EVERY: TimeDelta = TimeDelta::milliseconds(100);

/// The reason why no mails were written.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Mail(#[from] tera::Error),
}

impl RecordKind {
    /// Returns the kind of mail that tells of such records.
    #[must_use]
    pub const fn update_mail(self) -> UpdateMail {
        match self {
            Self::Expenses => UpdateMail::Expenses,
        }
    }

    /// Returns true if the union tells of such records by mail.
    #[must_use]
    pub fn is_told_by(self, policy: &TenantConfig) -> bool {
        policy.update_mails.contains(&self.update_mail())
    }
}

/// Returns true unless a person has refused such mails.
pub async fn wants(
    tx: &mut TenantTx,
    account: LoginId,
    kind: RecordKind,
) -> Result<bool, sqlx::Error> {
    preferences::wants(tx, account, kind.update_mail()).await
}

/// Notes that a person wants such mails, or refuses them.
pub async fn choose(
    tx: &mut TenantTx,
    clock: &Clock,
    session: &Session,
    kind: RecordKind,
    wanted: bool,
) -> Result<(), sqlx::Error> {
    let mail = kind.update_mail();
    preferences::set(tx, session.login, mail, wanted).await?;
    let detail = serde_json::json!({ "kind": mail.name(), "wanted": wanted });
    audit::record(tx, clock, Action::UpdateMailChosen, Some(session.login), detail).await
}

/// Writes a mail about a notice to each address. Returns the number of mails.
pub async fn tell(
    tx: &mut TenantTx,
    cx: Context<'_>,
    notice: NoticeId,
    mail: &impl Mail,
    addresses: &[String],
) -> Result<u64, TellError> {
    let rendered = cx.mail.write(cx.tenant, mail)?;
    Ok(circular::enqueue(tx, cx.clock, &rendered, addresses, MAIL_EVERY, notice.0).await?)
}

/// Takes mails about a notice that have not been sent yet out of the queue.
pub async fn take_back(
    tx: &mut TenantTx,
    clock: &Clock,
    notice: NoticeId,
) -> Result<(), sqlx::Error> {
    circular::take_back(tx, clock, notice.0).await
}
