//! 「パスキーでログイン」 signs a person in without user ID and password (L6).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::page::{STALE, SignInForm, SignInPage, too_many, visit};
use crate::auth::factor::passkey::PasskeyAnswer;
use crate::auth::guard::foreign::Foreign;
use crate::auth::sign_in::SignInOutcome;
use crate::db::actor::Client;
use crate::portal::places::of_step;
use crate::portal::words::PASSKEY_REFUSED;
use crate::web::error::{WebError, foreign};
use crate::web::form::{FormError, Sent, Token, ticked};
use crate::web::state::AppState;

#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Answered {
    ticket: String,
    credential: String,
    #[serde(default, deserialize_with = "ticked")]
    remember: bool,
}

pub(in crate::portal) async fn submit(
    State(app): State<AppState>,
    client: Client,
    Sent { visitor, fields, token }: Sent<Answered>,
) -> Result<Response, WebError> {
    if !visitor.tenant.config.sign_in.passkey_alone {
        return Err(WebError::NotFound);
    }
    if token == Token::Foreign {
        let page = SignInPage { notice: Some(STALE.to_owned()), ..SignInPage::of(&app, &visitor)? };
        let page = visitor.page(&app, StatusCode::FORBIDDEN, &page)?;
        return Ok(foreign(Foreign::Form, page));
    }
    let secret = visitor.passkey_secret();
    let given = PasskeyAnswer {
        ticket: &fields.ticket,
        answer: &fields.credential,
        remember: fields.remember,
        client: &client,
        browser: &visitor.browser,
    };
    let earlier = visitor.earlier();
    let outcome =
        visitor.sign_in(&app).with_passkey(visit(&app, &visitor, &secret), earlier, given).await?;
    let mut form = SignInForm { remember: fields.remember, ..SignInForm::default() };
    match outcome {
        SignInOutcome::Accepted { token, step, remember_until } => {
            let jar = visitor.signed_in(&app, &token, remember_until);
            return Ok((jar, Redirect::to(of_step(step))).into_response());
        }
        SignInOutcome::TooMany => return too_many(&app, &visitor, form),
        SignInOutcome::Closed(_) | SignInOutcome::Refused => {}
    }
    form.errors = vec![FormError { field: None, message: PASSKEY_REFUSED.to_owned() }];
    let page = SignInPage { form, ..SignInPage::of(&app, &visitor)? };
    visitor.page(&app, StatusCode::UNPROCESSABLE_ENTITY, &page)
}
