//! The second half of an import of members: from the staging table into the registry, a set at a
//! time.

use std::collections::HashSet;

use crate::base::clock::Clock;
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::import::batches::{self, Kind};
use crate::import::columns::Layout;
use crate::import::{Counts, RowErrors};
use chrono::NaiveDate;

use super::import::COLUMNS;
/// An import at a time a union, and a place for its rows that ends with the transaction.
pub(super) async fn prepare(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    batches::lock(tx, Kind::Members).await?;
    let tables = [
        "create temporary table staged_members (
             row bigint not null, code text not null, household_code text not null,
             insurer_number text not null, symbol text not null, number text not null,
             branch text not null, name text not null, kana text not null,
             birthdate date not null, relation text not null, acquired_on date not null,
             lost_on date, user_id text, account_id uuid not null, email text,
             by_letter boolean not null, initial_password_hash text
         ) on commit drop",
        "create temporary table touched_households (code text not null) on commit drop",
        "create temporary table touched_members (code text not null) on commit drop",
    ];
    for table in tables {
        sqlx::query(table).execute(tx.conn()).await?;
    }
    Ok(())
}

struct Rule {
    /// Gives the rows it finds wrong, and what to name in the message.
    query: &'static str,
    column: &'static str,
    message: &'static str,
}

/// How rows may contradict each other or the registry.
const RULES: [Rule; 8] = [
    Rule {
        query: "select row, first::text
                from (select row, min(row) over (partition by code) as first
                      from staged_members) same
                where row > first",
        column: "person_code",
        message: "同じ個人コードが{}行目にもあります",
    },
    Rule {
        query: "select s.row, s.household_code from staged_members s
                where not exists (select from staged_members i
                                  where i.code = s.household_code and i.relation = 'insured')
                  and not exists (select from members m
                                  where m.code = s.household_code and m.relation = 'insured'
                                    and not exists (select from staged_members x
                                                    where x.code = m.code))",
        column: HOUSEHOLD,
        message: "世帯の被保険者（本人）「{}」が見つかりません",
    },
    Rule {
        query: "select row, code from staged_members
                where (relation = 'insured') <> (code = household_code)",
        column: "relation",
        message: "続柄が本人の行は個人コードと世帯コードを同じに、家族の行は別にしてください（{}）",
    },
    Rule {
        query: "select s.row, i.row::text
                from staged_members s join staged_members i
                  on i.code = s.household_code and i.relation = 'insured' and i.row <> s.row
                where (s.insurer_number, s.symbol, s.number)
                   <> (i.insurer_number, i.symbol, i.number)",
        column: "number",
        message: "世帯の被保険者（{}行目）と保険者番号・記号・番号が違います",
    },
    Rule {
        query: "select s.row, s.household_code
                from staged_members s
                join households h on h.code = s.household_code
                join current_numbers n on n.household_code = h.code
                where not exists (select from staged_members i where i.code = s.household_code)
                  and (s.insurer_number, s.symbol, s.number)
                   <> (h.insurer_number, n.symbol, n.number)",
        column: "number",
        message: "登録されている世帯「{}」と保険者番号・記号・番号が違います",
    },
    Rule {
        query: "select row, first::text
                from (select row, min(row) over (
                          partition by insurer_number, symbol, number, branch) as first
                      from staged_members where lost_on is null) same
                where row > first",
        column: "branch",
        message: "{}行目の人と記号・番号・枝番が同じです",
    },
    Rule {
        query: "select s.row, m.code
                from staged_members s
                join current_numbers n on (n.symbol, n.number) = (s.symbol, s.number)
                join households h
                  on h.code = n.household_code and h.insurer_number = s.insurer_number
                join members m on m.household_code = h.code and m.branch = s.branch
                where s.lost_on is null and m.lost_on is null
                  and not exists (select from staged_members x where x.code = m.code)",
        column: "branch",
        message: "登録されている人「{}」と記号・番号・枝番が同じです",
    },
    // Whoever has an account keeps the ID they have, so their row's is not looked at.
    Rule {
        query: "select s.row, coalesce(t.row::text || '行目', '登録済み')
                from staged_members s
                left join lateral (select min(row) as row from staged_members o
                                   where o.user_id = s.user_id and o.code <> s.code) t on true
                where not exists (select from subscribers b
                                  where b.tenant_id = current_tenant() and b.member_code = s.code)
                  and (t.row < s.row
                       or exists (select from logins a
                                   where a.tenant_id = current_tenant() and a.realm = 'subscriber'
                                     and a.user_id = s.user_id))",
        column: "user_id",
        message: "ユーザIDが{}の人と同じです",
    },
];

const HOUSEHOLD: &str = "household_code";

