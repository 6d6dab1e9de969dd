//! The settings that the operator opened to the union (A7), changed by two pairs of eyes.

pub mod change;
