//! The keys by which staff find members: each member's names, birthdate and number, normalised, beside the registry.
//!
//! [`super::search`] normalises what is typed in the same way.

use crate::base::clock::Clock;
use crate::base::ids::{BatchId, TenantId};
use crate::db::TenantTx;
use crate::import::batches;
use crate::import::kind::ImportKind;

/// The worker looks after the keys for this long after an import, which a worker of the release before may have run.
const LOOKED_AFTER: chrono::Duration = chrono::Duration::days(1);

/// Writes the keys of the households that an import names, after it has changed them. A household's number is a key of
/// all its people, also of those who are not in the file.
pub(super) async fn follow_import(tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
    write(tx, Some(import)).await.map(drop)
}

/// Writes the keys of members who were there before the keys, or whom an earlier release has imported. Returns how many
/// were missing or wrong.
pub async fn catch_up(tx: &mut TenantTx, clock: &Clock) -> Result<u64, sqlx::Error> {
    let due = sqlx::query_scalar!(
        r#"select (exists (select from members where tenant_id = $1)
                   and not exists (select from member_keys where tenant_id = $1))
                  or exists (select from import_batches
                             where tenant_id = $1 and kind = $2 and imported_at > $3) as "due!""#,
        tx.tenant() as TenantId,
        ImportKind::Members.name(),
        clock.now() - LOOKED_AFTER
    )
    .fetch_one(tx.conn())
    .await?;
    if !due {
        return Ok(0);
    }
    // An import that commits meanwhile would have its keys overwritten by those of the members as they were.
    batches::lock(tx, ImportKind::Members).await?;
    write(tx, None).await
}

/// Writes the keys that differ, of an import's households or of all. The expressions do what [`super::search::normal`]
/// does, and a test holds them to it.
async fn write(tx: &mut TenantTx, import: Option<BatchId>) -> Result<u64, sqlx::Error> {
    let written = sqlx::query!(
        r#"insert into member_keys (tenant_id, member_code, number, kana, name, birthdate)
           select m.tenant_id, m.code, k.number, k.kana, k.name, m.birthdate
           from (select s.household_code as code from staged_members s
                 where s.tenant_id = $1 and s.import_id = $2
                 union
                 select h.code from households h where h.tenant_id = $1 and $2::uuid is null) h
           join members m on m.tenant_id = $1 and m.household_code = h.code
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = m.household_code
               order by n.valid_from desc limit 1
           ) n
           cross join lateral (
               select ltrim(translate(lower(n.symbol collate "C"), d.dashes, ''), '0') || '-'
                      || ltrim(translate(lower(n.number collate "C"), d.dashes, ''), '0') as number,
                      translate(m.kana, 'ァィゥェォッャュョヮヵヶー・ ', 'アイウエオツヤユヨワカケ') as kana,
                      lower(regexp_replace(normalize(m.name, nfkc),
                                           U&'[ ・\FE00-\FE0F\+0E0100-\+0E01EF]', '', 'g')
                            collate "C") as name
               from (values (U&' -~\058A\05BE\2010\2011\2012\2013\2014\2015\2043\2212\2500\2501\2E3A\2E3B\301C\30FC'))
                    d (dashes)
           ) k
           left join member_keys o on o.tenant_id = $1 and o.member_code = m.code
           where (o.number, o.kana, o.name, o.birthdate)
                 is distinct from (k.number, k.kana, k.name, m.birthdate)
           on conflict (tenant_id, member_code) do update
           set number = excluded.number, kana = excluded.kana, name = excluded.name,
               birthdate = excluded.birthdate"#,
        tx.tenant() as TenantId,
        import as Option<BatchId>
    )
    .execute(tx.conn())
    .await?;
    Ok(written.rows_affected())
}
