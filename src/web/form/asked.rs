//! The kind of answer that a request wants.

use axum::http::Method;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

/// The query parameter that names a kept answer.
pub(in crate::web) const PARAMETER: &str = "answer";

/// The parts of a request that decide how its page is shown.
#[derive(Debug, Clone)]
pub struct Requested {
    path: String,
    /// The query, without the parameter that names a kept answer.
    query: String,
    wants: Wants,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Wants {
    /// A page, or the kept answer of this name. A sentence to be said once has an empty name.
    Page(String),
    /// A redirect to the answer, for a form sent by a browser.
    WayToAnswer,
    /// The answer itself, for a form sent by a program.
    Answer,
}

impl Requested {
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        let (mut query, mut answer) = (Vec::new(), "");
        for part in parts.uri.query().unwrap_or_default().split('&') {
            match part.split_once('=') {
                Some((PARAMETER, name)) => answer = name,
                _ => query.push(part),
            }
        }
        let accept = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let wants = if parts.method != Method::POST {
            Wants::Page(answer.to_owned())
        } else if accept.is_some_and(|accept| accept.contains("text/html")) {
            Wants::WayToAnswer
        } else {
            Wants::Answer
        };
        Self { path: parts.uri.path().to_owned(), query: query.join("&"), wants }
    }

    pub(in crate::web) const fn wants(&self) -> &Wants {
        &self.wants
    }

    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the path with its query, to which the form was sent.
    #[must_use]
    pub fn address(&self) -> String {
        let joint = if self.query.is_empty() { "" } else { "?" };
        format!("{}{joint}{}", self.path, self.query)
    }
}
