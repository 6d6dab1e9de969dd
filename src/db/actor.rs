//! The actor of a transaction. Every audit line written in the transaction names it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::ids::{LoginId, RequestId, SessionId};

/// The kind of actor. These names are stored for ever and searched for, so they must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorKind {
    /// A union's staff, at its console.
    Staff,
    /// A visitor at a union's portal, signed in or not.
    Subscriber,
    /// The person at the operator's terminal.
    Operator,
    /// The product on its own.
    System,
    /// A job, which somebody asked for and which outlasts the request.
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

/// Where a request came from, as far as known.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Client {
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// A person or a part of the product that acts, as it was at that time, and where the request came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Actor {
    pub kind: ActorKind,
    /// The login or the job. `None` for a person who has not signed in, and for an operator.
    pub id: Option<Uuid>,
    /// The name of staff, of an operator or of a part of the product. Subscribers have none: the trail is kept
    /// for ever and must not become a second store of their names.
    pub label: Option<String>,
    /// The roles that staff had.
    pub roles: Vec<String>,
    /// The session, in the realm that `kind` tells.
    pub session: Option<Uuid>,
    pub client: Client,
    /// The request, as logs and error pages name it.
    pub request: Option<RequestId>,
}

impl Actor {
    /// Makes the actor of a request at a web door, before anything is proved.
    #[must_use]
    pub const fn unknown(kind: ActorKind, client: Client, request: Option<RequestId>) -> Self {
        Self { kind, id: None, label: None, roles: Vec::new(), session: None, client, request }
    }

    /// Returns the actor of the same request, now that its session is known.
    #[must_use]
    pub fn signed_in<R>(self, login: LoginId<R>, session: SessionId<R>) -> Self {
        Self { id: Some(login.0), session: Some(session.0), ..self }
    }

    /// Makes the actor of a command at the operator's terminal.
    #[must_use]
    pub fn operator(name: &str) -> Self {
        Self::of_the_house(ActorKind::Operator, None, name)
    }

    /// Makes the actor for a part of the product that acts by itself.
    #[must_use]
    pub fn system(part: &str) -> Self {
        Self::of_the_house(ActorKind::System, None, part)
    }

    /// Makes the actor of a job. The audit line of its start says who asked for it.
    #[must_use]
    pub fn job(id: Uuid, name: &str) -> Self {
        Self::of_the_house(ActorKind::Job, Some(id), name)
    }

    fn of_the_house(kind: ActorKind, id: Option<Uuid>, label: &str) -> Self {
        let unknown = Self::unknown(kind, Client::default(), None);
        Self { id, label: Some(label.to_owned()), ..unknown }
    }
}
