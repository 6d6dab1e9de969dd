//! Forms: their size is bounded, and a token proves that they come from our own page. Input is
//! shown again, except secrets. Errors are shown at their field and in a summary.

pub mod answer;
pub mod asked;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use subtle::ConstantTimeEq as _;

use super::error::Failure;
use super::identity::{Shown, Visitor};
use super::state::AppState;
use crate::auth::people::People;
use crate::base::realm::Subscribers;
use crate::tenant::hosts::Door;

/// No form for everybody is larger.
const LARGEST_FORM: usize = 64 * 1024;
/// Staff who are signed in send the union's terms of use, of which each character takes nine bytes.
const LARGEST_FORM_OF_STAFF: usize = 512 * 1024;
/// A telephone that is still connected sends a form faster than this.
const LONGEST_SENDING: Duration = Duration::from_secs(20);
/// A form that is too large is read up to this size and dropped. If we stopped earlier, the browser
/// would show a broken connection instead of our page.
const LARGEST_DRAINED: usize = 8 * 1024 * 1024;

/// A form sent from a page of this visitor.
#[derive(Debug)]
pub struct Form<T, R: People = Subscribers> {
    pub visitor: Visitor<R>,
    pub fields: T,
}

/// A form as it was sent, even with a stale token. Only the sign-in page takes it, and then shows its form again.
#[derive(Debug)]
pub struct Sent<T, R: People = Subscribers> {
    pub visitor: Visitor<R>,
    pub fields: T,
    /// If it is [`Token::Foreign`], the form must not be acted on.
    pub token: Token,
}

/// The origin of a form, by its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A page of this visitor, in the present session.
    Current,
    /// A page of this visitor that was opened before the sign-in.
    BeforeSignIn,
    /// A page of another site, or of another visit.
    Foreign,
}

impl Token {
    fn read<R: Shown>(text: &str, visitor: &Visitor<R>) -> Self {
        let is = |own: String| bool::from(text.as_bytes().ct_eq(own.as_bytes()));
        if is(visitor.csrf()) {
            Self::Current
        } else if is(visitor.csrf_before_sign_in()) {
            Self::BeforeSignIn
        } else {
            Self::Foreign
        }
    }
}

#[derive(Deserialize)]
struct WithToken<T> {
    csrf: String,
    #[serde(flatten)]
    fields: T,
}

impl<T: DeserializeOwned, R: Shown> FromRequest<AppState> for Form<T, R> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let sent = Sent::<T, R>::from_request(request, app).await?;
        match sent {
            Sent { visitor, fields, token: Token::Current } => Ok(Self { visitor, fields }),
            Sent { visitor, .. } => Err(visitor.refuse_form()),
        }
    }
}

impl<T: DeserializeOwned, R: Shown> FromRequest<AppState> for Sent<T, R> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::<R>::from_request_parts(&mut parts, app).await?;
        let body = tokio::time::timeout(LONGEST_SENDING, read(body, largest(&visitor)))
            .await
            .ok()
            .flatten();
        let body = body.ok_or_else(|| Failure::BadRequest.into_response())?;
        let envelope: WithToken<T> =
            serde_urlencoded::from_bytes(&body).map_err(|_| Failure::BadRequest.into_response())?;
        let token = Token::read(&envelope.csrf, &visitor);
        Ok(Self { visitor, fields: envelope.fields, token })
    }
}

fn largest<R: Shown>(visitor: &Visitor<R>) -> usize {
    match R::DOOR {
        Door::Console if visitor.complete_session().is_some() => LARGEST_FORM_OF_STAFF,
        Door::Console | Door::Portal => LARGEST_FORM,
    }
}

/// Reads the body. Returns `None` if it is larger than `largest` or ends early.
async fn read(body: Body, largest: usize) -> Option<Vec<u8>> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        seen += chunk.len();
        if seen > LARGEST_DRAINED {
            return None;
        }
        if seen <= largest {
            kept.extend_from_slice(&chunk);
        }
    }
    (seen <= largest).then_some(kept)
}

/// A form without fields: a button.
#[derive(Debug, Deserialize)]
pub struct Button {}

/// A field as its template shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Field {
    /// The input. It is never a password.
    pub value: String,
    /// The mistakes in it, one sentence a line.
    pub error: Option<String>,
}

impl Field {
    #[must_use]
    pub fn with_value(value: &str) -> Self {
        Self { value: value.to_owned(), error: None }
    }

    #[must_use]
    pub fn with_error(mut self, error: &str) -> Self {
        self.error = Some(error.to_owned());
        self
    }
}

/// A line of the summary above the form.
#[derive(Debug, Clone, Serialize)]
pub struct FormError {
    /// The field that it links to, or `None` if it concerns the whole form.
    pub field: Option<&'static str>,
    pub message: String,
}

/// Makes the summary of fields, in their order on the page, with one entry for each line of a
/// field's error.
#[must_use]
pub fn summary(fields: &[(&'static str, &Field)]) -> Vec<FormError> {
    fields
        .iter()
        .flat_map(|(name, field)| {
            let lines = field.error.as_deref().unwrap_or_default().lines();
            lines.map(|line| FormError { field: Some(name), message: line.to_owned() })
        })
        .collect()
}

/// Returns the status of a form's answer: 422 if something is wrong with it.
#[must_use]
pub fn status_of(errors: &[FormError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// A radio button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RadioButton {
    pub value: String,
    pub label: String,
    /// True if marked （推奨）.
    pub recommended: bool,
    pub checked: bool,
}

/// Reads a check box: browsers send `on` if it is ticked, and nothing otherwise.
pub fn ticked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(deserializer)? == "on")
}
