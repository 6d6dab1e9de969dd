//! 「リカバリーコードの入力」, in place of a second factor that is lost.

use std::ops::ControlFlow;

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::{Addresses, CodeForm, CodeInput, Occasion, OccasionView, Prover, Proving, RECOVERY};
use crate::account::at_door::AtDoor;
use crate::account::next::LeadsTo;
use crate::account::reauthenticate;
use crate::auth::factor::recovery_code;
use crate::auth::journey::Step;
use crate::base::japanese::shows_nothing;
use crate::web::error::WebError;
use crate::web::form::{Field, Form};
use crate::web::page::Page;
use crate::web::state::{App, AppState};

pub(crate) const PAGE: Addresses = RECOVERY;
const EMPTY: &str = "リカバリーコードを入力してください。";
const WRONG: &str = "リカバリーコードが正しくありません。使用済みのコードは使えません。";

#[derive(Debug, Serialize)]
pub(crate) struct RecoveryCodePage {
    pub(crate) occasion: OccasionView,
    pub(crate) form: CodeForm,
}

impl Page for RecoveryCodePage {
    const TEMPLATE: &'static str = "account/second_factor/prove/recovery_code.html";
}

pub(crate) async fn show<P: Prover>(
    State(app): State<AppState>,
    person: P,
    Query(LeadsTo { next }): Query<LeadsTo<P::Realm>>,
) -> Result<Response, WebError> {
    match admit(&app, person.proving(next))? {
        ControlFlow::Break(answer) => Ok(answer),
        ControlFlow::Continue(proving) => page(&app, &proving, Field::default()),
    }
}

pub(crate) async fn submit<P: Prover>(
    State(app): State<AppState>,
    person: P,
    Form { fields: CodeInput { next, code }, .. }: Form<CodeInput<P::Realm>, P::Realm>,
) -> Result<Response, WebError> {
    let proving = match admit(&app, person.proving(next))? {
        ControlFlow::Break(answer) => return Ok(answer),
        ControlFlow::Continue(proving) => proving,
    };
    let field = Field::with_value(&code);
    if shows_nothing(&code) {
        return page(&app, &proving, field.with_error(EMPTY));
    }
    let Proving { visitor, session, token, .. } = &proving;
    let tenant = &visitor.tenant;
    let typed = visitor.sign_in(&app).recovery_code(tenant, session, &code).await?;
    let mut tx = visitor.begin(&app).await?;
    let cx = app.context(tenant);
    let proved = recovery_code::prove(&mut tx, cx, session, token, &typed).await?;
    tx.commit().await?;
    match proving.conclude(&app, proved)? {
        ControlFlow::Break(answer) => Ok(answer),
        ControlFlow::Continue(proving) => page(&app, &proving, field.with_error(WRONG)),
    }
}

/// Lets a person give a recovery code, or answers with what comes before it.
fn admit<R: AtDoor>(
    app: &App,
    proving: Proving<R>,
) -> Result<ControlFlow<Response, Proving<R>>, WebError> {
    let Proving { visitor, session, occasion, .. } = &proving;
    let policy = &visitor.tenant.config;
    if !R::session_rules(policy).offers_recovery_codes {
        return Err(WebError::NotFound);
    }
    match occasion {
        Occasion::SignIn => match session.next_step(policy) {
            // Nobody can have made any before the first sign-in is complete, and a set-up can't be left out by one.
            step @ (Step::Passkey | Step::Totp | Step::EmailCode) => {
                match session.facts().first_session {
                    true => Err(WebError::NotDue(step)),
                    false => Ok(ControlFlow::Continue(proving)),
                }
            }
            step => Err(WebError::NotDue(step)),
        },
        Occasion::Reauthentication(next) => {
            let now = app.clock.now();
            if session.is_fresh(now) {
                return Ok(ControlFlow::Break(occasion.onward().into_response()));
            }
            if session.password_is_fresh(now) {
                return Ok(ControlFlow::Continue(proving));
            }
            // The password comes first, also for owners of passkeys.
            let password =
                reauthenticate::page(app, (visitor, session), next, true, Field::default())?;
            Ok(ControlFlow::Break(password))
        }
    }
}

fn page<R: AtDoor>(app: &App, proving: &Proving<R>, code: Field) -> Result<Response, WebError> {
    let Proving { visitor, occasion, .. } = proving;
    let page = RecoveryCodePage { occasion: occasion.view(PAGE), form: CodeForm::of(code) };
    occasion.show(app, visitor, PAGE, &page.form.errors, &page)
}
