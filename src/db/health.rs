//! Checks of a database for `kosmo doctor`.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, Row as _};

use super::{Db, connection};

/// The server as the configured user sees it.
#[derive(Debug)]
pub struct Server {
    pub major: i32,
    pub user: String,
    /// True if the user bypasses row-level security and could read every union's rows.
    pub all_powerful: bool,
    /// True if nothing can be written, as on a standby.
    pub read_only: bool,
    /// True if the user may act as the server's role and the worker's, as in a trial.
    pub acts_as_all: bool,
}

/// Asks the server about itself and the configured user.
pub async fn look(options: &PgConnectOptions) -> Result<Server, sqlx::Error> {
    let mut connection = connection::plain(options.clone()).connect().await?;
    let asked = sqlx::raw_sql(
        "select current_setting('server_version_num')::integer / 10000 as major, rolname::text as name,
                rolsuper or rolbypassrls as all_powerful,
                current_setting('transaction_read_only')::boolean as read_only,
                (select count(*) = 2 from pg_roles r where r.rolname in ('kosmo_server', 'kosmo_worker')
                 and pg_has_role(session_user, r.oid, 'member')) as acts_as_all
         from pg_roles where rolname = session_user",
    );
    let row = connection.fetch_one(asked).await?;
    Ok(Server {
        major: row.try_get("major")?,
        user: row.try_get("name")?,
        all_powerful: row.try_get("all_powerful")?,
        read_only: row.try_get("read_only")?,
        acts_as_all: row.try_get("acts_as_all")?,
    })
}

/// Lists the tables with a `tenant_id` but without forced row-level security, except the platform's
/// own.
pub async fn unprotected_tables(db: &Db) -> Result<Vec<String>, sqlx::Error> {
    let mut tx = db.platform().await?;
    sqlx::query_scalar(
        "select c.relname::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
           and c.relname not in ('tenant_hosts', 'tenant_policies', 'tenant_terms', 'queue_turns')
           and not (c.relrowsecurity and c.relforcerowsecurity)
         order by 1",
    )
    .fetch_all(tx.conn())
    .await
}
