//! The measurements, each a part that can be asked for by its name.

pub mod etax;
pub mod flood;
pub mod import;
pub mod pdf;
pub mod sign_in;
pub mod silence;
pub mod statement_page;
pub mod timing;
