//! 「生年月日の入力」 (F2).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::account::sign_in;
use crate::account::words::LOCKED;
use crate::auth::first_sign_in::identity::{self, Check, IdentityClaim};
use crate::auth::journey::{Progress, Step};
use crate::base::japanese::{NoDate, read_date, shows_nothing};
use crate::portal::places::ONWARD;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary};
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const WRONG: &str = "生年月日が正しくありません。ご確認のうえ、もう一度入力してください。";

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct BirthdatePage {
    pub(in crate::portal) progress: Option<Progress>,
    pub(in crate::portal) form: BirthdateForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct BirthdateForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) birthdate: Field,
}

impl Page for BirthdatePage {
    const TEMPLATE: &'static str = "portal/first_sign_in/birthdate.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct Birthdate {
    birthdate: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &signing_in.at(Step::Birthdate)?, Field::default())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Birthdate>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Birthdate)?;
    let field = Field::with_value(&fields.birthdate);
    let birthdate = match read(&fields.birthdate) {
        Ok(birthdate) => birthdate,
        Err(error) => return page(&app, &signing_in, field.with_error(error)),
    };
    let SigningIn { visitor, session, .. } = &signing_in;
    let mut tx = visitor.begin(&app).await?;
    let claim = IdentityClaim { birthdate, insurer_number: None };
    let check = identity::check(&mut tx, &app.clock, session.login, &claim).await?;
    tx.commit().await?;
    match check {
        Check::Right => Ok(Redirect::to(ONWARD).into_response()),
        Check::Wrong => page(&app, &signing_in, field.with_error(WRONG)),
        Check::Locked => sign_in::again(&app, signing_in.visitor, LOCKED),
    }
}

/// Reads a birthdate in any form in which people write a date.
pub(in crate::portal) fn read(text: &str) -> Result<NaiveDate, &'static str> {
    if shows_nothing(text) {
        return Err("生年月日を入力してください。");
    }
    // No form of a date is longer than this, and folding a long text takes time.
    let date = if text.chars().count() <= 40 { read_date(text) } else { Err(NoDate::Unreadable) };
    date.map_err(|error| match error {
        NoDate::Unreadable => "生年月日は数字8桁で入力してください。（入力例:19790822）",
        NoDate::NoSuchDay => {
            "生年月日が、存在しない日付です。ご確認のうえ、もう一度入力してください。"
        }
    })
}

fn page(app: &App, signing_in: &SigningIn, birthdate: Field) -> Result<Response, WebError> {
    let errors = summary(&[("birthdate", &birthdate)]);
    let status = status_of(&errors);
    let form = BirthdateForm { errors, birthdate };
    signing_in.visitor.page(app, status, &BirthdatePage { progress: signing_in.progress(), form })
}
