//! The staff have a door of their own; each act there needs a right and leaves a line on the trail.

pub mod access;
pub mod acts;
pub mod approvals;
pub mod console;
pub mod desk;
pub mod getting_in;
pub mod golden;
pub mod invitations;
pub mod people;
pub mod people_search;
pub mod policy;
pub mod realms;
pub mod reports;
pub mod rights;
pub mod terms;
pub mod trail;
