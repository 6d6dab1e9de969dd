//! 「ワンタイムパスワード (OTP) メール認証」 (L3).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::auth::factor::email_code::{self, Confirmation, Purpose, Sending, VALID_FOR};
use crate::auth::journey::{Progress, Step};
use crate::base::email::masked;
use crate::base::japanese::shows_nothing;
use crate::base::realm::Subscribers;
use crate::portal::onward::go_on;
use crate::portal::places::{ONWARD, SIGN_IN};
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::portal::words::TOO_MANY_MAILS;
use crate::web::error::WebError;
use crate::web::form::{Button, Field, Form, FormError, status_of, summary};
use crate::web::identity::{SigningIn, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

pub(in crate::portal) const EMPTY: &str = "ワンタイムパスワードを入力してください。";
pub(in crate::portal) const WRONG: &str = "ワンタイムパスワードが正しくありません";
pub(in crate::portal) const EXPIRED: &str = "ワンタイムパスワードの有効期限が切れています。「再送信」を押して、新しいものを入力してください。";
pub(in crate::portal) const TOO_MANY: &str =
    "ワンタイムパスワードを続けて誤ったため、はじめからログインし直してください。";

#[derive(Debug, Serialize)]
pub(in crate::portal) struct EmailCodePage {
    pub(in crate::portal) progress: Option<Progress>,
    /// `t***@example.jp`; empty where the union knows none.
    pub(in crate::portal) address: String,
    /// Whether mail to it came back.
    pub(in crate::portal) failed: bool,
    pub(in crate::portal) minutes: i64,
    pub(in crate::portal) notice: Option<String>,
    pub(in crate::portal) form: CodeForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct CodeForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) code: Field,
}

impl Page for EmailCodePage {
    const TEMPLATE: &'static str = "portal/email_code.html";
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Code {
    code: String,
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    let SigningIn { visitor, session, token, .. } = signing_in.at(Step::EmailCode)?;
    let mut tx = visitor.begin(&app).await?;
    let cx = app.context(&visitor.tenant);
    let sending = email_code::send_first(&mut tx, cx, &session, &token).await?;
    tx.commit().await?;
    let refused = sending.filter(|sending| *sending == Sending::TooMany);
    page(&app, &visitor, refused.and_then(notice_of), Field::default())
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    Form { visitor, fields }: Form<Code>,
) -> Result<Response, WebError> {
    // Whatever the session says: a double click's second request still bears the first token.
    let Some(token) = visitor.jar.session() else {
        return Ok(Redirect::to(SIGN_IN).into_response());
    };
    let field = Field::with_value(&fields.code);
    if shows_nothing(&fields.code) && visitor.session().is_some() {
        return page(&app, &visitor, None, field.with_error(EMPTY));
    }
    let mut tx = visitor.begin(&app).await?;
    let confirmation = email_code::confirm::<Subscribers>(
        &mut tx,
        app.context(&visitor.tenant),
        &token,
        Purpose::SignIn,
        &fields.code,
    )
    .await?;
    tx.commit().await?;
    match confirmation {
        Confirmation::Done(token) => Ok(go_on(&app, visitor, &token)),
        Confirmation::Wrong => page(&app, &visitor, None, field.with_error(WRONG)),
        Confirmation::Expired => page(&app, &visitor, None, field.with_error(EXPIRED)),
        Confirmation::TooMany => SignInPage::after(&app, visitor, TOO_MANY),
        Confirmation::Locked => SignInPage::after(&app, visitor, LOCKED),
        Confirmation::NothingDue => Ok(Redirect::to(ONWARD).into_response()),
    }
}

pub(in crate::portal) async fn resend(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { .. }: Form<Button>,
) -> Result<Response, WebError> {
    let SigningIn { visitor, session, token, .. } = signing_in.at(Step::EmailCode)?;
    let mut tx = visitor.begin(&app).await?;
    let sending = email_code::send(&mut tx, app.context(&visitor.tenant), &session, &token).await?;
    tx.commit().await?;
    page(&app, &visitor, notice_of(sending), Field::default())
}

/// What came of 「再送信」; where no address is known, the page itself says so.
pub(in crate::portal) fn notice_of(sending: Sending) -> Option<String> {
    match sending {
        Sending::NoAddress => None,
        Sending::TooMany => Some(TOO_MANY_MAILS.to_owned()),
        Sending::Sent => Some(
            "新しいワンタイムパスワードをメールで送信しました。以前のものは使えません。".to_owned(),
        ),
        Sending::TooSoon { seconds } => Some(format!(
            "メールを送信したばかりです。届かない場合は、{seconds}秒後にもう一度「再送信」を押してください。"
        )),
    }
}

fn page(
    app: &App,
    visitor: &Visitor,
    notice: Option<String>,
    code: Field,
) -> Result<Response, WebError> {
    let address =
        visitor.session().and_then(|session| session.email.as_deref()).unwrap_or_default();
    let errors = summary(&[("code", &code)]);
    let page = EmailCodePage {
        progress: visitor.progress(),
        address: masked(address),
        failed: visitor.session().is_some_and(|session| session.failed_email().is_some()),
        minutes: VALID_FOR.num_minutes(),
        notice,
        form: CodeForm { errors, code },
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
