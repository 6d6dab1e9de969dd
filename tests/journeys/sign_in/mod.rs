//! People sign in, are remembered or locked out, prove themselves again, and sign out.

pub mod lockout;
pub mod password;
pub mod reauthentication;
pub mod remembered;
pub mod sessions;
