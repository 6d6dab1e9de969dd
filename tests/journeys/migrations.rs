//! Migrations meet rows that were there before them.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use crate::support::database::TestDatabase;

/// Runs the migrations of these numbers, as `kosmo migrate` would.
async fn run(connection: &mut PgConnection, numbers: std::ops::RangeInclusive<u32>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let number = name.split('_').next().unwrap().parse().unwrap();
        if numbers.contains(&number) {
            let text = std::fs::read_to_string(&file).unwrap();
            let text = format!("begin; set local role kosmo_owner; {text}; commit");
            let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await;
            done.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[tokio::test]
async fn people_who_were_there_before_the_first_sign_in_keep_what_they_have() {
    let database = TestDatabase::bare().await;
    let mut connection = database.admin().await;
    let roles = include_str!("../../src/db/roles.sql");
    connection.execute(sqlx::raw_sql(roles)).await.unwrap();
    run(&mut connection, 1..=5).await;
    let rows = "
        insert into tenants values (gen_random_uuid(), 'old', now());
        set kosmo.tenant_id = '';
        select set_config('kosmo.tenant_id', (select id::text from tenants), false);
        insert into households (code, insurer_number) values ('H', '06139927');
        insert into members (code, household_code, branch, name, kana, birthdate, relation, acquired_on)
            select code, 'H', '00', 'x', 'x', '1979-08-22', 'other', '2010-04-01'
            from unnest(array['own', 'letter', 'formula']) code;
        insert into accounts (id, member_code, user_id, initial_credential, password_hash,
                              password_set_at, created_at)
            select gen_random_uuid(), code, code, nullif(code, 'own'),
                   case code when 'own' then 'hash' end,
                   case code when 'own' then timestamptz '2026-05-01' end, timestamptz '2026-04-01'
            from unnest(array['own', 'letter', 'formula']) code";
    connection.execute(sqlx::raw_sql(rows)).await.unwrap();
    run(&mut connection, 6..=u32::MAX).await;
    let accounts = "select user_id, registered_at = timestamptz '2026-05-01' as registered,
                           initial_issued_at = timestamptz '2026-04-01' as issued
                    from accounts order by user_id";
    let accounts: Vec<(String, Option<bool>, Option<bool>)> = connection
        .fetch_all(accounts)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let expected = [
        ("formula".to_owned(), None, Some(true)),
        ("letter".to_owned(), None, Some(true)),
        ("own".to_owned(), Some(true), None),
    ];
    assert_eq!(accounts, expected);
    let guarded = "select relforcerowsecurity from pg_class where relname = 'accounts'";
    assert!(connection.fetch_one(guarded).await.unwrap().get::<bool, _>(0));
}

#[tokio::test]
async fn expenses_that_were_there_before_the_partitions_are_still_seen() {
    let database = TestDatabase::bare().await;
    let mut connection = database.admin().await;
    let roles = include_str!("../../src/db/roles.sql");
    connection.execute(sqlx::raw_sql(roles)).await.unwrap();
    run(&mut connection, 1..=14).await;
    // Two unions with the same numbers and codes, and a notice each side of a year's end.
    for slug in ["one", "two"] {
        let rows = format!(
            "insert into tenants values (gen_random_uuid(), '{slug}', now());
             select set_config('kosmo.tenant_id',
                               (select id::text from tenants where slug = '{slug}'), false);
             insert into households (code, insurer_number) values ('H', '06139927');
             insert into members (code, household_code, branch, name, kana, birthdate, relation,
                                  acquired_on)
                 values ('H', 'H', '00', 'x', 'x', '1979-08-22', 'insured', '2010-04-01');
             insert into expenses (claim_number, member_code, household_code, notice_month,
                                   treatment_month, institution, care, days, total_yen, insurer_yen,
                                   public_yen, out_of_pocket_yen, remarks, batch_id)
                 select 'C' || n, 'H', 'H', month, '2025-10-01', '', 'dental', 1, 1000, 700, 0, 300, '',
                        gen_random_uuid()
                 from (values (1, date '2025-12-01'), (2, date '2026-01-01')) v (n, month)"
        );
        connection.execute(sqlx::raw_sql(AssertSqlSafe(rows))).await.unwrap();
    }
    connection.execute("select set_config('kosmo.tenant_id', '', false)").await.unwrap();
    run(&mut connection, 15..=u32::MAX).await;
    let seen = "select count(*), count(distinct tenant_id), count(distinct tableoid),
                       sum(out_of_pocket_yen)::bigint from expenses e
                where exists (select from expense_claims c
                              where (c.tenant_id, c.claim_number, c.household_code, c.notice_month)
                                  = (e.tenant_id, e.claim_number, e.household_code, e.notice_month))
                  and exists (select from expense_notices n
                              where (n.tenant_id, n.month) = (e.tenant_id, e.notice_month))";
    let row = connection.fetch_one(seen).await.unwrap();
    let seen: [i64; 4] = std::array::from_fn(|column| row.get(column));
    assert_eq!(seen, [4, 2, 2, 1200]);
}
