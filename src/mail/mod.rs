//! Mail: written with what caused it, delivered by the worker.
//!
//! [`message`] has one type a mail, [`outbox`] stores it in the caller's transaction, [`circular`] stores one mail to many
//! people, [`delivery`] sends what is stored. [`undelivered`] tells what did not leave, [`feedback`] and [`sns`] what did
//! not arrive; [`housekeeping`] forgets what did, [`samples`] has every mail filled in, to be looked at.

pub mod circular;
pub mod delivery;
pub mod feedback;
pub mod housekeeping;
pub mod message;
pub mod outbox;
pub mod preferences;
pub mod samples;
pub mod sns;
pub mod undelivered;
