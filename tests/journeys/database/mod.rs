//! The product keeps to what PostgreSQL, poolers and many machines ask of it, and says so when none can serve it.

pub mod catalogue;
pub mod hang_ups;
pub mod partitions;
pub mod pooler;
pub mod round_trips;
pub mod scale;
pub mod sweeps;
pub mod unusable;
pub mod wire;
