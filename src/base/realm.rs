//! The realms that sign in on a union's hosts. A realm is a type parameter of ids and sessions, so that nothing of one
//! opens anything of the other.

mod sealed {
    pub trait Sealed {}
}

/// Subscribers or staff.
pub trait Realm: sealed::Sealed + Send + Sync + 'static {
    /// As the database names it, in every key of what belongs to a login.
    const NAME: &'static str;
}

/// Insured people and their dependents.
#[derive(Debug, Clone, Copy)]
pub enum Subscribers {}

/// The union's own people.
#[derive(Debug, Clone, Copy)]
pub enum Staff {}

impl sealed::Sealed for Subscribers {}
impl sealed::Sealed for Staff {}

impl Realm for Subscribers {
    const NAME: &'static str = "subscriber";
}

impl Realm for Staff {
    const NAME: &'static str = "staff";
}
