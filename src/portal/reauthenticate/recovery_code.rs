//! A recovery code after the password, in place of a factor that is lost.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::due::{Asked, done};
use super::email_code::CodeForm;
use super::password;
use crate::auth::factor::recovery_code::{self, Confirmation};
use crate::base::japanese::shows_nothing;
use crate::portal::next::Next;
use crate::portal::places::AGAIN_RECOVERY_CODE;
use crate::portal::second_factor::recovery_code::{EMPTY, WRONG};
use crate::portal::sign_in::SignInPage;
use crate::portal::words::LOCKED;
use crate::web::error::WebError;
use crate::web::form::{Field, Form, status_of, summary};
use crate::web::identity::Subscriber;
use crate::web::page::Page;
use crate::web::state::{App, AppState};

#[derive(Debug, Default, Serialize)]
pub(in crate::portal) struct RecoveryAgainPage {
    pub(in crate::portal) next: String,
    pub(in crate::portal) form: CodeForm,
}

impl Page for RecoveryAgainPage {
    const TEMPLATE: &'static str = "portal/reauthenticate/recovery_code.html";
}

#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    next: Next,
    code: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Query(Asked { next }): Query<Asked>,
) -> Result<Response, WebError> {
    match before(&app, &subscriber, &next)? {
        Some(elsewhere) => Ok(elsewhere),
        None => page(&app, &subscriber, &next, Field::default()),
    }
}

pub(super) async fn submit(
    State(app): State<AppState>,
    subscriber: Subscriber,
    Form { fields: Typed { next, code }, .. }: Form<Typed>,
) -> Result<Response, WebError> {
    if let Some(elsewhere) = before(&app, &subscriber, &next)? {
        return Ok(elsewhere);
    }
    let field = Field::with_value(&code);
    if shows_nothing(&code) {
        return page(&app, &subscriber, &next, field.with_error(EMPTY));
    }
    let Subscriber { visitor, session, token } = &subscriber;
    let typed = visitor.sign_in(&app).recovery_code(&visitor.tenant, session, &code).await?;
    let mut tx = visitor.begin(&app).await?;
    let cx = app.context(&visitor.tenant);
    let confirmation = recovery_code::confirm(&mut tx, cx, session, token, &typed).await?;
    tx.commit().await?;
    match confirmation {
        Confirmation::Done(token) => Ok(done(&app, subscriber.visitor, &token, &next)),
        Confirmation::Wrong => page(&app, &subscriber, &next, field.with_error(WRONG)),
        Confirmation::Locked => SignInPage::after(&app, subscriber.visitor, LOCKED),
        Confirmation::NothingDue => Ok(Redirect::to(next.path()).into_response()),
    }
}

/// What comes before the code, if anything does: the password, for owners of passkeys too.
fn before(app: &App, subscriber: &Subscriber, next: &Next) -> Result<Option<Response>, WebError> {
    let Subscriber { visitor, session, .. } = subscriber;
    let now = app.clock.now();
    if !visitor.tenant.config.sign_in.offers_recovery_codes() {
        Err(WebError::NotFound)
    } else if session.is_fresh(now) {
        Ok(Some(Redirect::to(next.path()).into_response()))
    } else if session.password_is_fresh(now) {
        Ok(None)
    } else {
        password::page(app, subscriber, next, true, Field::default()).map(Some)
    }
}

fn page(
    app: &App,
    Subscriber { visitor, .. }: &Subscriber,
    next: &Next,
    code: Field,
) -> Result<Response, WebError> {
    let errors = summary(&[("code", &code)]);
    let form = CodeForm { errors, code };
    let page = RecoveryAgainPage { next: next.path().to_owned(), form };
    visitor.page_at(app, &next.after(AGAIN_RECOVERY_CODE), status_of(&page.form.errors), &page)
}
