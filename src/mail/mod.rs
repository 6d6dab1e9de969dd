//! Mail: written with what caused it, delivered by the worker.
//!
//! [`message`] has one type a mail, [`outbox`] stores it in the caller's transaction and hands it to
//! the worker, [`sender`] takes it out of the house.

pub mod decoy;
pub mod message;
pub mod outbox;
pub mod sender;
