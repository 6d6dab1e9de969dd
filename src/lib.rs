//! kosmo-web.

pub mod app;
pub mod audit;
pub mod auth;
pub mod base;
pub mod cli;
pub mod config;
pub mod db;
mod demo;
pub mod expenses;
pub mod import;
pub mod mail;
pub mod members;
pub mod portal;
pub mod tenant;
pub mod web;
pub mod worker;
