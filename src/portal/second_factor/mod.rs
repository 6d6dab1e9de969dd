//! Second factors: choosing a method, setting one up, and proving one at the end of a sign-in.

pub(super) mod email_code;
pub(super) mod method;
pub(super) mod passkey;
pub(super) mod recovery_code;
mod set_up;
pub(super) mod totp;
