//! 「設定」: the person's own ID and address, what they sign in with, and where they are signed in.

pub(super) mod passkey_offer;
pub(super) mod profile;
pub(super) mod profile_email;
pub(super) mod sessions;
pub(super) mod sign_in_methods;
