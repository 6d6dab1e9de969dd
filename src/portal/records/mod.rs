//! What the pages of every kind of record share: the addresses of a period, and the form that narrows rows down.
//!
//! A kind's own pages show its rows and sums in its own words.

pub(super) mod filter;
pub(super) mod period;
