//! The acts that need a second pair of eyes: the one list of all rooms' kinds.

use crate::auth::help_desk::letter::RiskyLetter;
use crate::auth::help_desk::reset::RiskyReset;
use crate::auth::staff::approval::kind::Kinds;
use crate::auth::staff::manage::change::ChangeOfStanding;
use crate::auth::staff::manage::newcomer::Newcomer;
use crate::auth::staff::manage::reinvitation::Reinvitation;
use crate::console::trail::ExportLines;

/// Returns every kind of act that can be asked for at the console.
#[must_use]
pub fn kinds() -> Kinds {
    Kinds::new()
        .with::<ChangeOfStanding>()
        .with::<Newcomer>()
        .with::<Reinvitation>()
        .with::<ExportLines>()
        .with::<RiskyReset>()
        .with::<RiskyLetter>()
}
