//! Turns a claim's points into yen, and splits them between those who pay. Pure.
//!
//! No document that we could read says what a blank 負担金額 of a public payer means, or how two payers of overlapping
//! points share them. Such amounts are marked as computed.

use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::expenses::care::Care;

/// The counter rounds to ten yen, so the patient may have paid up to nine yen more than the share.
const COUNTERS_YEN: i64 = 10;
/// A point is ten yen everywhere.
pub(super) const YEN_A_POINT: i64 = 10;

/// The tenths of the total that the patient pays, by the last digit of the claim's kind. Odd digits are in-patients'.
const TENTHS: [i64; 10] = [
    3, // 0: 高齢7割
    3, 3, // 1, 2: 本人
    2, 2, // 3, 4: 未就学
    3, 3, // 5, 6: 家族
    2, 2, // 7, 8: 高齢一般
    3, // 9: 高齢7割
];

/// The form of a claim, which decides the layout of its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClaimForm {
    Medical,
    Dental,
    Pharmacy,
}

/// レセプト種別. The first of its four digits is the form; the last says who is treated, and if as an in-patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClaimKind {
    pub form: ClaimForm,
    pub care: Care,
    tenths: i64,
}

impl ClaimForm {
    /// Returns the first digit of the kinds of this form.
    pub const fn digit(self) -> char {
        match self {
            Self::Medical => '1',
            Self::Dental => '3',
            Self::Pharmacy => '4',
        }
    }
}

impl ClaimKind {
    /// # Errors
    /// The message is in Japanese, for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = fold(text);
        let digits = text.as_bytes();
        let four = digits.len() == 4 && digits.iter().all(u8::is_ascii_digit);
        if !four {
            return Err(format!("「{text}」は4桁の数字ではありません"));
        }
        let last = usize::from(digits[3] - b'0');
        let (form, care) = match digits[0] {
            b'1' if last % 2 == 1 => (ClaimForm::Medical, Care::Inpatient),
            b'1' => (ClaimForm::Medical, Care::Outpatient),
            b'3' => (ClaimForm::Dental, Care::Dental),
            b'4' => (ClaimForm::Pharmacy, Care::Pharmacy),
            b'6' => return Err(format!("訪問看護（{text}）はCSVで取り込んでください")),
            _ => return Err(format!("「{text}」は医科（1）・歯科（3）・調剤（4）ではありません")),
        };
        Ok(Self { form, care, tenths: TENTHS[last] })
    }
}

/// The insurance's part of a claim (HO).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Insurance {
    pub kind: ClaimKind,
    /// HO 負担金額: the part that the insurance leaves to the patient, if the claim states it (when the share is capped).
    pub share: Option<Yen>,
}

/// A public payer's part of a claim (KO).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payer {
    /// The points that the payer covers.
    pub points: i64,
    /// KO 負担金額: the part of them that the *patient* pays under this scheme (公費の一部負担金).
    pub share: Option<Yen>,
}

/// A claim in yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amounts {
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
    /// True if the claim did not state all of `out_of_pocket`.
    pub computed: bool,
}

impl Amounts {
    /// Splits a claim's total between insurer, public payers and patient, to the yen and without rounding, as notices do.
    /// `insurance` is `None` if public payers alone pay.
    ///
    /// The insurer pays all but the insured share, which the claim states or the person's rate gives. Without a public
    /// payer the patient pays that share. With public payers the patient pays what their records state, and the insured
    /// share of the points that no payer covers; the public payers pay the rest of the insured share. A blank in a payer's
    /// record counts as 0, and the amount is marked as computed.
    ///
    /// # Errors
    /// The message is in Japanese, for the operator.
    pub fn of(
        points: i64,
        insurance: Option<Insurance>,
        payers: &[Payer],
    ) -> Result<Self, &'static str> {
        let total = points * YEN_A_POINT;
        let share = |points: i64| match insurance {
            Some(Insurance { kind, .. }) => points * kind.tenths,
            None => points * YEN_A_POINT,
        };
        let told = insurance.and_then(|insurance| insurance.share);
        let insured_share = told.map_or(share(points), |told| told.0);
        if insured_share > total {
            return Err("医療費総額より大きい負担金額です");
        }
        let (out_of_pocket, computed) = if payers.is_empty() {
            (insured_share, told.is_none())
        } else {
            let covered = Covered::by(payers, points);
            let uncovered = (points - covered.points).max(0);
            let left = (insured_share - covered.patient).max(0);
            (covered.patient + share(uncovered).min(left), covered.guessed || uncovered > 0)
        };
        let beyond = out_of_pocket - insured_share;
        if beyond >= COUNTERS_YEN {
            return Err("公費の負担金額が、公費がないときの自己負担額より大きくなっています");
        }
        let (out_of_pocket, computed) =
            if beyond > 0 { (insured_share, true) } else { (out_of_pocket, computed) };
        Ok(Self {
            total: Yen(total),
            insurer: Yen(total - insured_share),
            public: Yen(insured_share - out_of_pocket),
            out_of_pocket: Yen(out_of_pocket),
            computed,
        })
    }
}

/// The points that public payers cover together, and the part that they leave to the patient.
struct Covered {
    points: i64,
    patient: i64,
    /// True if a record left something open.
    guessed: bool,
}

impl Covered {
    /// A later payer that covers the same points as an earlier one, or those and more, takes over what the earlier one left
    /// to the patient: the last record counts. Payers of different points count side by side if their points fit into the
    /// claim together.
    fn by(payers: &[Payer], points: i64) -> Self {
        let mut apart: Vec<Payer> = Vec::new();
        let mut guessed = false;
        for payer in payers {
            if let Some(same) = apart.iter_mut().find(|known| known.points == payer.points) {
                *same = *payer;
                continue;
            }
            let sum: i64 = apart.iter().map(|known| known.points).sum();
            if sum + payer.points > points {
                guessed |= apart.iter().any(|known| known.points > payer.points);
                let widest = apart.iter().map(|known| known.points).max().unwrap_or_default();
                apart = vec![Payer { points: payer.points.max(widest), ..*payer }];
            } else {
                apart.push(*payer);
            }
        }
        Self {
            points: apart.iter().map(|payer| payer.points).sum(),
            patient: apart.iter().filter_map(|payer| payer.share).map(|share| share.0).sum(),
            guessed: guessed || apart.iter().any(|payer| payer.share.is_none()),
        }
    }
}

#[cfg(test)]
mod tests;
