//! Who a transaction is opened for: every line of the trail that is written in it names them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::ids::{LoginId, RequestId, SessionId};

/// What kind of actor. The names stay the same for ever, since people search for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A union's staff, at its console.
    Staff,
    /// A person at a union's portal, signed in or not.
    Subscriber,
    /// The person at the operator's terminal.
    Operator,
    /// The product on its own.
    System,
    /// Work that somebody asked for, and that outlasts the request.
    Job,
}

impl ActorKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Subscriber => "subscriber",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Job => "job",
        }
    }
}

/// Where a request came from, as far as it tells.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// Somebody or something that acts, as they stood then, and where the request came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// The login or the job; none for a person who has not signed in, and for an operator.
    pub id: Option<Uuid>,
    /// What staff, operators and the product's own parts are called. Subscribers have none: the trail is kept for
    /// ever, and is no second place for people's names.
    pub label: Option<String>,
    /// What staff were allowed.
    pub roles: Vec<String>,
    /// The session, of the realm that `kind` tells.
    pub session: Option<Uuid>,
    pub client: Client,
    /// As logs and error pages name it.
    pub request: Option<RequestId>,
}

impl Actor {
    /// Somebody at a web door of whom nothing is proved yet.
    #[must_use]
    pub const fn unknown(kind: ActorKind, client: Client, request: Option<RequestId>) -> Self {
        Self { kind, id: None, label: None, roles: Vec::new(), session: None, client, request }
    }

    /// The same request, made by somebody whose session is known.
    #[must_use]
    pub fn signed_in<R>(self, login: LoginId<R>, session: SessionId<R>) -> Self {
        Self { id: Some(login.0), session: Some(session.0), ..self }
    }

    /// The person at the operator's terminal.
    #[must_use]
    pub fn operator(name: &str) -> Self {
        Self::of_the_house(ActorKind::Operator, None, name)
    }

    /// A part of the product that nobody asked.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self::of_the_house(ActorKind::System, None, part)
    }

    /// Work in the background; who asked for it stands on the line that put it there.
    #[must_use]
    pub fn job(id: Uuid, name: &str) -> Self {
        Self::of_the_house(ActorKind::Job, Some(id), name)
    }

    fn of_the_house(kind: ActorKind, id: Option<Uuid>, label: &str) -> Self {
        let unknown = Self::unknown(kind, Client::default(), None);
        Self { id, label: Some(label.to_owned()), ..unknown }
    }
}
