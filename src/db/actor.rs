//! The actor in whose name a transaction is opened. Every line of the trail that it writes names the actor.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::ids::{LoginId, RequestId, SessionId};

/// The kind of an actor. The names stay the same for ever, since people search the trail for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A member of a union's staff, at its console.
    Staff,
    /// A visitor at a union's portal, signed in or not.
    Subscriber,
    /// The person at the operator's terminal.
    Operator,
    /// The product on its own.
    System,
    /// Work in the background that a request asked for.
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

/// The address and the browser that a request came from, as far as they are known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// A person or a part of the product that acts, as they stood at that moment, and where the request came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// The login or the job. `None` for a person who has not signed in, and for an operator.
    pub id: Option<Uuid>,
    /// The name of staff, of operators and of the product's own parts. Subscribers have none, since the trail is kept for
    /// ever and must not become a second place for people's names.
    pub label: Option<String>,
    /// The roles and rights that staff had.
    pub roles: Vec<String>,
    /// The session, in the realm that `kind` tells.
    pub session: Option<Uuid>,
    pub client: Client,
    /// The id by which logs and error pages name the request.
    pub request: Option<RequestId>,
}

impl Actor {
    /// A person at a web door of whom nothing is proved yet.
    #[must_use]
    pub const fn unknown(kind: ActorKind, client: Client, request: Option<RequestId>) -> Self {
        Self { kind, id: None, label: None, roles: Vec::new(), session: None, client, request }
    }

    /// The actor of the same request, now that the session is known.
    #[must_use]
    pub fn signed_in<R>(self, login: LoginId<R>, session: SessionId<R>) -> Self {
        Self { id: Some(login.0), session: Some(session.0), ..self }
    }

    /// Makes the actor of a command at the operator's terminal.
    #[must_use]
    pub fn operator(name: &str) -> Self {
        Self::of_the_house(ActorKind::Operator, None, name)
    }

    /// A part of the product that acts without a request.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self::of_the_house(ActorKind::System, None, part)
    }

    /// A job. The line of the trail that enqueued it names the person who asked for it.
    #[must_use]
    pub fn job(id: Uuid, name: &str) -> Self {
        Self::of_the_house(ActorKind::Job, Some(id), name)
    }

    fn of_the_house(kind: ActorKind, id: Option<Uuid>, label: &str) -> Self {
        let unknown = Self::unknown(kind, Client::default(), None);
        Self { id, label: Some(label.to_owned()), ..unknown }
    }
}
