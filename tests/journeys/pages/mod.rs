//! How people get to a page, what it tells them, and what Back and a reload do.

pub mod answers;
pub mod deep_links;
pub mod said;
pub mod wayfinding;
