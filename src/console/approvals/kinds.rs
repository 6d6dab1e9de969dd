//! The acts that need a second pair of eyes: the one list of all rooms' kinds.

use crate::auth::help_desk::letter::RiskyLetter;
use crate::auth::help_desk::reset::RiskyReset;
use crate::auth::staff::approval::kind::Kinds;

/// Returns every kind of act that can be asked for at the console.
#[must_use]
pub fn kinds() -> Kinds {
    Kinds::new().with::<RiskyReset>().with::<RiskyLetter>()
}
