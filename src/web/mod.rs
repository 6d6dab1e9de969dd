//! What the web doors share: pages, forms, cookies, who is asking, and what goes wrong.

pub mod assets;
pub mod download;
pub mod elsewhere;
pub mod error;
pub mod form;
pub mod hooks;
pub mod host;
pub mod identity;
pub mod layers;
pub mod opening;
pub mod page;
pub mod prose;
pub mod state;
pub mod to_the_end;
pub mod turns;
