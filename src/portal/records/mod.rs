//! The common parts of the pages of all kinds of record: the addresses of a period, and the form of a filter.
//!
//! The pages of a kind show its rows and sums in its own words.

pub(super) mod filter;
pub(super) mod period;
