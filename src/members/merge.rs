//! The second half of an import of members. It brings the rows of the staging table into the registry with set-based
//! statements.

use chrono::NaiveDate;

use super::keys;
use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::import::Counts;

/// Makes the registry equal to an import's rows. People who are not in the file stay as they are.
pub(super) async fn merge(
    tx: &mut TenantTx,
    clock: &Clock,
    import: BatchId,
    as_of: NaiveDate,
) -> Result<Counts, sqlx::Error> {
    let counts = compare(tx, import, as_of).await?;
    merge_households(tx, import, as_of).await?;
    keep_former_households(tx, import).await?;
    merge_members(tx, import).await?;
    keys::follow_import(tx, import).await?;
    open_logins(tx, clock, import).await?;
    Ok(counts)
}

/// Counts the changes before anything is written. If a household's numbers change, all its people in the file count
/// as changed.
async fn compare(
    tx: &mut TenantTx,
    import: BatchId,
    as_of: NaiveDate,
) -> Result<Counts, sqlx::Error> {
    sqlx::query_as!(
        Counts,
        r#"select count(*) filter (where not known) as "added!",
                  count(*) filter (where known and changes) as "changed!",
                  count(*) filter (where known and not changes) as "unchanged!"
           from (
               select m.code is not null as known,
                      (m.household_code, m.branch, m.name, m.kana, m.birthdate, m.relation,
                       m.acquired_on, m.lost_on)
                          is distinct from
                      (s.household_code, s.branch, s.name, s.kana, s.birthdate, s.relation,
                       s.acquired_on, s.lost_on)
                      or i.row is not null
                         and (h.insurer_number, n.symbol, n.number)
                             is distinct from (i.insurer_number, i.symbol, i.number) as changes
               from staged_members s
               left join members m on m.tenant_id = $1 and m.code = s.person_code
               left join staged_members i
                 on i.tenant_id = $1 and i.import_id = $2 and i.person_code = s.household_code
                    and i.relation = 'insured'
               left join households h on h.tenant_id = $1 and h.code = i.person_code
               left join lateral (
                   select n.symbol, n.number from household_numbers n
                   where n.tenant_id = $1 and n.household_code = i.person_code
                     and n.valid_from <= $3
                   order by n.valid_from desc limit 1
               ) n on true
               where s.tenant_id = $1 and s.import_id = $2
           ) compared"#,
        tx.tenant() as TenantId,
        import as BatchId,
        as_of
    )
    .fetch_one(tx.conn())
    .await
}

/// Writes households, and the numbers by which they are known.
async fn merge_households(
    tx: &mut TenantTx,
    import: BatchId,
    as_of: NaiveDate,
) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    sqlx::query!(
        "insert into households (tenant_id, code, insurer_number)
         select s.tenant_id, s.person_code, s.insurer_number from staged_members s
         where s.tenant_id = $1 and s.import_id = $2 and s.relation = 'insured'
         on conflict (tenant_id, code) do update set insurer_number = excluded.insurer_number
             where households.insurer_number <> excluded.insurer_number",
        tenant as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await?;
    // A household's first numbers are valid from the day of acquisition, later ones from the file's day.
    sqlx::query!(
        "insert into household_numbers (tenant_id, household_code, valid_from, symbol, number)
         select s.tenant_id, s.person_code,
                case when last.symbol is null then least(s.acquired_on, $3) else $3 end,
                s.symbol, s.number
         from staged_members s
         left join lateral (
             select n.symbol, n.number from household_numbers n
             where n.tenant_id = $1 and n.household_code = s.person_code and n.valid_from <= $3
             order by n.valid_from desc limit 1
         ) last on true
         where s.tenant_id = $1 and s.import_id = $2 and s.relation = 'insured'
           and (last.symbol, last.number) is distinct from (s.symbol, s.number)
         on conflict (tenant_id, household_code, valid_from)
             do update set symbol = excluded.symbol, number = excluded.number",
        tenant as TenantId,
        import as BatchId,
        as_of
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Records the household that a person leaves. The person's expenses stay with it, and the person can still read
/// them.
async fn keep_former_households(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into former_households (tenant_id, member_code, household_code)
         select m.tenant_id, m.code, m.household_code
         from staged_members s
         join members m on m.tenant_id = $1 and m.code = s.person_code
         where s.tenant_id = $1 and s.import_id = $2 and m.household_code <> s.household_code
         on conflict do nothing",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

async fn merge_members(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into members (tenant_id, code, household_code, branch, name, kana, birthdate,
                              relation, acquired_on, lost_on)
         select s.tenant_id, s.person_code, s.household_code, s.branch, s.name, s.kana, s.birthdate,
                s.relation, s.acquired_on, s.lost_on
         from staged_members s where s.tenant_id = $1 and s.import_id = $2
         on conflict (tenant_id, code) do update set
             household_code = excluded.household_code, branch = excluded.branch,
             name = excluded.name, kana = excluded.kana, birthdate = excluded.birthdate,
             relation = excluded.relation, acquired_on = excluded.acquired_on,
             lost_on = excluded.lost_on
         where (members.household_code, members.branch, members.name, members.kana,
                members.birthdate, members.relation, members.acquired_on, members.lost_on)
             is distinct from
               (excluded.household_code, excluded.branch, excluded.name, excluded.kana,
                excluded.birthdate, excluded.relation, excluded.acquired_on, excluded.lost_on)",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Opens a login for each person who has a user ID in the file and no login yet. A person with a login who has
/// neither set a password nor confirmed an address gets the address of the file.
async fn open_logins(tx: &mut TenantTx, clock: &Clock, import: BatchId) -> Result<(), sqlx::Error> {
    let tenant = tx.tenant();
    sqlx::query!(
        "with newcomers as materialized (
             select s.login_id, s.person_code, s.user_id, s.email, s.by_letter,
                    s.initial_password_hash
             from staged_members s
             where s.tenant_id = $1 and s.import_id = $2 and s.user_id is not null
               and not exists (select from subscribers b
                               where b.tenant_id = $1 and b.member_code = s.person_code)
         ), opened as (
             insert into logins (tenant_id, realm, id, user_id, email, created_at)
             select $1, $4, login_id, user_id, email, $3 from newcomers returning true
         ), stands as (
         insert into subscribers (tenant_id, login_id, member_code, initial_credential,
                                  initial_password_hash, initial_issued_at)
         select $1, login_id, person_code,
                case when by_letter then 'letter' else 'formula' end, initial_password_hash, $3
         from newcomers
         returning true
         )
         select count(*) from stands",
        tenant as TenantId,
        import as BatchId,
        clock.now(),
        Subscribers::NAME
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        "update logins l set email = s.email
         from subscribers b
         join staged_members s on s.tenant_id = b.tenant_id and s.person_code = b.member_code
         where l.tenant_id = $1 and l.realm = $3 and b.tenant_id = $1 and b.login_id = l.id
           and s.tenant_id = $1 and s.import_id = $2 and l.password_set_at is null
           and l.email_confirmed_at is null and s.email is not null
           and l.email is distinct from s.email",
        tenant as TenantId,
        import as BatchId,
        Subscribers::NAME
    )
    .execute(tx.conn())
    .await
    .map(drop)
}
