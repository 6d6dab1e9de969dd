//! 「設定」 shows and changes the person's own ID, address, sign-in methods and sessions.

pub(super) mod passkey_offer;
pub(super) mod profile;
pub(super) mod profile_email;
pub(super) mod who_looked;
