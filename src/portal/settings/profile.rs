//! 「プロフィール変更」 changes a person's user ID and sign-in method (S1, S2, S8).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::account::places::{METHODS_PASSKEYS, METHODS_TOTP};
use crate::account::second_factor::method::{chosen, methods};
use crate::account::words::TAKEN;
use crate::auth::account_changed::AccountChange;
use crate::auth::credentials::password;
use crate::auth::credentials::user_id::{self, Changed, UserId};
use crate::auth::factor::method::{self, MethodChange};
use crate::base::realm::Subscribers;
use crate::portal::first_sign_in::email::TOO_MANY;
use crate::portal::first_sign_in::user_id::RulesText;
use crate::portal::places::PROFILE;
use crate::tenant::policy::SecondFactor;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, RadioButton, status_of, summary};
use crate::web::identity::{Fresh, Subscriber};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const ELSEWHERE: &str =
    "ほかの画面でユーザIDが変更されました。内容をご確認のうえ、もう一度「変更」を押してください。";
const NO_ADDRESS: &str =
    "メール認証には、確認済みのメールアドレスが必要です。先に「Eメール変更」で登録してください。";

#[derive(Debug, Serialize)]
pub(in crate::portal) struct ProfilePage {
    #[serde(flatten)]
    pub(in crate::portal) rules: RulesText,
    pub(in crate::portal) email: Option<String>,
    /// The present ID.
    pub(in crate::portal) was: String,
    /// ユーザー名, which only the union can correct.
    pub(in crate::portal) name: String,
    /// True if the user ID is still the temporary one (仮IDフラグ).
    pub(in crate::portal) temporary: bool,
    pub(in crate::portal) methods: Vec<RadioButton>,
    pub(in crate::portal) form: ProfileForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct ProfileForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) user_id: Field,
    pub(in crate::portal) method: Field,
}

impl Page for ProfilePage {
    const TEMPLATE: &'static str = "portal/settings/profile.html";
    const FRESH: &'static [&'static str] = &["refused"];
}

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Typed {
    user_id: Option<String>,
    /// The ID that the page showed when it was loaded.
    #[serde(default)]
    was: String,
    #[serde(default)]
    method: String,
}

pub(in crate::portal) async fn show(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
) -> Result<Response, WebError> {
    let Subscriber { visitor, session, .. } = &subscriber;
    let method = session.method(&visitor.tenant.config).map_or("", SecondFactor::name);
    let form = ProfileForm {
        errors: Vec::new(),
        user_id: Field::with_value(&session.user_id),
        method: Field::with_value(method),
    };
    page(&app, &subscriber, form)
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    Fresh(subscriber): Fresh<Subscriber>,
    Form { fields, .. }: Form<Typed>,
) -> Result<Response, WebError> {
    let Subscriber { visitor, session, .. } = &subscriber;
    let policy = &visitor.tenant.config;
    let typed = fields.user_id.filter(|_| policy.user_id.changeable);
    let typed = typed.unwrap_or_else(|| session.user_id.clone());
    let mut form = ProfileForm {
        errors: Vec::new(),
        user_id: Field::with_value(&typed),
        method: Field::with_value(&fields.method),
    };
    // A person may keep an ID of the older service, even if it breaks the rules for new IDs.
    let method = chosen::<Subscribers>(policy, &fields.method);
    let user_id = match UserId::parse(&typed) {
        Ok(same) if same.as_str() == session.user_id || same.as_str() == fields.was => Ok(None),
        // A request that is refused anyway must not reveal if the typed ID equals the password.
        _ if fields.was != session.user_id => Err(ELSEWHERE.to_owned()),
        _ if method.is_err() => Ok(None),
        _ => new_user_id(&app, &subscriber, &typed).await?.map(Some),
    };
    let (user_id, method) = match (user_id, method) {
        (Ok(user_id), Ok(method)) => (user_id, method),
        (user_id, method) => {
            form.user_id.error = user_id.err().map(|error| policy.say(&error));
            form.method.error = method.err().map(str::to_owned);
            return page(&app, &subscriber, form);
        }
    };
    let (tenant, clock) = (&visitor.tenant, &app.clock);
    let mut said: Vec<String> = Vec::new();
    let mut tx = visitor.begin(&app).await?;
    if let Some(user_id) = user_id {
        let refused =
            match user_id::change(&mut tx, clock, session.login, &fields.was, &user_id).await? {
                Changed::Done => None,
                Changed::Taken => Some(TAKEN),
                Changed::Elsewhere => Some(ELSEWHERE),
            };
        if let Some(refused) = refused {
            form.user_id = form.user_id.with_error(&policy.say(refused));
            return page(&app, &subscriber, form);
        }
        AccountChange::UserId.tell(&mut tx, app.context(tenant), session).await?;
        said.push(policy.say(&format!(
            "ユーザIDを変更しました。次回から「{}」でログインしてください。",
            user_id.as_str()
        )));
    }
    let mut onward = PROFILE;
    if let Some(method) = method {
        match method::want(&mut tx, clock, session, method).await? {
            MethodChange::Counts if session.method(policy) == Some(method) => {}
            MethodChange::Counts => {
                AccountChange::Method.tell(&mut tx, app.context(tenant), session).await?;
                said.push(format!(
                    "認証方法を「{}」に変更しました。次回のログインから使います。",
                    method.label()
                ));
            }
            MethodChange::NoAddress => {
                form.method = form.method.with_error(NO_ADDRESS);
                return page(&app, &subscriber, form);
            }
            MethodChange::SetUp => {
                onward = match method {
                    SecondFactor::Totp => METHODS_TOTP,
                    SecondFactor::Passkey => METHODS_PASSKEYS,
                    SecondFactor::EmailCode => PROFILE,
                };
            }
        }
    }
    tx.commit().await?;
    if said.is_empty() && onward == PROFILE {
        said.push("変更された項目はありません。".to_owned());
    }
    match said.is_empty() {
        true => Ok(Redirect::to(onward).into_response()),
        false => visitor.say(&app, visitor.jar.clone(), onward, &said.join("")),
    }
}

/// Returns the ID that a person wants, or the reason why it is refused.
async fn new_user_id(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    typed: &str,
) -> Result<Result<UserId, String>, WebError> {
    let chosen = match UserId::choose(&visitor.tenant.config.user_id, typed) {
        Ok(chosen) => chosen,
        Err(error) => return Ok(Err(error)),
    };
    if !visitor.sign_in(app).may_ask_what_is_free(&visitor.tenant, session).await? {
        return Ok(Err(TOO_MANY.to_owned()));
    }
    let equal = visitor.sign_in(app).is_password(&visitor.tenant, session, chosen.as_str()).await?;
    Ok(if equal { Err(password::SAME_AS_USER_ID.to_owned()) } else { Ok(chosen) })
}

fn page(
    app: &App,
    Subscriber { visitor, session, .. }: &Subscriber,
    mut form: ProfileForm,
) -> Result<Response, WebError> {
    form.errors = summary(&[("user_id", &form.user_id), ("method", &form.method)]);
    let policy = &visitor.tenant.config;
    let page = ProfilePage {
        rules: RulesText::from(&policy.user_id),
        email: session.email.clone(),
        was: session.user_id.clone(),
        name: session.name.clone(),
        temporary: !session.facts().user_id,
        methods: methods::<Subscribers>(policy, &form.method.value),
        form,
    };
    visitor.page(app, status_of(&page.form.errors), &page)
}
