//! Mistakes in the rows of a members file as a whole: they contradict each other or the registry.

use std::collections::HashSet;

use super::layout::MemberColumn;
use crate::base::ids::{BatchId, TenantId};
use crate::base::realm::{Realm as _, Subscribers};
use crate::db::TenantTx;
use crate::import::RowErrors;
use crate::import::layout::Layout as _;
use crate::import::staged::StagedFile;

/// A row that is wrong, and the text that its message names.
struct Wrong {
    row: i64,
    detail: String,
}

/// Adds the mistakes of an import's rows to `errors`. `unread` holds the codes of rows that have mistakes of their
/// own. If a household's head is among them, its family is not reported as a family without a head.
pub(super) async fn check(
    tx: &mut TenantTx,
    import: BatchId,
    file: &StagedFile,
    unread: &HashSet<String>,
    errors: &mut RowErrors,
) -> Result<(), sqlx::Error> {
    let mut note = |found: Vec<Wrong>, column: MemberColumn, message: &str| {
        for Wrong { row, detail } in found {
            let heading = file.heading(column.column());
            errors.add(row.unsigned_abs(), heading, message.replace("{}", &detail));
        }
    };
    let found = people_twice(tx, import).await?;
    note(found, MemberColumn::PersonCode, "同じ個人コードが{}行目にもあります");
    let mut found = without_head(tx, import).await?;
    found.retain(|wrong| !unread.contains(&wrong.detail));
    note(found, MemberColumn::HouseholdCode, "世帯の被保険者（本人）「{}」が見つかりません");
    let found = relation_and_code(tx, import).await?;
    let message =
        "続柄が本人の行は個人コードと世帯コードを同じに、家族の行は別にしてください（{}）";
    note(found, MemberColumn::Relation, message);
    let found = numbers_unlike_the_heads(tx, import).await?;
    let message = "世帯の被保険者（{}行目）と保険者番号・記号・番号が違います";
    note(found, MemberColumn::Number, message);
    let found = numbers_unlike_the_registered(tx, import).await?;
    let message = "登録されている世帯「{}」と保険者番号・記号・番号が違います";
    note(found, MemberColumn::Number, message);
    let found = numbers_twice(tx, import).await?;
    note(found, MemberColumn::Branch, "{}行目の人と記号・番号・枝番が同じです");
    let found = numbers_of_the_registered(tx, import).await?;
    note(found, MemberColumn::Branch, "登録されている人「{}」と記号・番号・枝番が同じです");
    let found = user_ids_taken(tx, import).await?;
    note(found, MemberColumn::UserId, "ユーザIDが{}の人と同じです");
    Ok(())
}

async fn people_twice(tx: &mut TenantTx, import: BatchId) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select row as "row!", first::text as "detail!"
           from (select row, min(row) over (partition by person_code) as first
                 from staged_members where tenant_id = $1 and import_id = $2) same
           where row > first order by row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds rows without a head of the household. The head must be in the file as the insured person, or be registered
/// as one and not be in the file at all.
async fn without_head(tx: &mut TenantTx, import: BatchId) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select s.row, s.household_code as detail
           from staged_members s
           where s.tenant_id = $1 and s.import_id = $2
             and not exists (select from staged_members i
                             where i.tenant_id = $1 and i.import_id = $2
                               and i.person_code = s.household_code and i.relation = 'insured')
             and (exists (select from staged_members x
                          where x.tenant_id = $1 and x.import_id = $2
                            and x.person_code = s.household_code)
                  or not exists (select from members m
                                 where m.tenant_id = $1 and m.code = s.household_code
                                   and m.relation = 'insured'))
           order by s.row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

async fn relation_and_code(tx: &mut TenantTx, import: BatchId) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select row, person_code as detail from staged_members
           where tenant_id = $1 and import_id = $2
             and (relation = 'insured') <> (person_code = household_code)
           order by row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

async fn numbers_unlike_the_heads(
    tx: &mut TenantTx,
    import: BatchId,
) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select s.row, i.row::text as "detail!"
           from staged_members s
           join staged_members i
             on i.tenant_id = $1 and i.import_id = $2 and i.person_code = s.household_code
                and i.relation = 'insured' and i.row <> s.row
           where s.tenant_id = $1 and s.import_id = $2
             and (s.insurer_number, s.symbol, s.number) <> (i.insurer_number, i.symbol, i.number)
           order by s.row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds rows whose numbers differ from the registered ones, among households whose head is not in the file.
async fn numbers_unlike_the_registered(
    tx: &mut TenantTx,
    import: BatchId,
) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select s.row, s.household_code as detail
           from staged_members s
           join households h on h.tenant_id = $1 and h.code = s.household_code
           cross join lateral (
               select n.symbol, n.number from household_numbers n
               where n.tenant_id = $1 and n.household_code = h.code
               order by n.valid_from desc limit 1
           ) n
           where s.tenant_id = $1 and s.import_id = $2
             and not exists (select from staged_members i
                             where i.tenant_id = $1 and i.import_id = $2
                               and i.person_code = s.household_code)
             and (s.insurer_number, s.symbol, s.number) <> (h.insurer_number, n.symbol, n.number)
           order by s.row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

async fn numbers_twice(tx: &mut TenantTx, import: BatchId) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select row as "row!", first::text as "detail!"
           from (select row, min(row) over (
                     partition by insurer_number, symbol, number, branch) as first
                 from staged_members
                 where tenant_id = $1 and import_id = $2 and lost_on is null) same
           where row > first order by row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds rows with the same numbers as a registered person who is not in the file. Only the newest numbers of that
/// person's household are compared.
async fn numbers_of_the_registered(
    tx: &mut TenantTx,
    import: BatchId,
) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select s.row, m.code as detail
           from staged_members s
           join household_numbers n
             on n.tenant_id = $1 and n.symbol = s.symbol and n.number = s.number
           join households h
             on h.tenant_id = $1 and h.code = n.household_code
                and h.insurer_number = s.insurer_number
           join members m
             on m.tenant_id = $1 and m.household_code = h.code and m.branch = s.branch
                and m.lost_on is null
           where s.tenant_id = $1 and s.import_id = $2 and s.lost_on is null
             and not exists (select from household_numbers l
                             where l.tenant_id = $1 and l.household_code = n.household_code
                               and l.valid_from > n.valid_from)
             and not exists (select from staged_members x
                             where x.tenant_id = $1 and x.import_id = $2
                               and x.person_code = m.code)
           order by s.row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds rows with the user ID of another person. A person with an account keeps the present ID, so the ID in that
/// person's row is not checked.
async fn user_ids_taken(tx: &mut TenantTx, import: BatchId) -> Result<Vec<Wrong>, sqlx::Error> {
    sqlx::query_as!(
        Wrong,
        r#"select s.row as "row!",
                  case when s.first_code <> s.person_code then s.first::text || '行目'
                       else '登録済み' end as "detail!"
           from (select row, person_code, user_id,
                        first_value(row) over same_id as first,
                        first_value(person_code) over same_id as first_code
                 from staged_members
                 where tenant_id = $1 and import_id = $2 and user_id is not null
                 window same_id as (partition by user_id order by row)) s
           where not exists (select from subscribers b
                             where b.tenant_id = $1 and b.member_code = s.person_code)
             and (s.first_code <> s.person_code
                  or exists (select from logins l
                             where l.tenant_id = $1 and l.realm = $3 and l.user_id = s.user_id))
           order by s.row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId,
        Subscribers::NAME
    )
    .fetch_all(tx.conn())
    .await
}
