//! What a claim's points come to in yen, and who pays which part of it. Pure.
//!
//! No text that could be read says what a blank 負担金額 of a public payer means, nor how two payers of
//! overlapping points share: such amounts are marked as computed.

use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::expenses::care::Care;

/// The counter rounds to ten yen, so that what it took may exceed the share by less.
const COUNTERS_YEN: i64 = 10;
/// A point is ten yen everywhere.
pub(super) const YEN_A_POINT: i64 = 10;

/// Tenths of the total that the patient pays, by the last digit of the claim's kind; an odd digit is
/// an in-patient's.
const TENTHS: [i64; 10] = [
    3, // 0: 高齢7割
    3, 3, // 1, 2: 本人
    2, 2, // 3, 4: 未就学
    3, 3, // 5, 6: 家族
    2, 2, // 7, 8: 高齢一般
    3, // 9: 高齢7割
];

/// Which layout a claim's records have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Medical,
    Dental,
    Pharmacy,
}

/// レセプト種別: the first of its four digits tells the form, the last one who is treated, and whether
/// as an in-patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind {
    pub form: Form,
    pub care: Care,
    tenths: i64,
}

impl Form {
    /// The first digit of a kind.
    pub const fn digit(self) -> char {
        match self {
            Self::Medical => '1',
            Self::Dental => '3',
            Self::Pharmacy => '4',
        }
    }
}

impl Kind {
    /// # Errors
    /// What is wrong, in Japanese.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = fold(text);
        let digits = text.as_bytes();
        let four = digits.len() == 4 && digits.iter().all(u8::is_ascii_digit);
        if !four {
            return Err(format!("「{text}」は4桁の数字ではありません"));
        }
        let last = usize::from(digits[3] - b'0');
        let (form, care) = match digits[0] {
            b'1' if last % 2 == 1 => (Form::Medical, Care::Inpatient),
            b'1' => (Form::Medical, Care::Outpatient),
            b'3' => (Form::Dental, Care::Dental),
            b'4' => (Form::Pharmacy, Care::Pharmacy),
            b'6' => return Err(format!("訪問看護（{text}）はCSVで取り込んでください")),
            _ => return Err(format!("「{text}」は医科（1）・歯科（3）・調剤（4）ではありません")),
        };
        Ok(Self { form, care, tenths: TENTHS[last] })
    }
}

/// What the insurance says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Insurance {
    pub kind: Kind,
    /// HO 負担金額: what the insurance leaves to be paid, where the claim tells it (a share that is capped).
    pub share: Option<Yen>,
}

/// What a public payer's record (KO) says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payer {
    /// The points that it covers.
    pub points: i64,
    /// KO 負担金額: what the *patient* pays of them under this scheme; 公費の一部負担金.
    pub share: Option<Yen>,
}

/// A claim in yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amounts {
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
    /// Set where `out_of_pocket` was not told by the claim, all of it.
    pub computed: bool,
}

impl Amounts {
    /// Splits a claim's total between insurer, public payers and patient, to the yen and without rounding,
    /// as notices have it. `insurance` is `None` where public payers alone pay.
    ///
    /// The insurer pays all but the insured share: the share that the claim tells, or else the person's
    /// rate. Without a public payer the patient pays that share. Under public payers the patient pays what
    /// their records say, and the insured share of the points that none of them covers; what remains of
    /// the insured share is the public payers'. A blank in their record is nothing, and marked as
    /// computed.
    ///
    /// # Errors
    /// What is wrong, in Japanese.
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

/// What public payers cover together, and what they leave to the patient.
struct Covered {
    points: i64,
    patient: i64,
    /// Set where a record left something open.
    guessed: bool,
}

impl Covered {
    /// Where a later payer covers the same points, or all that an earlier one covers and more, it takes
    /// over what that one left to the patient: the last word counts. Payers of different points that fit
    /// into the claim side by side stand side by side.
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
