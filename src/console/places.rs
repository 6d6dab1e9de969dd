//! Every address of the console.

use crate::mail::message::ConsoleLinks;

pub(super) const TOP: &str = "/";
pub(super) const SIGN_OUT: &str = "/sign-out";
/// An invited person sets up their login here (A1).
pub(super) const INVITATION: &str = "/invitation";
/// The trail (A8), and what the worker found strange in it.
pub(super) const TRAIL: &str = "/trail";
pub(super) const TRAIL_FILE: &str = "/trail.csv";
pub(super) const TRAIL_ALERTS: &str = "/trail/alerts";
pub(super) const TRAIL_ALERT_SEEN: &str = "/trail/alerts/{id}/seen";

/// The addresses that mails link to.
pub const LINKS: ConsoleLinks = ConsoleLinks { staff_invitation: INVITATION };
