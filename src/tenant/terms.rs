//! Terms of use (F3): the platform's, or a union's own instead; each has versions with dates.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::notify;
use crate::base::clock::Clock;
use crate::base::ids::{TenantId, TermsId};
use crate::db::{PlatformTx, TenantTx};

/// One version of a text that people agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsVersion {
    pub id: TermsId,
    /// `None` for the platform's terms.
    pub tenant: Option<TenantId>,
    pub effective_at: DateTime<Utc>,
    /// The text, in the part of Markdown that `web::prose` reads.
    pub body: String,
    pub published_at: DateTime<Utc>,
    /// An operator's name, or `staff:` with the login of a staff member.
    pub published_by: String,
}

/// The terms that can be in force for a union: its own versions, and the platform's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The union's own come before the platform's; each group is newest first.
    versions: Vec<Arc<TermsVersion>>,
    fallback: Arc<TermsVersion>,
}

impl Terms {
    /// Picks a union's terms from all terms, which are given newest first. Returns `None` if the
    /// platform has none.
    #[must_use]
    pub fn of(tenant: TenantId, all: &[Arc<TermsVersion>]) -> Option<Self> {
        let own = all.iter().filter(|version| version.tenant == Some(tenant));
        let platform = || all.iter().filter(|version| version.tenant.is_none());
        let versions = own.chain(platform()).cloned().collect();
        Some(Self { versions, fallback: platform().next_back()?.clone() })
    }

    /// Returns the version in force at `now`: the union's newest, or else the platform's.
    #[must_use]
    pub fn in_force(&self, now: DateTime<Utc>) -> &TermsVersion {
        let begun = self.versions.iter().find(|version| version.effective_at <= now);
        begun.unwrap_or(&self.fallback)
    }

    /// Returns every version, the union's own before the platform's, each group newest first.
    pub fn versions(&self) -> impl Iterator<Item = &TermsVersion> {
        self.versions.iter().map(AsRef::as_ref)
    }

    /// Returns true if the union has a version of its own with this date, beside which there is no place for another.
    #[must_use]
    pub fn has_own_from(&self, effective_at: DateTime<Utc>) -> bool {
        self.versions().any(|one| one.tenant.is_some() && one.effective_at == effective_at)
    }
}

/// Lists every version, newest first.
pub async fn load_all(tx: &mut PlatformTx) -> Result<Vec<Arc<TermsVersion>>, sqlx::Error> {
    let versions = sqlx::query_as!(
        TermsVersion,
        r#"select id as "id!: TermsId", tenant_id as "tenant?: TenantId",
                  effective_at as "effective_at!", body as "body!", published_at as "published_at!",
                  published_by as "published_by!"
           from (select id, tenant_id, effective_at, body, published_at, published_by from tenant_terms
                 union all
                 select id, null, effective_at, body, published_at, published_by
                 from platform_terms) as versions
           order by effective_at desc"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(versions.into_iter().map(Arc::new).collect())
}

/// Reads the terms of the transaction's union as they stand in the database at this moment.
pub async fn load_of(tx: &mut TenantTx) -> Result<Terms, sqlx::Error> {
    let tenant = tx.tenant();
    let versions = sqlx::query_as!(
        TermsVersion,
        r#"select id as "id!: TermsId", tenant_id as "tenant?: TenantId",
                  effective_at as "effective_at!", body as "body!", published_at as "published_at!",
                  published_by as "published_by!"
           from (select id, tenant_id, effective_at, body, published_at, published_by from tenant_terms
                 where tenant_id = $1
                 union all
                 select id, null, effective_at, body, published_at, published_by
                 from platform_terms) as versions
           order by effective_at desc"#,
        tenant as TenantId
    )
    .fetch_all(tx.conn())
    .await?;
    let versions: Vec<_> = versions.into_iter().map(Arc::new).collect();
    Terms::of(tenant, &versions).ok_or(sqlx::Error::RowNotFound)
}

/// Publishes a version, for one union or, with `None`, for all that have none of their own. Returns
/// false if a version with this date exists already.
pub async fn publish(
    tx: &mut PlatformTx,
    clock: &Clock,
    tenant: Option<TenantId>,
    effective_at: DateTime<Utc>,
    body: &str,
    by: &str,
) -> Result<bool, sqlx::Error> {
    if let Some(tenant) = tenant {
        let published = publish_own(tx.conn(), clock, tenant, effective_at, body, by).await?;
        return Ok(published.is_some());
    }
    let inserted = sqlx::query!(
        "insert into platform_terms (id, effective_at, body, published_at, published_by)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
        TermsId::new(clock) as TermsId,
        effective_at,
        body,
        clock.now(),
        by
    )
    .execute(tx.conn())
    .await?;
    let published = inserted.rows_affected() > 0;
    if published {
        notify::changed(tx.conn()).await?;
    }
    Ok(published)
}

/// Publishes a version of the transaction's union, as its staff want it. Returns `None` if the union has one with this
/// date already.
pub async fn publish_by_staff(
    tx: &mut TenantTx,
    clock: &Clock,
    effective_at: DateTime<Utc>,
    body: &str,
    by: &str,
) -> Result<Option<TermsId>, sqlx::Error> {
    let tenant = tx.tenant();
    publish_own(tx.conn(), clock, tenant, effective_at, body, by).await
}

async fn publish_own(
    conn: &mut PgConnection,
    clock: &Clock,
    tenant: TenantId,
    effective_at: DateTime<Utc>,
    body: &str,
    by: &str,
) -> Result<Option<TermsId>, sqlx::Error> {
    let published = sqlx::query_scalar!(
        r#"insert into tenant_terms (tenant_id, id, effective_at, body, published_at, published_by)
           values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning id as "id: TermsId""#,
        tenant as TenantId,
        TermsId::new(clock) as TermsId,
        effective_at,
        body,
        clock.now(),
        by
    )
    .fetch_optional(&mut *conn)
    .await?;
    if published.is_some() {
        notify::changed(conn).await?;
    }
    Ok(published)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f3_a_unions_own_terms_come_before_the_platforms_once_they_are_in_force() {
        let (union, other) = (TenantId::new(&Clock::System), TenantId::new(&Clock::System));
        let at = |day: &str| format!("{day}T00:00:00Z").parse::<DateTime<Utc>>().unwrap();
        let version = |tenant, day: &str, body: &str| {
            let id = TermsId::new(&Clock::System);
            let (published_at, published_by) = (at("2026-01-01"), "kosmo".to_owned());
            let (effective_at, body) = (at(day), body.to_owned());
            Arc::new(TermsVersion { id, tenant, effective_at, body, published_at, published_by })
        };
        let all = [
            version(Some(union), "2026-06-01", "own"),
            version(None, "2026-05-01", "platform 2"),
            version(None, "2026-04-01", "platform 1"),
        ];
        let (with_own, without) =
            (Terms::of(union, &all).unwrap(), Terms::of(other, &all).unwrap());
        for (day, own, others) in [
            ("2026-03-01", "platform 1", "platform 1"),
            ("2026-04-01", "platform 1", "platform 1"),
            ("2026-05-31", "platform 2", "platform 2"),
            ("2026-06-01", "own", "platform 2"),
        ] {
            assert_eq!(with_own.in_force(at(day)).body, own, "{day}");
            assert_eq!(without.in_force(at(day)).body, others, "{day}");
        }
        assert_eq!(Terms::of(union, &all[..1]), None);
    }
}
