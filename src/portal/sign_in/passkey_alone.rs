//! 「パスキーでログイン」 signs a person in without user ID and password (L6).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::page::{SignInPage, visit};
use crate::account::at_door::AtDoor as _;
use crate::account::at_door::SignInForm;
use crate::account::sign_in::{stale, too_many};
use crate::account::words::PASSKEY_REFUSED;
use crate::auth::factor::passkey::PasskeyAnswer;
use crate::auth::sign_in::SignInOutcome;
use crate::base::realm::Subscribers;
use crate::db::actor::Client;
use crate::web::error::WebError;
use crate::web::form::{FormError, Sent, Token, ticked};
use crate::web::identity::Visitor;
use crate::web::state::AppState;
use crate::web::to_the_end::to_the_end;

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
        return stale(&app, &visitor, SignInForm::default());
    }
    let mut form = SignInForm { remember: fields.remember, ..SignInForm::default() };
    match check(&app, client, &visitor, fields).await? {
        SignInOutcome::Accepted { token, step, remember_until } => {
            let jar = visitor.signed_in(&app, &token, remember_until);
            return Ok((jar, Redirect::to(Subscribers::of_step(step))).into_response());
        }
        SignInOutcome::TooMany => return too_many(&app, &visitor, form),
        SignInOutcome::Closed(_) | SignInOutcome::Held | SignInOutcome::Refused => {}
    }
    form.errors = vec![FormError { field: None, message: PASSKEY_REFUSED.to_owned() }];
    let page = SignInPage::of(&app, &visitor, None, form)?;
    visitor.page(&app, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Checks an answer. The check goes on if the browser hangs up, because the place has already paid for it.
async fn check(
    app: &AppState,
    client: Client,
    visitor: &Visitor,
    fields: Answered,
) -> Result<SignInOutcome, WebError> {
    let (app, visitor) = (app.clone(), visitor.clone());
    to_the_end(async move {
        let secret = visitor.passkey_secret();
        let given = PasskeyAnswer {
            ticket: &fields.ticket,
            answer: &fields.credential,
            remember: fields.remember,
            client: &client,
            browser: &visitor.browser,
        };
        let earlier = visitor.earlier();
        let visit = visit(&app, &visitor, &secret);
        visitor.sign_in(&app).with_passkey(visit, earlier, given).await
    })
    .await
}
