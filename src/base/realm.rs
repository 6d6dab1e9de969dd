//! The realms that sign in on a union's hosts. A realm is a type parameter of ids and sessions, so that no credential
//! of one realm opens anything in the other.

use std::fmt::Debug;

mod sealed {
    pub trait Sealed {}
}

/// Subscribers or staff.
pub trait Realm: sealed::Sealed + Debug + Copy + Send + Sync + 'static {
    /// The realm's name in the database. It is part of every key that belongs to a login.
    const NAME: &'static str;
}

/// Insured people and their dependents.
#[derive(Debug, Clone, Copy)]
pub enum Subscribers {}

/// The union's staff.
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
