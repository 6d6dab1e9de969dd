//! Every table that grows is swept, or keeps its rows for a stated reason.

use std::collections::BTreeSet;

use kosmo::base::ids::MailId;
use kosmo::jobs::kind::Kinds;
use kosmo::jobs::{self, JobState};
use kosmo::worker::tidy::{SWEEPS, Tidy};
use sqlx::Row as _;
use tokio_util::sync::CancellationToken;

use crate::jobs::errands::runner_of;
use crate::mail::post;
use crate::support::world::{World, tester};

/// Tables that the hourly sweeps leave alone, each with the reason.
const OTHERS: [(&str, &str); 37] = [
    ("_sqlx_migrations", "a row a migration"),
    ("tenants", "a row a union"),
    ("tenant_hosts", "a few rows a union"),
    ("tenant_policies", "what was in force on a given day can always be told"),
    ("maintenance_windows", "planned by hand"),
    ("platform_terms", "what a person agreed to can always be read"),
    ("tenant_terms", "what a person agreed to can always be read"),
    ("queue_turns", "a row a union and queue"),
    ("mail_rates", "a row a provider"),
    ("sns_messages", "each new message removes a batch of the old ones"),
    ("mail_preferences", "a person's own choice"),
    ("households", "a row a household"),
    ("household_numbers", "first passwords may be made from numbers of an earlier day"),
    ("members", "a row a person"),
    ("member_keys", "a row a person"),
    ("former_households", "people read what they had in an earlier household"),
    ("import_batches", "which file brought a row can always be told"),
    ("logins", "a row a person"),
    ("subscribers", "a row a person"),
    ("devices", "removed by their person, or when staff reset them"),
    ("passkey_answers", "each new answer removes the old ones"),
    ("recovery_codes", "a new set replaces the one before"),
    ("letters", "a row a person whose letter was never printed; its password is swept"),
    ("terms_agreements", "who agreed to what can always be told"),
    ("email_failures", "a mark ends when its address is confirmed, or nobody's any more"),
    ("audit_events", "the trail is kept"),
    ("audit_seals", "as long as the trail"),
    ("expenses", "ten years of notices are what people come for"),
    ("expense_claims", "a row a claim in expenses"),
    ("expense_months", "a row a month"),
    ("expense_history", "what a row was before can always be told"),
    ("expense_withdrawals", "a row a month taken back"),
    ("record_notices", "a row a month"),
    ("record_privacy", "a person's own choice"),
    ("staff", "a row a member of staff"),
    ("staff_invitations", "a row a member of staff who has not come yet"),
    ("staff_reviews", "which rights were confirmed when can always be told"),
];

#[tokio::test]
async fn every_table_is_swept_or_kept_for_a_reason() {
    let world = World::empty().await;
    let tables = sqlx::query(
        "select c.relname::text as name from pg_class c
         where c.relkind in ('r', 'p') and not c.relispartition
           and c.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    let tables: BTreeSet<String> = tables.iter().map(|row| row.get("name")).collect();
    let swept: BTreeSet<&str> = SWEEPS.iter().flat_map(|sweep| sweep.tables).copied().collect();
    let others: BTreeSet<&str> = OTHERS.iter().map(|(table, _)| *table).collect();
    for table in &tables {
        let known = swept.contains(table.as_str()) || others.contains(table.as_str());
        assert!(known, "{table}: nothing removes its rows, and nothing says why they stay");
    }
    for table in swept.iter().chain(&others) {
        assert!(tables.contains(*table), "{table} is gone");
    }
    let both: Vec<_> = swept.intersection(&others).collect();
    assert_eq!(both, Vec::<&&str>::new(), "a table that is swept needs no reason");
    assert!(OTHERS.iter().all(|(_, why)| !why.is_empty()));
}

#[tokio::test]
async fn a_sweep_finds_its_rows_by_an_index() {
    let world = World::empty().await;
    let indexed = sqlx::query(
        "select x.indrelid::regclass::text as name, a.attname::text as second
         from pg_index x
         join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[1]",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    let has = |table: &str, column: &str| {
        indexed.iter().any(|row| {
            row.get::<String, _>("name") == table && row.get::<String, _>("second") == column
        })
    };
    for (table, column) in [
        ("outbox", "finished_at"),
        ("audit_alerts", "at"),
        ("audit_exports", "expires_at"),
        ("jobs", "finished_at"),
        ("throttles", "full_at"),
        ("password_resets", "expires_at"),
        ("email_confirmations", "expires_at"),
        ("registration_drafts", "typed_at"),
        ("letters", "issued_at"),
        ("email_codes", "expires_at"),
        ("totp_enrolments", "begun_at"),
        ("passkey_ceremonies", "begun_at"),
        ("known_browsers", "last_seen_at"),
        ("sessions", "last_seen_at"),
        ("caller_checks", "at"),
        ("not_me_links", "expires_at"),
    ] {
        assert!(has(table, column), "{table}.{column}");
    }
}

#[tokio::test]
async fn the_hourly_job_sweeps_a_union_and_no_other() {
    let world = World::empty().await;
    for slug in ["klinekenpo", "jomkenpo"] {
        let _: MailId = post(&world, slug).await;
    }
    world.deliver().await;
    world.clock.advance(chrono::TimeDelta::days(91));
    let klinekenpo = world.tenant("klinekenpo");
    let mut tx = world.worker.tenant(klinekenpo, &tester()).await.unwrap();
    let job = jobs::enqueue(&mut tx, &world.clock, &Tidy {}, Some(Tidy::KEY)).await.unwrap();
    tx.commit().await.unwrap();
    let runner = runner_of(&world, Kinds::new().with::<Tidy>(())).await;
    runner.drain(&CancellationToken::new()).await.unwrap();
    let mut tx = world.worker.tenant(klinekenpo, &tester()).await.unwrap();
    let status = jobs::status(&mut tx, job).await.unwrap().unwrap();
    assert_eq!((status.state, status.last_error), (JobState::Done, None));
    assert_eq!(world.count("select count(*) from outbox").await, 1, "the other union's");
}
