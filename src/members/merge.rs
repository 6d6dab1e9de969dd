//! The second half of an import of members: from the staging table into the registry, a set at a
//! time.

use std::collections::HashSet;

use crate::base::clock::Clock;
use crate::base::ids::AccountId;
use crate::db::TenantTx;
use crate::import::{Counts, RowErrors, batches};
use chrono::NaiveDate;

/// An import at a time a union, and a place for its rows that ends with the transaction.
pub(super) async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    batches::lock(tx, "members").await?;
    sqlx::query(
        "create temporary table staged_members (
             row bigint not null, code text not null, household_code text not null,
             insurer_number text not null, symbol text not null, number text not null,
             branch text not null, name text not null, kana text not null,
             birthdate date not null, relation text not null, acquired_on date not null,
             lost_on date, user_id text, email text, by_letter boolean not null,
             initial_password_hash text
         ) on commit drop",
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Codes of those whose credentials exist already.
pub(super) async fn people_with_account(tx: &mut TenantTx) -> Result<HashSet<String>, sqlx::Error> {
    let codes =
        sqlx::query_scalar!("select member_code from accounts").fetch_all(tx.conn()).await?;
    Ok(codes.into_iter().collect())
}

/// Rows that contradict each other or the registry: a query a rule, each giving rows, the
/// importer's column, and what is wrong.
const RULES: [(&str, usize, &str); 6] = [
    (
        "select row, first::text as detail
         from (select row, min(row) over (partition by code) as first from staged_members) same
         where row > first",
        0,
        "同じ人が{}行目にもあります",
    ),
    (
        "select s.row, s.household_code as detail from staged_members s
         where not exists (select from staged_members i
                           where i.code = s.household_code and i.relation = 'insured')
           and not exists (select from members m
                           where m.code = s.household_code and m.relation = 'insured')",
        1,
        "世帯の被保険者（本人）「{}」が見つかりません",
    ),
    (
        "select row, code as detail from staged_members
         where (relation = 'insured') <> (code = household_code)",
        9,
        "本人の個人コードと世帯コードは同じ、家族では違うはずです（{}）",
    ),
    (
        "select s.row, i.row::text as detail
         from staged_members s join staged_members i
           on i.code = s.household_code and i.row <> s.row
         where (s.insurer_number, s.symbol, s.number) <> (i.insurer_number, i.symbol, i.number)",
        4,
        "世帯の被保険者（{}行目）と保険者番号・記号・番号が違います",
    ),
    (
        "select row, first::text as detail
         from (select row, min(row) over (partition by insurer_number, symbol, number, branch)
                      as first
               from staged_members where lost_on is null) same
         where row > first",
        5,
        "{}行目の人と記号・番号・枝番が同じです",
    ),
    (
        "select s.row, coalesce(t.row::text || '行目', '登録済み') as detail
         from staged_members s
         left join lateral (select min(row) as row from staged_members o
                            where o.user_id = s.user_id and o.code <> s.code) t on true
         where t.row < s.row
            or exists (select from accounts a
                       where a.user_id = s.user_id and a.member_code <> s.code)",
        12,
        "ユーザIDが{}の人と同じです",
    ),
];

/// Notes what is wrong with the staged rows as a whole.
pub(super) async fn check(
    tx: &mut TenantTx,
    heading: &dyn Fn(usize) -> String,
    errors: &mut RowErrors,
) -> Result<(), sqlx::Error> {
    sqlx::query("create index on staged_members (code)").execute(tx.conn()).await?;
    sqlx::query("create index on staged_members (user_id)").execute(tx.conn()).await?;
    sqlx::query("analyze staged_members").execute(tx.conn()).await?;
    for (rule, column, message) in RULES {
        let found: Vec<(i64, String)> = sqlx::query_as(rule).fetch_all(tx.conn()).await?;
        for (row, detail) in found {
            errors.add(row.unsigned_abs(), &heading(column), message.replace("{}", &detail));
        }
    }
    Ok(())
}

/// Brings the registry in line with the staged rows.
pub(super) async fn merge(
    tx: &mut TenantTx,
    clock: &Clock,
    as_of: NaiveDate,
) -> Result<Counts, sqlx::Error> {
    let numbers = merge_households(tx, as_of).await?;
    let counts = merge_members(tx, &numbers).await?;
    open_accounts(tx, clock).await?;
    Ok(counts)
}

