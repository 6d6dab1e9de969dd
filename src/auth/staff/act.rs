//! The acts of staff. Each is a type, which says the right that it needs and its name on the trail.
//!
//! A function of a room that serves staff takes the [`Desk`](super::desk::Desk) of its act, so that there is no way in
//! without the right, and none that the trail doesn't tell of.

use super::right::Right;
use crate::audit::Action;

/// One thing that staff do.
pub trait Act {
    const RIGHT: Right;
    const ACTION: Action;
    const LINE: LineOrder = LineOrder::BeforeAct;
}

/// When the line of an act is written, within the transaction of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOrder {
    /// Nobody looks or changes anything before the line is there.
    BeforeAct,
    /// The line tells what came of the act, and the trail's lines can't be changed. Nothing leaves the transaction
    /// before the line is there.
    AfterAct,
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident: $right:ident, $action:ident $(, $line:ident)?;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;

            impl Act for $name {
                const RIGHT: Right = Right::$right;
                const ACTION: Action = Action::$action;
                $(const LINE: LineOrder = LineOrder::$line;)?
            }
        )*

        /// Every act, by its name.
        pub const ALL: &[(&str, Right, Action)] =
            &[$((stringify!($name), Right::$right, Action::$action)),*];
    };
}

acts! {
    /// Looks for people; what was typed is not kept, only its kind and how many were found.
    SearchPeople: SeePeople, PeopleSearched, AfterAct;
    /// Opens a person's page.
    ViewPerson: SeePeople, PersonViewed;
    /// Reads a person's medical data. The line tells which months were read.
    ViewMedicalData: SeeMedicalData, MedicalDataViewed, AfterAct;
    /// Reads the trail.
    ReadTrail: ReadTrail, TrailRead;
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_acts_are_one_on_the_trail() {
        let actions: HashSet<_> = ALL.iter().map(|(_, _, action)| action.name()).collect();
        assert_eq!(actions.len(), ALL.len());
    }
}
