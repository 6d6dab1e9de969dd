//! An act that needs a second pair of eyes is asked for instead (上長承認).

use super::frame::ActForm;
use super::words;
use crate::auth::help_desk::letter::RiskyLetter;
use crate::auth::help_desk::reset::RiskyReset;
use crate::auth::help_desk::{Risk, Risky};
use crate::auth::staff::approval::kind::FourEyes;
use crate::auth::staff::approval::{ApprovalError, request};
use crate::auth::staff::desk::Clerk;
use crate::auth::staff::reason::Reason;
use crate::base::realm::Staff;
use crate::web::error::WebError;
use crate::web::identity::Visitor;
use crate::web::state::App;

const NOBODY: &str =
    "上長承認が必要ですが、承認できるほかの職員がいません。組合の管理者にご相談ください。";

/// An act that has reasons for a second pair of eyes.
pub(super) trait HasRisks: FourEyes {
    fn risks(&self) -> &[Risk];
}

impl HasRisks for RiskyReset {
    fn risks(&self) -> &[Risk] {
        let Self(Risky { risks, .. }) = self;
        risks
    }
}

impl HasRisks for RiskyLetter {
    fn risks(&self) -> &[Risk] {
        let Self(Risky { risks, .. }) = self;
        risks
    }
}

/// Stores the request. Returns what is said of it, or the form that says why there is none.
pub(super) async fn ask<K: HasRisks>(
    app: &App,
    visitor: &Visitor<Staff>,
    act: &K,
    reason: &Reason,
) -> Result<Result<String, ActForm>, WebError> {
    let (clock, tenant) = (&app.clock, visitor.tenant.id);
    let clerk = Clerk { db: &app.db, clock, tenant, actor: &visitor.actor };
    match request::request(clerk, app.context(&visitor.tenant), act, reason).await {
        Ok(_) => {
            let risks = words::risks(act.risks());
            Ok(Ok(format!(
                "{risks}まだ何も変更していません。承認を申請しました。承認されると実行されます。"
            )))
        }
        Err(ApprovalError::NoApprover) => Ok(Err(ActForm::failed(reason, NOBODY.to_owned()))),
        Err(error) => Err(error.into()),
    }
}
