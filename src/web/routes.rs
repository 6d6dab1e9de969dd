//! Routes that say who may come to them: a door has no other way to add one, and a test knocks at each with too little.

use axum::Router;
use axum::routing::MethodRouter;

use super::state::AppState;
use crate::auth::staff::right::Right;

/// Who may come. The proof that a handler takes holds it; what is declared here is what the proof is tried against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Anybody,
    /// Somebody with a right password and a step to do.
    SigningIn,
    /// Somebody whose sign-in is complete.
    Subscriber,
    /// Somebody who proved a moment ago who it is (S4).
    Fresh,
    /// Staff with a right.
    Staff(Right),
}

/// Who may open a page, and who may send what is on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accesses {
    pub get: Access,
    pub post: Access,
}

impl From<Access> for Accesses {
    fn from(both: Access) -> Self {
        Self { get: both, post: both }
    }
}

/// Opening, and sending.
impl From<(Access, Access)> for Accesses {
    fn from((get, post): (Access, Access)) -> Self {
        Self { get, post }
    }
}

/// A path and who may come to it.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    pub path: &'static str,
    pub access: Accesses,
}

/// A door's routes.
#[derive(Debug, Default)]
pub struct Routes {
    router: Router<AppState>,
    declared: Vec<Declared>,
}

impl Routes {
    #[must_use]
    pub fn route(
        mut self,
        path: &'static str,
        access: impl Into<Accesses>,
        handlers: MethodRouter<AppState>,
    ) -> Self {
        self.declared.push(Declared { path, access: access.into() });
        Self { router: self.router.route(path, handlers), ..self }
    }

    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        self.declared.append(&mut other.declared);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// Every route, in the order they were added.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    pub fn into_router(self) -> Router<AppState> {
        self.router
    }
}
