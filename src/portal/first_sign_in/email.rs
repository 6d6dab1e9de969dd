//! 「メールアドレスの設定」, and the page that waits until the person opens the link (F4–F7).

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::auth::first_sign_in::email_confirmation::{self, Asking, Pending, VALID_FOR};
use crate::auth::journey::{Progress, Step};
use crate::auth::session::{self, Session};
use crate::base::email::{self, EmailAddress};
use crate::base::japanese::shows_nothing;
use crate::portal::places::{self, ONWARD};
use crate::web::error::WebError;
use crate::web::form::{Button, Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::{SigningIn, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const EMPTY: &str = "メールアドレスを入力してください。";
const INVALID: &str =
    "無効なメールアドレスです。入力したメールアドレスに誤りがないかご確認ください。";
const TOO_LONG: &str = "設定可能なメールアドレスの最大文字数は255文字です。";
pub(in crate::portal) const TAKEN: &str =
    "他のアカウントで設定されているメールアドレスです。別のメールアドレスを入力してください。";

/// Shown to a person who checks one ID or address after another for being free.
pub(in crate::portal) const TOO_MANY: &str =
    "確認が続いたため、しばらく時間をおいてから、もう一度お試しください。";
pub(in crate::portal) const SENT_AGAIN: &str =
    "メールをもう一度送信しました。以前のメールのリンクは使えません。";
const NOT_YET: &str = "メールアドレスの確認が終わっていません。届いたメールの「メールアドレスの確認」を開き、ボタンを押してから「更新」を押してください。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct EmailPage {
    pub(in crate::portal) progress: Option<Progress>,
    pub(in crate::portal) form: EmailForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct EmailForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) email: Field,
    pub(in crate::portal) everywhere: bool,
}

impl Page for EmailPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/email.html";
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct EmailSentPage {
    pub(in crate::portal) progress: Option<Progress>,
    pub(in crate::portal) address: String,
    pub(in crate::portal) minutes: i64,
    pub(in crate::portal) notice: Option<String>,
    pub(in crate::portal) expired: bool,
}

impl Page for EmailSentPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/email_sent.html";
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Email {
    pub(in crate::portal) email: String,
    #[serde(default, deserialize_with = "ticked")]
    pub(in crate::portal) everywhere: bool,
}

impl Email {
    /// Returns the form as it was sent, with an error.
    pub(in crate::portal) fn refused(&self, error: &str) -> EmailForm {
        EmailForm {
            errors: Vec::new(),
            email: Field::with_value(&self.email).with_error(error),
            everywhere: self.everywhere,
        }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    let signing_in = choosing(signing_in)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    let pending = pending(&app, visitor, session).await?;
    let known = pending.map(|pending| pending.email).or_else(|| session.email.clone());
    let email = Field::with_value(known.as_deref().unwrap_or_default());
    page(&app, &signing_in, EmailForm { email, ..EmailForm::default() })
}

pub(super) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Email>,
) -> Result<Response, WebError> {
    let signing_in = choosing(signing_in)?;
    let form = |error: &str| fields.refused(error);
    let email = match read(&fields.email) {
        Ok(email) => email,
        Err(error) => return page(&app, &signing_in, form(&error)),
    };
    let SigningIn { visitor, session, .. } = &signing_in;
    match ask(&app, visitor, session, &email, fields.everywhere).await? {
        Asking::Taken => page(&app, &signing_in, form(TAKEN)),
        Asking::TooMany => page(&app, &signing_in, form(TOO_MANY)),
        Asking::TooSoon { seconds } if asked_elsewhere(&app, &signing_in, &email).await? => {
            page(&app, &signing_in, form(&too_soon(seconds)))
        }
        // For a double click's second request, the first one's mail is on its way.
        Asking::Sent | Asking::TooSoon { .. } | Asking::NothingDue => {
            Ok(Redirect::to(ONWARD).into_response())
        }
    }
}

/// Sends a link. `everywhere` ends the person's other sessions first (L7), even if no new mail is sent because one to
/// this address was sent just before. If the form is refused, nothing is changed.
pub(in crate::portal) async fn ask(
    app: &App,
    visitor: &Visitor,
    session: &Session,
    email: &EmailAddress,
    everywhere: bool,
) -> Result<Asking, WebError> {
    let tenant = &visitor.tenant;
    if !visitor.sign_in(app).may_ask_what_is_free(tenant, session).await? {
        return Ok(Asking::TooMany);
    }
    let account = session.login;
    let mut tx = visitor.begin(app).await?;
    if everywhere {
        session::end_others(&mut tx, &app.clock, account, Some(session.id)).await?;
    }
    let asking = email_confirmation::ask(&mut tx, app.context(tenant), account, email).await?;
    let is_accepted = match asking {
        Asking::Sent | Asking::NothingDue => true,
        Asking::TooSoon { .. } => {
            let pending = email_confirmation::pending(&mut tx, &app.clock, account).await?;
            pending.is_some_and(|pending| pending.email == email.as_str())
        }
        Asking::Taken | Asking::TooMany => false,
    };
    if is_accepted {
        tx.commit().await?;
    }
    Ok(asking)
}

pub(in crate::portal) fn too_soon(seconds: i64) -> String {
    let wait =
        if seconds < 60 { format!("{seconds}秒") } else { format!("{}分", seconds / 60 + 1) };
    format!("メールを送信したばかりです。届かない場合は、{wait}後にもう一度お試しください。")
}

