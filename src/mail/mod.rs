//! Mail: stored together with its cause, and delivered by the worker.
//!
//! [`message`] has a type for each mail, [`outbox`] stores it in the caller's transaction, [`circular`] stores one mail
//! to many people, and [`delivery`] sends what is stored. [`undelivered`] lists what was not sent, and [`history`] what
//! went to one person; [`feedback`] and [`sns`] tell what was sent and did not arrive. [`housekeeping`] cleans up, and
//! [`samples`] shows every mail.

pub mod circular;
pub mod delivery;
pub mod feedback;
pub mod history;
pub mod housekeeping;
pub mod message;
pub mod outbox;
pub mod preferences;
pub mod samples;
pub mod sns;
pub mod undelivered;