/// Households and the numbers they go by; gives the households whose numbers changed.
async fn merge_households(tx: &mut TenantTx, as_of: NaiveDate) -> Result<Vec<String>, sqlx::Error> {
    let mut changed: Vec<String> = sqlx::query_scalar(
        "insert into households (code, insurer_number)
         select code, insurer_number from staged_members where relation = 'insured'
         on conflict (tenant_id, code) do update set insurer_number = excluded.insurer_number
             where households.insurer_number <> excluded.insurer_number
         returning code",
    )
    .fetch_all(tx.conn())
    .await?;
    // The first numbers hold from the day of acquisition, later ones from the file's day.
    let renumbered: Vec<String> = sqlx::query_scalar(
        "insert into household_numbers (household_code, valid_from, symbol, number)
         select s.code, case when last.symbol is null then least(s.acquired_on, $1) else $1 end,
                s.symbol, s.number
         from staged_members s
         left join lateral (
             select symbol, number from household_numbers n
             where n.household_code = s.code and n.valid_from <= $1
             order by valid_from desc limit 1
         ) last on true
         where s.relation = 'insured'
           and (last.symbol, last.number) is distinct from (s.symbol, s.number)
         on conflict (tenant_id, household_code, valid_from)
             do update set symbol = excluded.symbol, number = excluded.number
         returning household_code",
    )
    .bind(as_of)
    .fetch_all(tx.conn())
    .await?;
    changed.extend(renumbered);
    Ok(changed)
}

async fn merge_members(tx: &mut TenantTx, renumbered: &[String]) -> Result<Counts, sqlx::Error> {
    let (all, known): (i64, i64) = sqlx::query_as(
        "select count(*), count(m.code) from staged_members s left join members m using (code)",
    )
    .fetch_one(tx.conn())
    .await?;
    let written: Vec<String> = sqlx::query_scalar(
        "insert into members (code, household_code, branch, name, kana, birthdate, relation,
                              acquired_on, lost_on)
         select code, household_code, branch, name, kana, birthdate, relation, acquired_on, lost_on
         from staged_members
         on conflict (tenant_id, code) do update set
             household_code = excluded.household_code, branch = excluded.branch,
             name = excluded.name, kana = excluded.kana, birthdate = excluded.birthdate,
             relation = excluded.relation, acquired_on = excluded.acquired_on,
             lost_on = excluded.lost_on
         where (members.household_code, members.branch, members.name, members.kana,
                members.birthdate, members.relation, members.acquired_on, members.lost_on)
             is distinct from
               (excluded.household_code, excluded.branch, excluded.name, excluded.kana,
                excluded.birthdate, excluded.relation, excluded.acquired_on, excluded.lost_on)
         returning code",
    )
    .fetch_all(tx.conn())
    .await?;
    // A family whose numbers changed has changed, even where nothing else of it did.
    let renumbered_only: i64 = sqlx::query_scalar(
        "select count(*) from staged_members
         where household_code = any($1) and not code = any($2)",
    )
    .bind(renumbered)
    .bind(&written)
    .fetch_one(tx.conn())
    .await?;
    let added = all - known;
    let changed = i64::try_from(written.len()).unwrap_or(i64::MAX) - added + renumbered_only;
    Ok(Counts { added, changed, unchanged: all - added - changed })
}

/// Opens accounts for those who have a user ID and none yet; whoever has not chosen an own
/// password yet gets the address the union knows now.
async fn open_accounts(tx: &mut TenantTx, clock: &Clock) -> Result<(), sqlx::Error> {
    let new: Vec<String> = sqlx::query_scalar(
        "select s.code from staged_members s
         where s.user_id is not null
           and not exists (select from accounts a where a.member_code = s.code)",
    )
    .fetch_all(tx.conn())
    .await?;
    let ids: Vec<AccountId> = new.iter().map(|_| AccountId::new(clock)).collect();
    sqlx::query(
        "insert into accounts (id, member_code, user_id, email, initial_credential,
                               initial_password_hash, created_at)
         select new.id, s.code, s.user_id, s.email,
                case when s.by_letter then 'letter' else 'formula' end,
                s.initial_password_hash, $3
         from unnest($1::uuid[], $2::text[]) as new (id, code)
         join staged_members s on s.code = new.code",
    )
    .bind(ids)
    .bind(new)
    .bind(clock.now())
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update accounts a set email = s.email from staged_members s
         where a.member_code = s.code and a.password_hash is null
           and s.email is not null and a.email is distinct from s.email",
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
