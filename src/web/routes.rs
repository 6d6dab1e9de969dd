//! Routes with their access. A door can't add a route without declaring it, and a test tries each route with too
//! little.

use axum::Router;
use axum::routing::MethodRouter;

use super::state::AppState;
use crate::auth::staff::right::Right;

/// The access that a route declares. The proof in the handler's arguments enforces it; a test holds the two
/// together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Anybody,
    /// A person of the door's realm who gave the right password and has a step left.
    SigningIn,
    /// A subscriber whose sign-in is complete.
    Subscriber,
    /// A staff member whose sign-in is complete, whatever their rights.
    AnyStaff,
    /// A staff member with a right.
    Staff(Right),
    /// A person of the door's realm who proved their identity a moment ago (S4).
    Fresh,
}

/// The access to a page, and to the forms on it.
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

/// The access for GET, and for POST.
impl From<(Access, Access)> for Accesses {
    fn from((get, post): (Access, Access)) -> Self {
        Self { get, post }
    }
}

/// A path and its access.
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

    /// Returns every route, in the order of adding.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    pub fn into_router(self) -> Router<AppState> {
        self.router
    }
}
