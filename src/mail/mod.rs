//! Mail: written with what caused it, delivered by the worker.
//!
//! [`message`] has one type a mail, [`outbox`] stores it in the caller's transaction and delivers it,
//! [`circular`] stores one letter to many people, [`sender`] takes it out of the house. [`undelivered`] tells what did not leave, [`feedback`] and
//! [`sns`] what did not arrive; [`housekeeping`] forgets what did, [`samples`] has every mail filled in,
//! to be looked at.

pub mod circular;
pub mod feedback;
pub mod housekeeping;
pub mod message;
pub mod mime;
pub mod outbox;
pub mod preferences;
pub mod queue;
pub mod samples;
pub mod sender;
pub mod ses;
pub mod sns;
pub mod undelivered;
