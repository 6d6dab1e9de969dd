//! kosmo-web.

pub mod base;
pub mod config;
pub mod db;
pub mod tenant;
