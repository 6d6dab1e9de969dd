//! The people whom a change of a union's policy touches, counted by the rules that sign people in.

mod count;
mod people;
mod rule;
mod rules;
mod sessions;
mod staff;

pub use self::count::{count, living_sessions};
pub use self::rule::Touch;
