//! Mistakes of the rows of an expenses file as a whole: they contradict each other, the registry or the ledger.

use super::layout::ExpenseColumn;
use crate::base::ids::{BatchId, TenantId};
use crate::db::TenantTx;
use crate::import::RowErrors;
use crate::import::layout::Layout as _;
use crate::import::staged::StagedFile;

/// Notes claims that stand twice, unknown people, and, if some rows correct others, corrections of claims that don't exist.
pub(super) async fn check(
    tx: &mut TenantTx,
    import: BatchId,
    file: &StagedFile,
    corrects: bool,
    errors: &mut RowErrors,
) -> Result<(), sqlx::Error> {
    let heading = |column: ExpenseColumn| file.heading(column.column());
    for (row, first) in claims_twice(tx, import).await? {
        let message = format!("同じ明細番号が{first}行目にもあります");
        errors.add(row.unsigned_abs(), heading(ExpenseColumn::ClaimNumber), message);
    }
    for (row, code) in strangers(tx, import).await? {
        let message = format!("個人コード「{code}」の加入者が登録されていません");
        errors.add(row.unsigned_abs(), heading(ExpenseColumn::PersonCode), message);
    }
    if corrects {
        for (row, claim) in corrections_of_nothing(tx, import).await? {
            let message = format!("訂正・取消のもとになる明細番号「{claim}」がありません");
            errors.add(row.unsigned_abs(), heading(ExpenseColumn::Correction), message);
        }
    }
    Ok(())
}

/// Returns rows whose claim stands in an earlier row, each with the first such row.
async fn claims_twice(tx: &mut TenantTx, import: BatchId) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select row as "row!", first as "first!"
           from (select row, min(row) over (partition by claim_number) as first
                 from staged_expenses where tenant_id = $1 and import_id = $2) same
           where row > first order by row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(|found| (found.row, found.first)).collect())
}

async fn strangers(tx: &mut TenantTx, import: BatchId) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select s.row, s.person_code as "person_code!" from staged_expenses s
           where s.tenant_id = $1 and s.import_id = $2 and s.person_code is not null
             and not exists (select from members m
                             where m.tenant_id = $1 and m.code = s.person_code)
           order by s.row limit 1001"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(|found| (found.row, found.person_code)).collect())
}

async fn corrections_of_nothing(
    tx: &mut TenantTx,
    import: BatchId,
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let found = sqlx::query!(
        "select s.row, s.claim_number from staged_expenses s
         where s.tenant_id = $1 and s.import_id = $2 and s.correction in ('replace', 'cancel')
           and not exists (select from expense_claims c
                           where c.tenant_id = $1 and c.claim_number = s.claim_number)
         order by s.row limit 1001",
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(found.into_iter().map(|found| (found.row, found.claim_number)).collect())
}
