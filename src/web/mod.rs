//! What the web doors share: pages, forms, cookies, who is asking, and what goes wrong. It fills templates in that a
//! door names, and names none of a door itself.

pub mod assets;
pub mod download;
pub mod elsewhere;
pub mod error;
pub mod form;
pub mod hooks;
pub mod host;
pub mod identity;
pub mod layers;
pub mod page;
pub mod prose;
pub mod routes;
pub mod state;
pub mod to_the_end;
pub mod turns;
