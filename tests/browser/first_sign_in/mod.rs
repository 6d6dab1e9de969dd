//! People sign in for the first time, from the first credentials to the top page.

pub mod mistakes;
pub mod set_up;
pub mod single_form;
pub mod with_a_mailed_code;
