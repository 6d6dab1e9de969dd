//! Second factors: choosing a method, setting one up, and proving one.

pub(crate) mod method;
pub(crate) mod prove;
pub(crate) mod set_up;
