//! The factors that a person proves beside the password: a passkey, an app's code, a mailed code, a recovery code.
//!
//! Proving any of them comes to [`proved::Proved`], and setting a device up comes to [`enrolled::Enrolled`].

pub mod device;
pub mod email_code;
pub mod enrolled;
pub mod method;
pub mod passkey;
pub mod passkey_offer;
pub mod proved;
pub mod recovery_code;
pub mod reset;
pub mod totp;