/// Returns true if the last mail went to another address than this.
async fn asked_elsewhere(
    app: &App,
    signing_in: &SigningIn,
    email: &EmailAddress,
) -> Result<bool, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let pending = pending(app, visitor, session).await?;
    Ok(pending.is_none_or(|pending| pending.email != email.as_str()))
}

/// Allows a change of the address until it is confirmed.
fn choosing(signing_in: SigningIn) -> Result<SigningIn, WebError> {
    match signing_in.step {
        Step::AddressConfirmation => Ok(signing_in),
        _ => signing_in.at(Step::Address),
    }
}

/// Reads an address.
///
/// # Errors
/// Returns the message of seed 001 2-1 手順6 to show at the field.
pub(in crate::portal) fn read(text: &str) -> Result<EmailAddress, String> {
    if shows_nothing(text) {
        return Err(EMPTY.to_owned());
    }
    EmailAddress::parse(text).ok_or_else(|| match text.trim().chars().count() {
        too_long if too_long > email::LONGEST => format!("{INVALID}\n{TOO_LONG}"),
        _ => INVALID.to_owned(),
    })
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Refresh {
    /// Present if the person pressed 「更新」.
    refresh: Option<String>,
}

impl Refresh {
    /// Returns the words for a person who pressed 「更新」 while the address is not confirmed.
    pub(in crate::portal) fn notice(&self) -> Option<String> {
        self.refresh.is_some().then(|| NOT_YET.to_owned())
    }
}

pub(super) async fn sent(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Query(query): Query<Refresh>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::AddressConfirmation)?;
    sent_page(&app, &signing_in, query.notice()).await
}

pub(super) async fn resend(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::AddressConfirmation)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    let Some(pending) = pending(&app, visitor, session).await? else {
        return Ok(Redirect::to(places::EMAIL).into_response());
    };
    let Some(email) = EmailAddress::parse(&pending.email) else {
        return Ok(Redirect::to(places::EMAIL).into_response());
    };
    let notice = match ask(&app, visitor, session, &email, false).await? {
        Asking::Sent => SENT_AGAIN.to_owned(),
        Asking::TooSoon { seconds } => too_soon(seconds),
        Asking::NothingDue => return Ok(Redirect::to(ONWARD).into_response()),
        Asking::TooMany => TOO_MANY.to_owned(),
        Asking::Taken => {
            let email = Field::with_value(&pending.email).with_error(TAKEN);
            return page(&app, &signing_in, EmailForm { email, ..EmailForm::default() });
        }
    };
    sent_page(&app, &signing_in, Some(notice)).await
}

#[derive(Debug, Serialize)]
pub(in crate::portal) struct Status {
    pub(in crate::portal) confirmed: bool,
}

/// Tells a waiting page with scripts, which asks every few seconds, whether the address is
/// confirmed.
pub(super) async fn status(signing_in: SigningIn) -> Json<Status> {
    Json(Status { confirmed: signing_in.step != Step::AddressConfirmation })
}

/// Returns the address that waits to be confirmed, if there is one.
pub(in crate::portal) async fn pending(
    app: &App,
    visitor: &Visitor,
    session: &Session,
) -> Result<Option<Pending>, WebError> {
    let mut tx = visitor.begin(app).await?;
    let pending = email_confirmation::pending(&mut tx, &app.clock, session.login).await?;
    tx.commit().await?;
    Ok(pending)
}

async fn sent_page(
    app: &App,
    signing_in: &SigningIn,
    notice: Option<String>,
) -> Result<Response, WebError> {
    let SigningIn { visitor, session, .. } = signing_in;
    let Some(pending) = pending(app, visitor, session).await? else {
        // It was confirmed at this very moment.
        return Ok(Redirect::to(ONWARD).into_response());
    };
    let page = EmailSentPage {
        progress: signing_in.progress(),
        address: pending.email,
        minutes: VALID_FOR.num_minutes(),
        notice,
        expired: pending.expired,
    };
    signing_in.visitor.page(app, StatusCode::OK, &page)
}

fn page(app: &App, signing_in: &SigningIn, mut form: EmailForm) -> Result<Response, WebError> {
    form.errors = summary(&[("email", &form.email)]);
    let status = status_of(&form.errors);
    signing_in.visitor.page(app, status, &EmailPage { progress: signing_in.progress(), form })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f5_each_error_word_for_word() {
        let long = format!("{}@example.jp", "x".repeat(245));
        assert_eq!(long.len(), 256);
        for (typed, error) in [
            ("", "メールアドレスを入力してください。".to_owned()),
            ("　 ", "メールアドレスを入力してください。".to_owned()),
            ("taro?@", INVALID.to_owned()),
            ("taro.@example.jp", INVALID.to_owned()),
            ("<b>taro</b>@example.jp", INVALID.to_owned()),
            ("taro@example.jp\r\nBcc: x@example.jp", INVALID.to_owned()),
            (&long, format!("{INVALID}\n{TOO_LONG}")),
        ] {
            assert_eq!(read(typed), Err(error), "{typed:.40}");
        }
        assert_eq!(read("ＴＡＲＯ@Example.JP").unwrap().as_str(), "taro@example.jp");
    }
}
