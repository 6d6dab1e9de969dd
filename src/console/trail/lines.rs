//! Lines of the trail with what their reader knows people by.

use super::query::Wanted;
use crate::audit::find::{Filter, PersonFilter};
use crate::audit::{LineKey, Recorded, find, recorded};
use crate::db::TenantTx;
use crate::members::numbered::{login_of, numbered};
use crate::web::trail::TrailLineView;

/// Returns what the rooms find lines by.
pub(super) async fn filter(tx: &mut TenantTx, wanted: &Wanted) -> Result<Filter, sqlx::Error> {
    let person = match &wanted.member {
        Some(member) => {
            let login = login_of(tx, member).await?;
            Some(PersonFilter { member: member.clone(), login })
        }
        None => None,
    };
    Ok(Filter {
        since: wanted.since,
        until: wanted.until,
        staff: wanted.staff.map(|login| login.0),
        person,
        actions: wanted.actions.clone(),
        outcome: wanted.outcome,
    })
}

/// Reads up to `limit` lines before a place, the newest first.
pub(super) async fn read(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<LineKey>,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let keys = find::find(tx, filter, before, limit).await?;
    recorded::lines(tx, &keys).await
}

/// Shows lines. People stand there with the number on their card, and never with their name.
pub(super) async fn views(
    tx: &mut TenantTx,
    lines: &[Recorded],
) -> Result<Vec<TrailLineView>, sqlx::Error> {
    let logins: Vec<_> = lines.iter().filter_map(|line| line.subject_login).collect();
    let members: Vec<_> = lines.iter().filter_map(|line| line.subject_member.clone()).collect();
    let known = numbered(tx, &logins, &members).await?;
    let view = |line: &Recorded| {
        let number = known.of(line.subject_login, line.subject_member.as_deref());
        TrailLineView::of(line, number.map(|number| format!("{number} の方")))
    };
    Ok(lines.iter().map(view).collect())
}
