//! Writes claims into their staging table.

use chrono::NaiveDate;

use super::amounts::Amounts;
use super::claim::{Claim, Insured};
use crate::base::ids::{BatchId, TenantId};
use crate::base::money::Yen;
use crate::base::month::Month;
use crate::db::TenantTx;
use crate::import::staging::{Batch, batch};

batch! {
    /// A claim whose person is not looked up yet.
    pub(super) struct StagedClaim in StagedClaims {
        row: i64,
        claim_number: String,
        treatment_month: Month,
        institution: String,
        care: &'static str,
        patient: String,
        birthdate: NaiveDate,
        branch: Option<String>,
        days: i64,
        total: Yen,
        insurer_paid: Yen,
        public_paid: Yen,
        out_of_pocket: Yen,
        computed: bool,
        insurer_number: Option<String>,
        symbol: Option<String>,
        number: Option<String>,
    }
}

impl From<Claim> for StagedClaim {
    fn from(claim: Claim) -> Self {
        let Amounts { total, insurer, public, out_of_pocket, computed } = claim.amounts;
        let (insurer_number, symbol, number) = match claim.insured {
            Some(Insured { insurer_number, symbol, number }) => {
                (Some(insurer_number), Some(symbol), Some(number))
            }
            None => (None, None, None),
        };
        Self {
            row: i64::try_from(claim.line).unwrap_or(i64::MAX),
            claim_number: claim.number,
            treatment_month: claim.treatment_month,
            institution: claim.institution,
            care: claim.care.name(),
            patient: claim.patient,
            birthdate: claim.birthdate,
            branch: claim.branch,
            days: claim.days,
            total,
            insurer_paid: insurer,
            public_paid: public,
            out_of_pocket,
            computed,
            insurer_number,
            symbol,
            number,
        }
    }
}

impl Batch for StagedClaims {
    fn count(&self) -> usize {
        self.row.len()
    }

    async fn insert(self, tx: &mut TenantTx, import: BatchId) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into staged_claims
                 (tenant_id, import_id, row, claim_number, treatment_month, institution, care,
                  patient, birthdate, branch, days, total, insurer_paid, public_paid, out_of_pocket,
                  computed, insurer_number, symbol, number)
             select f.tenant_id, f.id, r.*
             from staged_files f
             cross join unnest($3::bigint[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[],
                         $9::date[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[],
                         $14::bigint[], $15::bigint[], $16::boolean[], $17::text[], $18::text[],
                         $19::text[]) r
             where f.tenant_id = $1 and f.id = $2",
            tx.tenant() as TenantId,
            import as BatchId,
            &self.row,
            &self.claim_number,
            &self.treatment_month as &[Month],
            &self.institution,
            &self.care as &[&str],
            &self.patient,
            &self.birthdate,
            &self.branch as &[Option<String>],
            &self.days,
            &self.total as &[Yen],
            &self.insurer_paid as &[Yen],
            &self.public_paid as &[Yen],
            &self.out_of_pocket as &[Yen],
            &self.computed,
            &self.insurer_number as &[Option<String>],
            &self.symbol as &[Option<String>],
            &self.number as &[Option<String>]
        )
        .execute(tx.conn())
        .await
        .map(drop)
    }
}
