//! The facts that a session has of its person, realm by realm.

use std::fmt::Debug;

use crate::auth::eligibility::Loss;
use crate::base::realm::{Realm, Staff, Subscribers};

/// A realm's people.
pub trait People: Realm + Sized {
    /// The facts of a person that a session has beside the login.
    type Person: Debug + Clone + Send + Sync;

    /// Makes these facts from the member to whom the login belongs. Returns `None` if this realm's people are members
    /// and no member has the login.
    fn person(member: Option<Member>, loss: Option<Loss>) -> Option<Self::Person>;
}

/// The member to whom a login belongs, as the union knows them.
#[derive(Debug)]
pub struct Member {
    pub code: String,
    pub household_code: String,
}

/// An insured person or a dependent.
#[derive(Debug, Clone)]
pub struct SubscriberFacts {
    /// The union's own code of the person.
    pub member_code: String,
    pub household_code: String,
    /// Set once the person has lost eligibility (T12).
    pub loss: Option<Loss>,
}

impl People for Subscribers {
    type Person = SubscriberFacts;

    fn person(member: Option<Member>, loss: Option<Loss>) -> Option<SubscriberFacts> {
        let Member { code, household_code } = member?;
        Some(SubscriberFacts { member_code: code, household_code, loss })
    }
}

impl People for Staff {
    type Person = ();

    fn person(_: Option<Member>, _: Option<Loss>) -> Option<()> {
        Some(())
    }
}
