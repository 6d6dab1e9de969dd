//! The portal through which Japanese health insurance unions (健康保険組合) serve their people: one
//! deployment, many unions.
//!
//! Subscribers come through [`portal`], staff through [`console`], operators through [`cli`]; behind all three lie the
//! same rooms.
//! Imports run downward only, and `tests/house/` holds that order:
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`] | the operator's door: commands |
//! | [`demo`] | everything in one process, with five unions and their people |
//! | [`app`] | puts a server together: state, routes, layers |
//! | [`connections`] | accepts connections, and closes idle ones that take too long or are too many |
//! | [`worker`] | background work: mail, jobs, hourly clean-up |
//! | [`console`] | staff's door: pages |
//! | [`portal`] | the subscriber's door: pages |
//! | [`account`] | a person's own account: the pages that both web doors show |
//! | [`web`] | what web doors share: pages, forms, cookies, identity, errors |
//! | [`expenses`] | medical expenses: rows, sums, import, notices, files for a tax return |
//! | [`records`] | what every kept record of a person shares: who reads, notices, privacy, partitions |
//! | [`members`] | insured people and households: import, search |
//! | [`auth`] | sign-in, second factors, sessions; [`auth::journey`] finds the next step |
//! | [`import`] | what importers share: any CSV, row by row, errors by row and column |
//! | [`audit`] | the append-only trail |
//! | [`mail`] | mails, the outbox, the senders |
//! | [`jobs`] | work that outlasts a request, fairly between unions |
//! | [`tenant`] | unions: their policy as data, files, versions, host → union |
//! | [`pdf`] | documents for printing, typeset from `templates/pdf/` |
//! | [`db`] | connections; [`db::TenantTx`] is the only way to a union's rows |
//! | [`signing`] | the keys with which unions sign |
//! | [`config`] | settings |
//! | [`base`] | ids, clock, secrets, Japanese text, yen, months |
//!
//! A request walks down once and comes up once: a handler of [`portal`] takes a proof of identity
//! ([`web::identity`]), parses what was sent, lets a room decide and write through a
//! [`db::TenantTx`], and fills one template.

mod account;
pub mod app;
pub mod audit;
pub mod auth;
pub mod base;
pub mod cli;
pub mod config;
pub mod connections;
pub mod console;
pub mod db;
pub mod demo;
pub mod expenses;
pub mod import;
pub mod jobs;
pub mod mail;
pub mod members;
pub mod pdf;
pub mod portal;
pub mod records;
pub mod signing;
pub mod tenant;
pub mod web;
pub mod worker;
