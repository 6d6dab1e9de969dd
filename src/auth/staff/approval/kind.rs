//! Kinds of acts that need a second pair of eyes, and the list of those that a server knows.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::ApprovalError;
use crate::auth::context::{Context, SendingError};
use crate::auth::staff::act::Act;
use crate::auth::staff::desk::{Desk, DeskError, Granted, Matter};
use crate::base::ids::LoginId;
use crate::base::realm::Staff;
use crate::db::TenantTx;

/// An act that needs a second pair of eyes. A value of the type holds the parameters of one such act.
pub trait FourEyes: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name in the database. It must never change, because waiting requests carry it.
    const KIND: &'static str;
    /// The name that approvers read.
    const TITLE: &'static str;
    /// The act that is done. Its author needs the act's right when they ask and when it is done.
    type Act: Act + 'static;

    /// Returns whom the act concerns, for its line on the trail and for the rules about a staff member's own household.
    /// The reason is the request's own.
    fn matter(&self) -> Matter;

    /// Returns the staff member whom the act concerns, who can't approve it.
    fn staff_concerned(&self) -> Option<LoginId<Staff>> {
        None
    }

    /// Says what would be done, by the data of this moment. A request is void once its preview reads otherwise, so all that
    /// could change an approver's mind belongs here. Returns `None` if the thing that the act is about is gone.
    fn preview(
        &self,
        tx: &mut TenantTx,
        cx: Context<'_>,
    ) -> impl Future<Output = Result<Option<Preview>, sqlx::Error>> + Send;

    /// Counts whom the act would touch by the data of this moment. Such numbers move by themselves, so they are shown to the
    /// approver beside the preview and make no request void.
    fn effects(
        &self,
        _tx: &mut TenantTx,
        _cx: Context<'_>,
    ) -> impl Future<Output = Result<Vec<Fact>, sqlx::Error>> + Send {
        std::future::ready(Ok(Vec::new()))
    }

    /// Does the act. `desk` is in the transaction of the person who granted it; [`Desk::author`] is the person who asked.
    /// The result is kept with the request, and must not contain anything private.
    fn execute(
        &self,
        desk: &mut Desk<Self::Act>,
        cx: Context<'_>,
    ) -> impl Future<Output = Result<Value, ExecuteError>> + Send;
}

/// The reason why a granted act was not done. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A rule stands against it, by its code. The request is void.
    #[error("declined: {0}")]
    Declined(&'static str),
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Sending(#[from] SendingError),
}

impl From<sqlx::Error> for ExecuteError {
    fn from(error: sqlx::Error) -> Self {
        Self::Desk(error.into())
    }
}

/// The facts that both people see before they ask for an act and let it be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preview {
    pub facts: Vec<Fact>,
}

/// A line of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

impl Preview {
    #[must_use]
    pub fn fact(mut self, label: &'static str, value: impl Into<String>) -> Self {
        self.facts.push(Fact { label, value: value.into() });
        self
    }

    /// Returns the hash that stands for an act: of its kind, its parameters, and what is shown of it. The parameters are
    /// those of the type, in its order, however the database has kept them.
    pub(super) fn hash<K: FourEyes>(&self, act: &K) -> Result<Vec<u8>, serde_json::Error> {
        let shown = serde_json::to_vec(&(K::KIND, act, self))?;
        Ok(Sha256::digest(shown).to_vec())
    }
}

type Boxed<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// A preview with its hash.
pub(super) type Hashed = Option<(Preview, Vec<u8>)>;

/// The request that is executed: its parameters, and who asked for it why.
pub(super) struct Execution<'a> {
    pub parameters: &'a Value,
    pub reason: &'a str,
    pub granted: Granted,
}

type Showing =
    for<'a> fn(&'a Value, &'a mut TenantTx, Context<'a>) -> Boxed<'a, Hashed, ApprovalError>;
type Counting =
    for<'a> fn(&'a Value, &'a mut TenantTx, Context<'a>) -> Boxed<'a, Vec<Fact>, ApprovalError>;
/// The transaction is given back, for its owner to commit, with the act's result.
type Executing =
    for<'a> fn(TenantTx, Context<'a>, Execution<'a>) -> Boxed<'a, (TenantTx, Value), ExecuteError>;

/// A kind whose type is known by its name alone.
#[derive(Clone, Copy)]
pub(super) struct ErasedKind {
    pub title: &'static str,
    pub matter: fn(&Value) -> Result<Matter, serde_json::Error>,
    pub preview: Showing,
    pub effects: Counting,
    pub execute: Executing,
}

/// The kinds of acts that can be asked for.
#[derive(Default, Clone)]
pub struct Kinds(BTreeMap<&'static str, ErasedKind>);

impl Kinds {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with<K: FourEyes>(mut self) -> Self {
        let kind = ErasedKind {
            title: K::TITLE,
            preview: preview::<K>,
            effects: effects::<K>,
            matter: |parameters| Ok(read::<K>(parameters)?.matter()),
            execute: execute::<K>,
        };
        self.0.insert(K::KIND, kind);
        self
    }

    pub(super) fn get(&self, kind: &str) -> Result<ErasedKind, ApprovalError> {
        self.0.get(kind).copied().ok_or_else(|| ApprovalError::UnknownKind(kind.to_owned()))
    }
}

fn read<K: FourEyes>(parameters: &Value) -> Result<K, serde_json::Error> {
    K::deserialize(parameters)
}

fn preview<'a, K: FourEyes>(
    parameters: &'a Value,
    tx: &'a mut TenantTx,
    cx: Context<'a>,
) -> Boxed<'a, Hashed, ApprovalError> {
    Box::pin(async move {
        let act = read::<K>(parameters)?;
        let Some(preview) = act.preview(tx, cx).await? else { return Ok(None) };
        let hash = preview.hash(&act)?;
        Ok(Some((preview, hash)))
    })
}

fn effects<'a, K: FourEyes>(
    parameters: &'a Value,
    tx: &'a mut TenantTx,
    cx: Context<'a>,
) -> Boxed<'a, Vec<Fact>, ApprovalError> {
    Box::pin(async move { Ok(read::<K>(parameters)?.effects(tx, cx).await?) })
}

fn execute<'a, K: FourEyes>(
    tx: TenantTx,
    cx: Context<'a>,
    Execution { parameters, reason, granted }: Execution<'a>,
) -> Boxed<'a, (TenantTx, Value), ExecuteError> {
    Box::pin(async move {
        let act = read::<K>(parameters).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let matter = Matter { reason: Some(reason.to_owned()), ..act.matter() };
        let work = async |desk: &mut Desk<K::Act>| act.execute(desk, cx).await;
        Desk::<K::Act>::act_granted(tx, cx.clock, granted, &matter, work).await
    })
}
