//! Writes expenses into their staging table, and sums them up.

use crate::base::ids::{BatchId, TenantId};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::staging::{Batch, batch};

batch! {
    /// A row of an expenses file. A row that cancels another has only its number.
    #[derive(Default)]
    pub(super) struct StagedExpense in StagedExpenses {
        row: i64,
        claim_number: String,
        person_code: Option<String>,
        notice_month: Option<Month>,
        treatment_month: Option<Month>,
        institution: Option<String>,
        care: Option<&'static str>,
        days: Option<i16>,
        total: Option<Yen>,
        insurer_paid: Option<Yen>,
        public_paid: Option<Yen>,
        out_of_pocket: Option<Yen>,
        remarks: Option<String>,
        correction: Option<&'static str>,
        computed: bool,
    }
}

impl Batch for StagedExpenses {
    fn count(&self) -> usize {
        self.row.len()
    }

    async fn insert(self, tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into staged_expenses
                 (tenant_id, import_id, row, claim_number, person_code, notice_month,
                  treatment_month, institution, care, days, total, insurer_paid, public_paid,
                  out_of_pocket, remarks, correction, computed)
             select f.tenant_id, f.id, r.*
             from staged_files f
             cross join unnest($3::bigint[], $4::text[], $5::text[], $6::date[], $7::date[], $8::text[],
                         $9::text[], $10::smallint[], $11::bigint[], $12::bigint[], $13::bigint[],
                         $14::bigint[], $15::text[], $16::text[], $17::boolean[]) r
             where f.tenant_id = $1 and f.id = $2",
            tx.tenant() as TenantId,
            import as BatchId,
            &self.row,
            &self.claim_number,
            &self.person_code as &[Option<String>],
            &self.notice_month as &[Option<Month>],
            &self.treatment_month as &[Option<Month>],
            &self.institution as &[Option<String>],
            &self.care as &[Option<&str>],
            &self.days as &[Option<i16>],
            &self.total as &[Option<Yen>],
            &self.insurer_paid as &[Option<Yen>],
            &self.public_paid as &[Option<Yen>],
            &self.out_of_pocket as &[Option<Yen>],
            &self.remarks as &[Option<String>],
            &self.correction as &[Option<&str>],
            &self.computed
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }
}

/// The sums of an import's staged rows.
#[derive(Debug)]
pub(super) struct StagedSums {
    pub(super) rows: i64,
    pub(super) total: Yen,
    pub(super) out_of_pocket: Yen,
    /// True if some of the rows correct others.
    pub(super) corrects: bool,
}

pub(super) async fn sums(tx: &mut TenantTx, import: BatchId) -> Result<StagedSums, sqlx::Error> {
    sqlx::query_as!(
        StagedSums,
        r#"select count(*) as "rows!", coalesce(sum(total), 0)::bigint as "total!: Yen",
                  coalesce(sum(out_of_pocket), 0)::bigint as "out_of_pocket!: Yen",
                  coalesce(bool_or(correction in ('replace', 'cancel')), false) as "corrects!"
           from staged_expenses where tenant_id = $1 and import_id = $2"#,
        tx.tenant() as TenantId,
        import as BatchId
    )
    .fetch_one(tx.conn())
    .await
}
