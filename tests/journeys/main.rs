//! The product over HTTP in one process, with a real PostgreSQL, told as stories of what people do.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod database;
mod expenses;
mod first_sign_in;
mod imports;
mod jobs;
mod mail;
mod operator;
mod pages;
mod passkeys;
mod resilience;
mod sign_in;
mod staff;
mod unions;
