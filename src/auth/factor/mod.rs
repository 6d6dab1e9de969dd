//! What a person proves beside the password: a passkey, an app, a mailed code, a recovery code.

pub mod device;
pub mod email_code;
pub(in crate::auth) mod failures;
pub mod method;
pub mod passkey;
pub mod passkey_offer;
pub mod recovery_code;
pub mod totp;
