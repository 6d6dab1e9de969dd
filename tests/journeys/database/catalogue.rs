//! T15, checked in the database's own catalogue: every table of a union has row-level security.

use kosmo::db::{Db, DbRole};
use sqlx::Row as _;

use crate::support::world::{World, tester};

/// The platform's own tables. They are read before any union is known, and hold no personal data.
const PLATFORM_TABLES: [&str; 10] = [
    "tenants",
    "tenant_hosts",
    "tenant_policies",
    "platform_terms",
    "tenant_terms",
    "maintenance_windows",
    "mail_rates",
    "sns_messages",
    "queue_turns",
    "_sqlx_migrations",
];

#[tokio::test]
async fn t15_every_table_of_a_union_is_guarded() {
    let world = World::empty().await;
    let tables = sqlx::query(
        "select c.relname::text as name, c.relrowsecurity and c.relforcerowsecurity as guarded,
                r.rolname::text as owner, r.rolsuper or r.rolbypassrls as unguarded_owner,
                exists (select from pg_policies p where p.tablename = c.relname
                        and p.qual = '(tenant_id = current_tenant())' and p.roles = '{public}') as own
         from pg_class c join pg_roles r on r.oid = c.relowner
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    assert!(tables.len() > PLATFORM_TABLES.len() + 5);
    for table in tables {
        let name: String = table.get("name");
        assert_eq!(table.get::<String, _>("owner"), "kosmo_owner", "{name}");
        assert!(!table.get::<bool, _>("unguarded_owner"));
        if !PLATFORM_TABLES.contains(&name.as_str()) {
            assert!(table.get::<bool, _>("guarded"), "{name}: row-level security is not forced");
            assert!(table.get::<bool, _>("own"), "{name}: has no policy of its own tenant");
        }
    }
}

/// ASVS 6.3.2: a new installation has no default accounts.
#[tokio::test]
async fn a_new_database_has_nobody_in_it() {
    let world = World::empty().await;
    for table in ["logins", "members", "sessions"] {
        assert_eq!(world.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}

/// Apps and passkeys share a table; neither can lack what its kind needs, nor have what the other's does.
#[tokio::test]
async fn a_device_has_what_its_kind_has_and_nothing_else() {
    let world = World::new().await;
    let app = [("secret", "'\\x00'"), ("key_id", "'k'"), ("last_step", "1")];
    let passkey = [("credential_id", "'\\x00'"), ("credential", "'{}'")];
    for (kind, columns, fits) in [
        ("totp", app.to_vec(), true),
        ("totp", app[..2].to_vec(), false),
        ("totp", [app.as_slice(), &passkey].concat(), false),
        ("totp", Vec::new(), false),
        ("passkey", passkey.to_vec(), true),
        ("passkey", passkey[..1].to_vec(), false),
        ("passkey", app.to_vec(), false),
        ("email_code", Vec::new(), false),
    ] {
        let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let (names, values) = (names.join(", "), values.join(", "));
        let comma = if names.is_empty() { "" } else { "," };
        let device = format!(
            "insert into devices (tenant_id, realm, id, login_id, kind, name, created_at{comma} {names})
             select tenant_id, realm, gen_random_uuid(), id, '{kind}', 'x', now(){comma} {values}
             from logins order by id limit 1"
        );
        let mut admin = world.database.admin().await;
        let added = sqlx::query(sqlx::AssertSqlSafe(device)).execute(&mut admin).await;
        assert_eq!(added.is_ok(), fits, "{kind} with {names}: {added:?}");
    }
}

#[tokio::test]
async fn t15_the_tenant_leads_every_key() {
    let world = World::empty().await;
    let keys = sqlx::query(
        "select c.conname::text as name, c.conrelid::regclass::text as owner, a.attname::text as first
         from pg_constraint c
         join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
         where c.contype in ('p', 'u', 'f') and c.connamespace = 'public'::regnamespace
         union all
         select i.relname::text, x.indrelid::regclass::text, a.attname::text
         from pg_index x join pg_class i on i.oid = x.indexrelid
         join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
         where x.indisunique and i.relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    assert!(keys.len() > 15);
    for key in keys {
        let owner: String = key.get("owner");
        if !PLATFORM_TABLES.contains(&owner.as_str()) {
            let name: String = key.get("name");
            assert_eq!(key.get::<String, _>("first"), "tenant_id", "{owner}.{name}");
        }
    }
}

#[tokio::test]
async fn t15_no_role_of_ours_can_pass_by_the_guard() {
    let world = World::new().await;
    let roles = sqlx::query(
        "select rolname::text as name, rolsuper or rolbypassrls or rolcanlogin or rolcreaterole as strong
         from pg_roles where rolname like 'kosmo\\_%' and rolname <> 'kosmo_admin'",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    assert_eq!(roles.len(), 4);
    for role in roles {
        assert!(!role.get::<bool, _>("strong"), "{}", role.get::<String, _>("name"));
    }
}

#[tokio::test]
async fn t15_without_a_tenant_the_server_sees_no_row_and_with_one_only_its_own() {
    let world = World::new().await;
    let readable = [
        "households",
        "household_numbers",
        "members",
        "logins",
        "sessions",
        "expenses",
        "record_notices",
    ];
    let server = Db::new(world.database.options.clone(), DbRole::Server, 2);
    for table in readable {
        let all = world.count(&format!("select count(*) from {table}")).await;
        assert!(all > 0 || table == "sessions", "{table} has rows to hide");
        let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let mut outside = server.platform().await.unwrap();
        let seen: i64 = sqlx::query_scalar(count).fetch_one(outside.conn()).await.unwrap();
        assert_eq!(seen, 0, "{table}");
        drop(outside);
        let mut inside = server.tenant(world.tenant("jomkenpo"), &tester()).await.unwrap();
        let others = format!("select count(*) from {table} where tenant_id <> current_tenant()");
        let seen: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(others)).fetch_one(inside.conn()).await.unwrap();
        assert_eq!(seen, 0, "{table}");
    }
    // The setting ends with its transaction, even on the same connection.
    let mut tx = server.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("select count(*) from expenses").fetch_one(tx.conn()).await.unwrap();
    assert!(seen > 0);
    tx.commit().await.unwrap();
    let mut after = server.platform().await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("select count(*) from expenses").fetch_one(after.conn()).await.unwrap();
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn t15_the_server_can_not_write_into_another_union() {
    let world = World::new().await;
    let server = Db::new(world.database.options.clone(), DbRole::Server, 1);
    let mut tx = server.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    let forged = sqlx::query(
        "insert into audit_events (tenant_id, id, at, actor_kind, actor_roles, action, outcome, detail)
         values ($1, gen_random_uuid(), now(), 'system', '{}', 'forged', 'ok', '{}')",
    )
    .bind(world.tenant("jomkenpo"))
    .execute(tx.conn())
    .await;
    assert!(forged.unwrap_err().to_string().contains("row-level security"));
    drop(tx);
    let mut tx = server.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    let rewritten = sqlx::query("update audit_events set action = 'x'").execute(tx.conn()).await;
    assert!(
        rewritten.unwrap_err().to_string().contains("permission denied"),
        "the trail is append-only"
    );
}
