//! Forms: what was sent is bounded and proved to come from our own page; what was typed is kept,
//! but for secrets; errors stand at their field and in a summary.

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
use super::identity::Visitor;
use super::state::AppState;

/// More than any form of the portal takes.
const LARGEST_FORM: usize = 64 * 1024;
/// Slower than any phone that is still connected.
const LONGEST_SENDING: Duration = Duration::from_secs(20);
/// Of a form that is too large, so much is read and forgotten: a browser that can't finish sending
/// would show a broken connection instead of our page.
const LARGEST_DRAINED: usize = 8 * 1024 * 1024;

/// A form that came from a page of this visitor's.
#[derive(Debug)]
pub struct Form<T> {
    pub visitor: Visitor,
    pub fields: T,
}

/// A form as it was sent, for the one page that shows itself again when it was stale.
#[derive(Debug)]
pub struct Sent<T> {
    pub visitor: Visitor,
    pub fields: T,
    /// Nothing may be done where it is foreign.
    pub token: Token,
}

/// What the token of a form says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// The form came from a page of this visitor's, as things stand.
    Current,
    /// It came from one that was drawn before somebody signed in.
    BeforeSignIn,
    /// It came from elsewhere, or from another visit.
    Foreign,
}

impl Token {
    fn read(text: &str, visitor: &Visitor) -> Self {
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
struct Envelope<T> {
    csrf: String,
    #[serde(flatten)]
    fields: T,
}

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let sent = Sent::from_request(request, app).await?;
        match sent {
            Sent { visitor, fields, token: Token::Current } => Ok(Self { visitor, fields }),
            Sent { visitor, .. } => Err(visitor.refuse_form()),
        }
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Sent<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, app).await?;
        let body = tokio::time::timeout(LONGEST_SENDING, read(body)).await.ok().flatten();
        let body = body.ok_or_else(|| Failure::BadRequest.into_response())?;
        let envelope: Envelope<T> =
            serde_urlencoded::from_bytes(&body).map_err(|_| Failure::BadRequest.into_response())?;
        let token = Token::read(&envelope.csrf, &visitor);
        Ok(Self { visitor, fields: envelope.fields, token })
    }
}

/// The body, unless it is too large or breaks off.
async fn read(body: Body) -> Option<Vec<u8>> {
    let mut chunks = body.into_data_stream();
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.ok()?;
        seen += chunk.len();
        if seen > LARGEST_DRAINED {
            return None;
        }
        if seen <= LARGEST_FORM {
            kept.extend_from_slice(&chunk);
        }
    }
    (seen <= LARGEST_FORM).then_some(kept)
}

/// A form without fields: a button.
#[derive(Debug, Deserialize)]
pub struct Button {}

/// A field as its template shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Field {
    /// What was typed; never a password.
    pub value: String,
    /// What is wrong with it, a line each.
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
    /// The field it links to; none where the form as a whole is meant.
    pub field: Option<&'static str>,
    pub message: String,
}

/// The summary of fields, in their order on the page; a line for each line of a field's error.
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

/// How a form is answered: 422 where something is wrong with it.
#[must_use]
pub fn status_of(errors: &[FormError]) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// A radio button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// Marked (推奨).
    pub recommended: bool,
    pub checked: bool,
}

/// Reads a check box: browsers send `on` for a ticked one and nothing for another.
///
/// # Errors
/// The deserializer's.
pub fn ticked<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(String::deserialize(deserializer)? == "on")
}
