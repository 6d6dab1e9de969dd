//! The parts that the web doors share: pages, forms, cookies, identity and errors. They fill templates that a door
//! names, and name no template of a door themselves.

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
pub mod trail;
pub mod turns;
