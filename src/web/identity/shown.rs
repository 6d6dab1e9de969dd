//! The part of a page's frame that depends on the realm.

use crate::auth::people::People;
use crate::auth::session::Session;
use crate::auth::staff::right::Right;
use crate::base::japanese::day;
use crate::base::realm::{Staff, Subscribers};
use crate::web::page::SignedInPerson;

/// A realm's people, as the pages of their door show the one who is signed in.
pub trait Shown: People {
    fn shown(session: &Session<Self>) -> SignedInPerson;
}

impl Shown for Subscribers {
    fn shown(session: &Session) -> SignedInPerson {
        let loss = session.person.loss;
        SignedInPerson {
            name: session.name.clone(),
            lost_on: loss.map(|loss| day(loss.lost_on)),
            until: loss.map(|loss| day(loss.last_day())),
            rights: Vec::new(),
        }
    }
}

impl Shown for Staff {
    fn shown(session: &Session<Self>) -> SignedInPerson {
        let allowed = Right::ALL.into_iter().filter(|right| session.person.allow(*right));
        SignedInPerson {
            name: session.name.clone(),
            lost_on: None,
            until: None,
            rights: allowed.map(|right| format!("{right:?}")).collect(),
        }
    }
}
