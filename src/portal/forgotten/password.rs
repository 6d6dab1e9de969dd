//! 「パスワードを忘れた方はこちら」 sends a link by mail (R1).

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::answer::answer;
use crate::account::words::TOO_MANY_MAILS;
use crate::auth::credentials::user_id::UserId;
use crate::auth::recovery::{MailAsked, VALID_FOR};
use crate::base::japanese::shows_nothing;
use crate::base::realm::Subscribers;
use crate::db::actor::Client;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::Visitor;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const EMPTY: &str = "ユーザIDを入力してください。";
const ANSWER: &str = "詳細な手順を記載したメールをすぐに受信してください。";

/// Advice in case no mail comes.
const NO_MAIL: &str = "届かない場合は、ユーザIDと迷惑メールフォルダ、「@kosmo-web.jp」からのメールを受信できる設定になっているかをご確認のうえ、「パスワードを忘れた方はこちら」からもう一度操作してください。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ForgottenPasswordPage {
    /// True if the union's people may still have a password by the formula; below, one from a
    /// letter.
    pub(in crate::portal) formula: bool,
    pub(in crate::portal) letter: bool,
    pub(in crate::portal) form: ForgottenPasswordForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ForgottenPasswordForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) user_id: Field,
}

impl Page for ForgottenPasswordPage {
    const TEMPLATE: &'static str = "portal/forgotten/password.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct TypedUserId {
    user_id: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
) -> Result<Response, WebError> {
    page(&app, &visitor, Field::default())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    client: Client,
    Form { visitor, fields }: Form<TypedUserId>,
) -> Result<Response, WebError> {
    let typed = Field::with_value(&fields.user_id);
    if shows_nothing(&fields.user_id) {
        return page(&app, &visitor, typed.with_error(&visitor.tenant.config.say(EMPTY)));
    }
    let user_id = UserId::parse(&fields.user_id).ok();
    let asked = visitor
        .sign_in(&app)
        .ask_for_reset::<Subscribers>(&visitor.tenant, user_id.as_ref(), &client)
        .await?;
    match asked {
        MailAsked::Answered => {
            let minutes = VALID_FOR.num_minutes();
            let notice = format!("{ANSWER}\nメールのリンクの有効時間は{minutes}分です。{NO_MAIL}");
            answer(&app, &visitor, notice, &fields.user_id)
        }
        MailAsked::TooMany => page(&app, &visitor, typed.with_error(TOO_MANY_MAILS)),
    }
}

fn page(app: &App, visitor: &Visitor, user_id: Field) -> Result<Response, WebError> {
    let first = &visitor.tenant.config.first_sign_in;
    let errors = summary(&[("user_id", &user_id)]);
    let page = ForgottenPasswordPage {
        formula: first.formula.is_some(),
        letter: first.letter.is_some(),
        form: ForgottenPasswordForm { errors, user_id },
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
