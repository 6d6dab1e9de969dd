//! `infra/scale/distribute.sql` lists every table, each after the tables that its foreign keys refer
//! to.

use sqlx::Row as _;

use crate::support::world::World;

const DISTRIBUTE: &str = include_str!("../../../infra/scale/distribute.sql");

/// Returns the tables listed with the mark `begin`, in order.
fn named(begin: &str, end: char) -> Vec<&'static str> {
    let pieces = DISTRIBUTE.split(begin).skip(1);
    pieces.map(|piece| piece.split(end).next().unwrap()).collect()
}

#[tokio::test]
async fn every_table_of_a_union_is_spread_and_every_other_has_a_place() {
    let world = World::empty().await;
    let tables = sqlx::query(
        "select relname::text as name,
                exists (select from pg_policies where tablename = relname
                        and qual = '(tenant_id = current_tenant())') as of_a_union
         from pg_class
         where relkind in ('r', 'p') and not relispartition
           and relnamespace = 'public'::regnamespace and relname <> '_sqlx_migrations' order by 1",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    let mut spread = named("select create_distributed_table('", '\'');
    let mut others = named("select create_reference_table('", '\'');
    others.extend(named("-- local: ", '\n'));
    spread.sort_unstable();
    others.sort_unstable();
    let of = |union: bool| -> Vec<String> {
        let of = tables.iter().filter(|table| table.get::<bool, _>("of_a_union") == union);
        of.map(|table| table.get("name")).collect()
    };
    assert_eq!(spread, of(true));
    assert_eq!(others, of(false));
    let beside = DISTRIBUTE.matches("', 'tenant_id', colocate_with => 'households');").count();
    assert_eq!(beside, spread.len() - 1, "all rows of a union lie together");
}

#[tokio::test]
async fn a_table_is_spread_after_those_that_its_keys_name() {
    let world = World::empty().await;
    let keys = sqlx::query(
        "select conrelid::regclass::text as owner, confrelid::regclass::text as named
         from pg_constraint where contype = 'f' and conparentid = 0
           and connamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    assert!(keys.len() > 20);
    let spread = named("select create_distributed_table('", '\'');
    let everywhere = named("select create_reference_table('", '\'');
    let place = |table: &str| spread.iter().position(|spread| *spread == table);
    for key in keys {
        let (owner, named): (String, String) = (key.get("owner"), key.get("named"));
        if place(&owner).is_some() && !everywhere.contains(&named.as_str()) {
            assert!(place(&named) < place(&owner), "{owner} refers to {named}");
        }
    }
}

/// Citus can spread neither. The transaction that writes, and the statement that reads, do their work instead.
#[tokio::test]
async fn no_trigger_and_no_function_stands_in_the_way() {
    let world = World::empty().await;
    let mut admin = world.database.admin().await;
    let triggers: Vec<String> =
        sqlx::query_scalar("select tgname::text from pg_trigger where not tgisinternal order by 1")
            .fetch_all(&mut admin)
            .await
            .unwrap();
    let functions: Vec<String> = sqlx::query_scalar(
        "select proname::text from pg_proc
         where pronamespace = 'public'::regnamespace and prokind = 'f' order by 1",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(triggers, Vec::<String>::new());
    assert_eq!(functions, ["current_tenant"], "the one that row-level security asks");
}
