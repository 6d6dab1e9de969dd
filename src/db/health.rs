//! Looks at a database from outside: for `kosmo doctor`.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use super::Db;

/// The server as the configured user finds it.
#[derive(Debug)]
pub struct Server {
    pub major: i32,
    pub user: String,
    /// Whether the user could read every union's rows.
    pub all_powerful: bool,
}

/// # Errors
/// The database's.
pub async fn look(options: &PgConnectOptions) -> Result<Server, sqlx::Error> {
    let mut connection = options.connect().await?;
    let row = sqlx::query(
        "select current_setting('server_version_num')::integer / 10000 as major, rolname::text,
                rolsuper or rolbypassrls as all_powerful
         from pg_roles where rolname = current_user",
    )
    .fetch_one(&mut connection)
    .await?;
    Ok(Server {
        major: row.try_get("major")?,
        user: row.try_get("rolname")?,
        all_powerful: row.try_get("all_powerful")?,
    })
}

/// Tables with a `tenant_id` but without forced row-level security, besides the platform's own.
///
/// # Errors
/// The database's.
pub async fn unprotected_tables(db: &Db) -> Result<Vec<String>, sqlx::Error> {
    let mut tx = db.platform().await?;
    sqlx::query_scalar(
        "select c.relname::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
           and c.relname not in ('tenant_hosts', 'tenant_policies', 'tenant_terms')
           and not (c.relrowsecurity and c.relforcerowsecurity)
         order by 1",
    )
    .fetch_all(tx.conn())
    .await
}
