//! Every address of the console.

use crate::mail::message::ConsoleLinks;

pub(super) const TOP: &str = "/";
pub(super) const SIGN_OUT: &str = "/sign-out";
/// An invited person sets up their login here (A1).
pub(super) const INVITATION: &str = "/invitation";
pub(super) const APPROVALS: &str = "/approvals";
pub(super) const APPROVAL: &str = "/approvals/{id}";
pub(super) const APPROVAL_WITHDRAW: &str = "/approvals/{id}/withdraw";

/// The addresses that mails link to.
pub const LINKS: ConsoleLinks = ConsoleLinks { staff_invitation: INVITATION };
