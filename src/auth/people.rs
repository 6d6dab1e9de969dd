//! What a session knows of its person, realm by realm.

use std::fmt::Debug;

use crate::auth::eligibility::Loss;
use crate::base::realm::{Realm, Staff, Subscribers};

/// A realm's people.
pub trait People: Realm {
    /// What a session knows of one beside the login.
    type Person: Debug + Clone + Send + Sync;
}

/// An insured person or a dependent.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// The union's own code of the person.
    pub member_code: String,
    pub household_code: String,
    /// Set once the person has lost eligibility (T12).
    pub loss: Option<Loss>,
}

impl People for Subscribers {
    type Person = Subscriber;
}

impl People for Staff {
    type Person = ();
}
