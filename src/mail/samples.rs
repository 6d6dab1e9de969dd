//! Every mail of the product with made-up content, so that a union can read what its people will
//! get.

use super::message::{
    AccountChangedMail, EmailCodeMail, EmailConfirmationMail, ExpensesUpdatedMail,
    FactorsResetMail, FirstSignInMail, MailRoom, NewBrowserMail, PasswordResetMail, RenderedMail,
    StaffInvitationMail, UserIdMail, WelcomeMail,
};
use crate::base::clock::Clock;
use crate::base::japanese::minute;
use crate::tenant::directory::Tenant;

/// Writes all mails as a union's people would get them now, each with a name.
///
/// # Errors
/// Fails if a template asks for something that its mail doesn't have.
pub fn all(
    room: &MailRoom,
    tenant: &Tenant,
    clock: &Clock,
) -> Result<Vec<(&'static str, RenderedMail)>, tera::Error> {
    let at = || minute(clock.now());
    let origin = || tenant.origin.clone();
    let user_id = || "taro2026".to_owned();
    let confirmation = |changes| EmailConfirmationMail {
        url: room.email_confirmation(tenant, "SAMPLE"),
        minutes: 30,
        changes,
    };
    let new_browser = NewBrowserMail {
        at: at(),
        device: "Chrome（Windows）".to_owned(),
        address: Some("192.0.2.1".to_owned()),
        origin: origin(),
    };
    let not_me = || Some(room.not_me(tenant, "SAMPLE"));
    let changed = |what: &str, not_me| AccountChangedMail {
        what: what.to_owned(),
        at: at(),
        origin: origin(),
        not_me,
    };
    let factors = |not_me| FactorsResetMail { at: at(), origin: origin(), not_me };
    let reset = PasswordResetMail { url: room.password_reset(tenant, "SAMPLE"), minutes: 5 };
    let invitation = StaffInvitationMail {
        name: "管理 花子".to_owned(),
        url: room.staff_invitation(tenant, "SAMPLE"),
        hours: 72,
    };
    let code = EmailCodeMail { code: "012345".to_owned(), minutes: 10 };
    Ok(vec![
        ("email_code", room.write(tenant, &code)?),
        ("email_confirmation", room.write(tenant, &confirmation(false))?),
        ("email_confirmation_changed", room.write(tenant, &confirmation(true))?),
        ("first_sign_in", room.write(tenant, &FirstSignInMail { at: at(), origin: origin() })?),
        ("welcome", room.write(tenant, &WelcomeMail { user_id: user_id(), origin: origin() })?),
        ("account_changed", room.write(tenant, &changed("パスワードの変更", None))?),
        (
            "account_changed_by_staff",
            room.write(tenant, &changed("ログインのロックの解除", not_me()))?,
        ),
        ("new_browser", room.write(tenant, &new_browser)?),
        ("password_reset", room.write(tenant, &reset)?),
        ("user_id", room.write(tenant, &UserIdMail { user_id: user_id(), origin: origin() })?),
        (
            "expenses_updated",
            room.write(tenant, &ExpensesUpdatedMail { url: room.expenses(tenant) })?,
        ),
        ("staff_invitation", room.write(tenant, &invitation)?),
        ("factors_reset", room.write(tenant, &factors(None))?),
        ("factors_reset_by_staff", room.write(tenant, &factors(not_me()))?),
    ])
}