/// Notes what is wrong with the staged rows as a whole. `unread` are the codes of rows that have
/// mistakes of their own: a family is not told that its head is missing then.
pub(super) async fn check(
    tx: &mut TenantTx,
    layout: &Layout,
    unread: &HashSet<String>,
    errors: &mut RowErrors,
) -> Result<(), sqlx::Error> {
    for statement in [
        "create index on staged_members (code)",
        "create index on staged_members (user_id)",
        "analyze staged_members",
    ] {
        sqlx::query(statement).execute(tx.conn()).await?;
    }
    for Rule { query, column, message } in RULES {
        let query = format!(
            "with current_numbers as (
                 select distinct on (household_code) household_code, symbol, number
                 from household_numbers order by household_code, valid_from desc
             )
             select row, detail from ({query}) found (row, detail) order by row limit 1001"
        );
        let query = sqlx::AssertSqlSafe(query);
        let found: Vec<(i64, String)> = sqlx::query_as(query).fetch_all(tx.conn()).await?;
        let told =
            found.iter().filter(|(_, detail)| column != HOUSEHOLD || !unread.contains(detail));
        for (row, detail) in told {
            let heading = layout.heading_of(&COLUMNS, column);
            errors.add(row.unsigned_abs(), heading, message.replace("{}", detail));
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
    merge_households(tx, as_of).await?;
    keep_former_households(tx).await?;
    let counts = merge_members(tx).await?;
    open_accounts(tx, clock).await?;
    Ok(counts)
}

/// Households and the numbers they go by.
async fn merge_households(tx: &mut TenantTx, as_of: NaiveDate) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with touched as (
             insert into households (code, insurer_number)
             select code, insurer_number from staged_members where relation = 'insured'
             on conflict (tenant_id, code) do update set insurer_number = excluded.insurer_number
                 where households.insurer_number <> excluded.insurer_number
             returning code
         )
         insert into touched_households select code from touched",
    )
    .execute(tx.conn())
    .await?;
    // The first numbers hold from the day of acquisition, later ones from the file's day.
    sqlx::query(
        "with touched as (
             insert into household_numbers (household_code, valid_from, symbol, number)
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
             returning household_code
         )
         insert into touched_households select household_code from touched",
    )
    .bind(as_of)
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Notes which household a person leaves: rows of theirs stay there, and they go on reading them.
async fn keep_former_households(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into former_households (tenant_id, member_code, household_code)
         select m.tenant_id, m.code, m.household_code
         from staged_members s join members m on m.tenant_id = $1 and m.code = s.code
         where m.household_code <> s.household_code
         on conflict do nothing",
    )
    .bind(tx.tenant())
    .execute(tx.conn())
    .await
    .map(drop)
}

/// A family whose numbers changed has changed, even where nothing else of it did.
async fn merge_members(tx: &mut TenantTx) -> Result<Counts, sqlx::Error> {
    let (all, known): (i64, i64) = sqlx::query_as(
        "select count(*), count(m.code) from staged_members s left join members m using (code)",
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query(
        "with touched as (
             insert into members (code, household_code, branch, name, kana, birthdate, relation,
                                  acquired_on, lost_on)
             select code, household_code, branch, name, kana, birthdate, relation, acquired_on,
                    lost_on
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
             returning code
         )
         insert into touched_members select code from touched",
    )
    .execute(tx.conn())
    .await?;
    let touched: i64 = sqlx::query_scalar(
        "select count(*) from staged_members
         where code in (select code from touched_members)
            or household_code in (select code from touched_households)",
    )
    .fetch_one(tx.conn())
    .await?;
    let added = all - known;
    Ok(Counts { added, changed: touched - added, unchanged: all - touched })
}

/// Opens accounts for those who have a user ID and none yet; whoever has not confirmed an address
/// yet gets the one the union knows now.
async fn open_accounts(tx: &mut TenantTx, clock: &Clock) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with newcomers as materialized (
             select s.* from staged_members s
             where s.user_id is not null
               and not exists (select from subscribers b
                               where b.tenant_id = $2 and b.member_code = s.code)
         ), opened as (
             insert into logins (tenant_id, realm, id, user_id, email, created_at)
             select $2, $3, n.account_id, n.user_id, n.email, $1 from newcomers n
         )
         insert into subscribers (tenant_id, login_id, member_code, initial_credential,
                                  initial_password_hash, initial_issued_at)
         select $2, n.account_id, n.code, case when n.by_letter then 'letter' else 'formula' end,
                n.initial_password_hash, $1
         from newcomers n",
    )
    .bind(clock.now())
    .bind(tx.tenant())
    .bind(Subscribers::NAME)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "update logins a set email = s.email
         from subscribers b join staged_members s on s.code = b.member_code
         where a.tenant_id = $1 and a.realm = $2 and b.tenant_id = $1 and a.id = b.login_id
           and a.password_hash is null and a.email_confirmed_at is null
           and s.email is not null and a.email is distinct from s.email",
    )
    .bind(tx.tenant())
    .bind(Subscribers::NAME)
    .execute(tx.conn())
    .await
    .map(drop)
}
