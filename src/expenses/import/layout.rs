//! The columns of an expenses file.

use crate::import::layout::layout;

layout! {
    /// The columns of an expenses file. They may come in any order; others are skipped.
    pub enum ExpenseColumn {
        ClaimNumber = "claim_number" "明細番号" Text Required,
        PersonCode = "person_code" "個人コード" Text Required,
        NoticeMonth = "notice_month" "通知年月" Month Required,
        TreatmentMonth = "treatment_month" "診療年月" Month Required,
        Institution = "institution" "医療機関" Text Required,
        Care = "care" "診療区分" Text Required,
        Days = "days" "日数" Count Required,
        Total = "total" "医療費総額" Yen Required,
        InsurerPaid = "insurer_paid" "保険者負担額" Yen Required,
        PublicPaid = "public_paid" "公費負担額" Yen Required,
        OutOfPocket = "out_of_pocket" "自己負担額" Yen Required,
        Remarks = "remarks" "備考" Text Optional,
        Correction = "correction" "訂正区分" Text Optional,
        Computed = "computed" "自己負担額の区分" Flag Optional,
    }
}

/// The word in 「自己負担額の区分」 for an amount that was computed, since the claim did not state it.
pub(in crate::expenses) const COMPUTED: &str = "計算";
