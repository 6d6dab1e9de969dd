//! 保険者番号, 生年月日 and 利用規約 on one page (G1, seed 004 ③).

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::birthdate;
use crate::account::sign_in;
use crate::account::words::LOCKED;
use crate::auth::first_sign_in::consent;
use crate::auth::first_sign_in::identity::{self, Check, IdentityClaim};
use crate::auth::journey::{Progress, Step};
use crate::base::ids::TermsId;
use crate::base::japanese::{fold_code, shows_nothing};
use crate::db::actor::Client;
use crate::portal::places::ONWARD;
use crate::portal::terms::{NEWER, TermsText};
use crate::web::error::WebError;
use crate::web::form::{Field, Form, FormError, status_of, summary, ticked};
use crate::web::identity::SigningIn;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

const WRONG: &str =
    "保険者番号または生年月日が正しくありません。ご確認のうえ、もう一度入力してください。";

#[derive(Debug, Serialize)]
pub(in crate::portal) struct IdentityPage {
    pub(in crate::portal) progress: Option<Progress>,
    pub(in crate::portal) terms: TermsText,
    pub(in crate::portal) form: IdentityForm,
}

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct IdentityForm {
    pub(in crate::portal) errors: Vec<FormError>,
    pub(in crate::portal) insurer_number: Field,
    pub(in crate::portal) birthdate: Field,
    pub(in crate::portal) agree: Field,
}

impl Page for IdentityPage {
    const TEMPLATE: &'static str = "portal/first_sign_in/identity.html";
    const FRESH: &'static [&'static str] = &["terms"];
}

#[derive(Debug, Deserialize)]
pub(super) struct Identity {
    insurer_number: String,
    birthdate: String,
    terms: TermsId,
    #[serde(default, deserialize_with = "ticked")]
    agree: bool,
}

pub(super) async fn show(
    State(app): State<AppState>,
    signing_in: SigningIn,
) -> Result<Response, WebError> {
    page(&app, &signing_in.at(Step::Identity)?, IdentityForm::default())
}

pub(super) async fn submit(
    State(app): State<AppState>,
    client: Client,
    signing_in: SigningIn,
    Form { fields, .. }: Form<Identity>,
) -> Result<Response, WebError> {
    let signing_in = signing_in.at(Step::Identity)?;
    let SigningIn { visitor, session, .. } = &signing_in;
    let mut form = IdentityForm {
        errors: Vec::new(),
        insurer_number: Field::with_value(&fields.insurer_number),
        birthdate: Field::with_value(&fields.birthdate),
        agree: Field::with_value(if fields.agree { "on" } else { "" }),
    };
    form.insurer_number.error = insurer_number(&fields.insurer_number).err().map(str::to_owned);
    let birthdate = birthdate::read(&fields.birthdate);
    form.birthdate.error = birthdate.err().map(str::to_owned);
    let in_force = visitor.tenant.terms.in_force(app.clock.now()).id;
    if in_force != fields.terms {
        form.agree = Field::default().with_error(NEWER);
    } else if !fields.agree {
        form.agree.error =
            Some("利用規約をご確認のうえ、「同意する」をチェックしてください。".to_owned());
    }
    let (Ok(insurer), Ok(birthdate), None) =
        (insurer_number(&fields.insurer_number), birthdate, &form.agree.error)
    else {
        return page(&app, &signing_in, form);
    };
    let mut tx = visitor.begin(&app).await?;
    let claim = IdentityClaim { birthdate, insurer_number: Some(insurer) };
    let check = identity::check(&mut tx, &app.clock, session.login, &claim).await?;
    if check == Check::Right {
        consent::agree(&mut tx, &app.clock, session.login, in_force, &client).await?;
    }
    tx.commit().await?;
    match check {
        Check::Right => Ok(Redirect::to(ONWARD).into_response()),
        Check::Wrong => {
            form.errors.push(FormError { field: None, message: WRONG.to_owned() });
            page(&app, &signing_in, form)
        }
        Check::Locked => sign_in::again(&app, signing_in.visitor, LOCKED),
    }
}

fn insurer_number(text: &str) -> Result<String, &'static str> {
    if shows_nothing(text) {
        return Err("保険者番号を入力してください。");
    }
    let short = text.chars().count() <= 40;
    let number = if short { fold_code(text) } else { String::new() };
    let right = number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit());
    if right {
        Ok(number)
    } else {
        Err("保険者番号は数字8桁で入力してください。")
    }
}

fn page(app: &App, signing_in: &SigningIn, mut form: IdentityForm) -> Result<Response, WebError> {
    form.errors.extend(summary(&[
        ("insurer_number", &form.insurer_number),
        ("birthdate", &form.birthdate),
        ("agree", &form.agree),
    ]));
    let status = status_of(&form.errors);
    let visitor = &signing_in.visitor;
    let terms = TermsText::of(&app.prose, visitor.tenant.terms.in_force(app.clock.now()));
    visitor.page(app, status, &IdentityPage { progress: signing_in.progress(), terms, form })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g1_an_insurer_number_is_read_as_people_copy_it() {
        for typed in ["06139950", " 0613-9950 ", "０６１３９９５０"] {
            assert_eq!(insurer_number(typed).unwrap(), "06139950", "{typed}");
        }
        for bad in ["", "　", "0613995", "061399500", "0613995x", &"0".repeat(10_000)] {
            assert!(insurer_number(bad).is_err(), "{bad:.20}");
        }
    }
}
