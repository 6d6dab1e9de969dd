//! The product over HTTP in one process against a real PostgreSQL, told as what people do.

#[path = "../support/mod.rs"]
mod support;

mod activity;
mod answers;
mod asking;
mod bounces;
mod catalogue;
mod commands;
mod connections;
mod corrections;
mod deduction;
mod deep_links;
mod eligibility;
mod etax;
mod expenses;
mod family;
mod faults;
mod first_sign_in;
mod hang_ups;
mod imports;
mod lockout;
mod mail;
mod migrations;
mod notices;
mod operator;
mod paper;
mod passkey_alone;
mod passkey_offer;
mod passkeys;
mod plans;
mod recovery;
mod recovery_codes;
mod remembered;
mod roster;
mod said;
mod saved;
mod search;
mod sessions;
mod settings;
mod sign_in;
mod spreadsheets;
mod tenancy;
mod uke;
mod updates;
mod wayfinding;
