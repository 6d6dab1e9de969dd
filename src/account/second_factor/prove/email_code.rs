//! 「ワンタイムパスワード (OTP) メール認証」 (L3).

use std::ops::ControlFlow;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Serialize;

use super::{Addresses, CodeForm, CodeInput, Occasion, OccasionView, Prover, Proving};
use crate::account::next::LeadsTo;
use crate::account::places::{
    AGAIN_EMAIL_CODE, AGAIN_EMAIL_CODE_RESEND, AGAIN_PASSWORD, EMAIL_CODE, EMAIL_CODE_RESEND,
    SIGN_IN,
};
use crate::account::words::{NO_CODE, TOO_MANY_MAILS, WRONG_CODE};
use crate::auth::factor::email_code::{self, CodePurpose, Sending, VALID_FOR};
use crate::auth::factor::proved::Proved;
use crate::auth::journey::Progress;
use crate::base::email::masked;
use crate::base::japanese::shows_nothing;
use crate::base::realm::Subscribers;
use crate::base::secret::PlainToken;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form};
use crate::web::identity::{Subscriber, Visitor};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

pub(crate) const PAGE: Addresses =
    Addresses { sign_in: EMAIL_CODE, reauthentication: AGAIN_EMAIL_CODE };
const RESEND: Addresses =
    Addresses { sign_in: EMAIL_CODE_RESEND, reauthentication: AGAIN_EMAIL_CODE_RESEND };

const EXPIRED: &str = "ワンタイムパスワードの有効期限が切れています。「再送信」を押して、新しいものを入力してください。";

#[derive(Debug, Serialize)]
pub(crate) struct EmailCodePage {
    pub(crate) occasion: OccasionView,
    /// The target of 「再送信」.
    pub(crate) resend: &'static str,
    pub(crate) progress: Option<Progress>,
    /// `t***@example.jp`; empty if none is known.
    pub(crate) address: String,
    /// True if mail to the address came back.
    pub(crate) failed: bool,
    pub(crate) minutes: i64,
    pub(crate) notice: Option<String>,
    pub(crate) form: CodeForm,
}

impl Page for EmailCodePage {
    const TEMPLATE: &'static str = "account/second_factor/prove/email_code.html";
}

pub(crate) async fn show<P: Prover<Realm = Subscribers>>(
    State(app): State<AppState>,
    person: P,
    Query(LeadsTo { next }): Query<LeadsTo<Subscribers>>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::EmailCode)?;
    let Proving { visitor, session, token, occasion } = &proving;
    let sending = match occasion {
        Occasion::SignIn => {
            let mut tx = visitor.begin(&app).await?;
            let cx = app.context(&visitor.tenant);
            let sending = email_code::send_first(&mut tx, cx, session, token).await?;
            tx.commit().await?;
            sending
        }
        // The code went out when the password was right.
        Occasion::Reauthentication(_) => None,
    };
    let refused = sending.filter(|sending| *sending == Sending::TooMany);
    page(&app, visitor, occasion, refused.and_then(notice_of), Field::default())
}

/// Takes the code of a sign-in. It needs the session's token, not the session: the second request of a double click
/// still bears the earlier token.
pub(crate) async fn submit(
    State(app): State<AppState>,
    Form { visitor, fields: CodeInput { code, .. } }: Form<CodeInput<Subscribers>>,
) -> Result<Response, WebError> {
    let Some(token) = visitor.jar.session() else {
        return Ok(Redirect::to(SIGN_IN).into_response());
    };
    prove(&app, visitor, &token, Occasion::SignIn, &code).await
}

/// Takes the code of a re-authentication.
pub(crate) async fn submit_again(
    State(app): State<AppState>,
    person: Subscriber,
    Form { fields: CodeInput { next, code }, .. }: Form<CodeInput<Subscribers>>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::EmailCode)?;
    let Proving { visitor, token, occasion, .. } = proving;
    prove(&app, visitor, &token, occasion, &code).await
}

async fn prove(
    app: &App,
    visitor: Visitor,
    token: &PlainToken,
    occasion: Occasion<Subscribers>,
    code: &str,
) -> Result<Response, WebError> {
    let field = Field::with_value(code);
    if shows_nothing(code) && visitor.session().is_some() {
        return page(app, &visitor, &occasion, None, field.with_error(NO_CODE));
    }
    let purpose = match &occasion {
        Occasion::SignIn => CodePurpose::SignIn,
        Occasion::Reauthentication(_) => CodePurpose::Reauthentication,
    };
    let mut tx = visitor.begin(app).await?;
    let cx = app.context(&visitor.tenant);
    let proved = email_code::prove::<Subscribers>(&mut tx, cx, token, purpose, code).await?;
    tx.commit().await?;
    if let (Proved::NothingDue, Occasion::Reauthentication(next)) = (&proved, &occasion) {
        // The password may have grown old meanwhile.
        return Ok(next.with(AGAIN_PASSWORD).into_response());
    }
    let error = if matches!(proved, Proved::Expired) { EXPIRED } else { WRONG_CODE };
    match occasion.conclude(app, visitor, proved)? {
        ControlFlow::Break(answer) => Ok(answer),
        ControlFlow::Continue((occasion, visitor)) => {
            page(app, &visitor, &occasion, None, field.with_error(error))
        }
    }
}

pub(crate) async fn resend<P: Prover<Realm = Subscribers>>(
    State(app): State<AppState>,
    person: P,
    Form { fields: LeadsTo { next }, .. }: Form<LeadsTo<Subscribers>>,
) -> Result<Response, WebError> {
    let proving = person.proving(next).due(&app, SecondFactor::EmailCode)?;
    let Proving { visitor, session, token, occasion } = &proving;
    let mut tx = visitor.begin(&app).await?;
    let sending = email_code::send(&mut tx, app.context(&visitor.tenant), session, token).await?;
    tx.commit().await?;
    page(&app, visitor, occasion, notice_of(sending), Field::default())
}

/// Returns the page's notice about 「再送信」. If no address is known, the template says so without a notice.
fn notice_of(sending: Sending) -> Option<String> {
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
    occasion: &Occasion<Subscribers>,
    notice: Option<String>,
    code: Field,
) -> Result<Response, WebError> {
    let session = visitor.session();
    let address = session.and_then(|session| session.email.as_deref()).unwrap_or_default();
    let page = EmailCodePage {
        occasion: occasion.view(PAGE),
        resend: occasion.choose(RESEND),
        progress: visitor.progress(),
        address: masked(address),
        failed: session.is_some_and(|session| session.failed_email().is_some()),
        minutes: VALID_FOR.num_minutes(),
        notice,
        form: CodeForm::of(code),
    };
    occasion.show(app, visitor, PAGE, &page.form.errors, &page)
}
