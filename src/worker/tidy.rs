//! Every hour, each union is tidied up: accounts are closed if their time is over, staff accounts that nobody uses are
//! suspended, rows that piled up are swept, and the keys of members are completed.

use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::audit;
use crate::auth;
use crate::auth::staff::approval::housekeeping;
use crate::auth::staff::manage::unused::suspend_unused;
use crate::base::clock::Clock;
use crate::db::TenantTx;
use crate::import::staged;
use crate::jobs;
use crate::jobs::context::JobContext;
use crate::jobs::error::JobError;
use crate::jobs::kind::Job;
use crate::mail;
use crate::members::keys;

/// Deletes a batch of rows. Returns true if there may be more.
type Forget = for<'a> fn(&'a mut TenantTx, &'a Clock) -> Forgetting<'a>;
type Forgetting<'a> = Pin<Box<dyn Future<Output = Result<bool, sqlx::Error>> + Send + 'a>>;

/// A room's clean-up of a union's rows.
pub struct Sweep {
    /// The room's name, which the job reports as its step.
    pub room: &'static str,
    /// The tables from which it deletes rows.
    pub tables: &'static [&'static str],
    forget: Forget,
}

/// The clean-up of every room. A table that grows with use must be listed here, or its migration says why its rows
/// stay.
pub const SWEEPS: [Sweep; 6] = [
    Sweep {
        room: "auth",
        tables: &[
            "throttles",
            "password_resets",
            "email_confirmations",
            "registration_drafts",
            "email_codes",
            "totp_enrolments",
            "passkey_ceremonies",
            "known_browsers",
            "retired_tokens",
            "sessions",
            "caller_checks",
            "not_me_links",
        ],
        forget: |tx, clock| Box::pin(auth::housekeeping::sweep(tx, clock)),
    },
    Sweep {
        room: "approvals",
        tables: &["approvals"],
        forget: |tx, clock| Box::pin(housekeeping::sweep(tx, clock)),
    },
    Sweep {
        room: "mail",
        tables: &["outbox"],
        forget: |tx, clock| {
            Box::pin(async { Ok(mail::housekeeping::sweep(tx, clock).await?.is_full()) })
        },
    },
    Sweep {
        room: "import",
        tables: &["staged_files", "staged_members", "staged_expenses", "staged_claims"],
        forget: |tx, clock| Box::pin(staged::sweep(tx, clock)),
    },
    Sweep {
        room: "audit",
        tables: &["audit_alerts", "audit_exports"],
        forget: |tx, clock| {
            Box::pin(async {
                let alerts = audit::alerts::sweep(tx, clock).await?;
                Ok(audit::exports::sweep(tx, clock).await? || alerts)
            })
        },
    },
    Sweep { room: "jobs", tables: &["jobs"], forget: |tx, clock| Box::pin(jobs::sweep(tx, clock)) },
];

/// The job that tidies a union up.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tidy {}

impl Tidy {
    /// With this key, a union has at most one such job in the queue.
    pub const KEY: &'static str = "hourly";
}

impl Job for Tidy {
    const NAME: &'static str = "tidy";
    type Tools = ();
    type Output = ();

    async fn run(&self, cx: &JobContext, (): &()) -> Result<(), JobError> {
        let mut tx = cx.begin().await?;
        let closed = auth::housekeeping::tidy(&mut tx, &cx.clock, &cx.tenant.config).await?;
        tx.commit().await?;
        if closed > 0 {
            tracing::info!(tenant = cx.tenant.config.slug.as_str(), closed, "accounts closed");
        }
        let mut tx = cx.begin().await?;
        let suspended = suspend_unused(&mut tx, &cx.clock).await?;
        tx.commit().await?;
        if suspended > 0 {
            tracing::info!(tenant = cx.tenant.config.slug.as_str(), suspended, "unused staff");
        }
        let of = i64::try_from(SWEEPS.len()).ok();
        for (done, sweep) in (0..).zip(&SWEEPS) {
            cx.progress(done, of, sweep.room).await?;
            loop {
                let mut tx = cx.begin().await?;
                let more = (sweep.forget)(&mut tx, &cx.clock).await?;
                tx.commit().await?;
                if !more {
                    break;
                }
            }
        }
        let mut tx = cx.begin().await?;
        let caught_up = keys::catch_up(&mut tx, &cx.clock).await?;
        tx.commit().await?;
        if caught_up > 0 {
            tracing::info!(tenant = cx.tenant.config.slug.as_str(), caught_up, "keys of members");
        }
        Ok(())
    }
}
