//! What a claim's points come to in yen, and who pays which part of it. Pure.

use crate::base::japanese::fold;
use crate::base::money::Yen;
use crate::expenses::care::Care;

/// As many yen as a row of expenses may have.
pub(super) const MOST_YEN: i64 = 100_000_000;
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

/// A claim in yen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amounts {
    pub total: Yen,
    pub insurer: Yen,
    pub public: Yen,
    pub out_of_pocket: Yen,
    /// Whether the claim left `out_of_pocket` open.
    pub computed: bool,
}

impl Amounts {
    /// `told` is the patient's share where the claim has it, and stands as it is. Otherwise it follows from the person's
    /// rate, to the yen and without rounding, as notices have it; a public payer takes its part off.
    ///
    /// # Errors
    /// What is wrong, in Japanese.
    pub fn of(
        points: i64,
        kind: Kind,
        told: Option<Yen>,
        public: Yen,
    ) -> Result<Self, &'static str> {
        let total = points * YEN_A_POINT;
        let out_of_pocket = match told {
            Some(told) if told.0 > total => return Err("医療費総額より大きい負担金額です"),
            Some(told) => told.0,
            None => (total * kind.tenths / 10 - public.0).max(0),
        };
        let insurer = total - out_of_pocket - public.0;
        if insurer < 0 {
            return Err("公費と合わせると医療費総額より大きい負担金額です");
        }
        Ok(Self {
            total: Yen(total),
            insurer: Yen(insurer),
            public,
            out_of_pocket: Yen(out_of_pocket),
            computed: told.is_none(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        Kind::parse(text).unwrap()
    }

    #[test]
    fn o2_the_kind_tells_form_and_care() {
        for (text, form, care) in [
            ("1111", Form::Medical, Care::Inpatient),
            ("1112", Form::Medical, Care::Outpatient),
            ("1110", Form::Medical, Care::Outpatient),
            ("1119", Form::Medical, Care::Inpatient),
            ("3111", Form::Dental, Care::Dental),
            ("3116", Form::Dental, Care::Dental),
            ("４１１４", Form::Pharmacy, Care::Pharmacy),
        ] {
            let kind = kind(text);
            assert_eq!((kind.form, kind.care), (form, care), "{text}");
        }
        for bad in ["", "111", "11112", "111x", "2112", "0112", "9112"] {
            assert!(Kind::parse(bad).is_err(), "{bad}");
        }
        assert!(Kind::parse("6112").unwrap_err().contains("訪問看護"));
    }

    #[test]
    fn o2_the_rate_follows_from_the_last_digit() {
        for (digits, tenths) in [("12", 3), ("34", 2), ("56", 3), ("78", 2), ("90", 3)] {
            for digit in digits.chars() {
                assert_eq!(kind(&format!("111{digit}")).tenths, tenths, "{digit}");
            }
        }
    }

    #[test]
    fn o2_amounts_follow_from_points() {
        for (points, kind_text, told, public, expected) in [
            // Seed 001's sample: 12,960, 9,072, 3,588, 300; 2,760, 1,932, 828, 0; 11,400, 7,980, 0, 3,420.
            (1_296, "1112", None, 3_588, [12_960, 9_072, 3_588, 300]),
            (276, "4112", None, 828, [2_760, 1_932, 828, 0]),
            (1_140, "3112", None, 0, [11_400, 7_980, 0, 3_420]),
            // Two tenths, and yen that no counter hands out.
            (1_001, "1114", None, 0, [10_010, 8_008, 0, 2_002]),
            (1_001, "1118", None, 0, [10_010, 8_008, 0, 2_002]),
            (333, "1116", None, 0, [3_330, 2_331, 0, 999]),
            // A public payer that takes over more than the share.
            (1_000, "1112", None, 4_000, [10_000, 6_000, 4_000, 0]),
            (0, "1112", None, 0, [0, 0, 0, 0]),
            // Told by the claim.
            (100_000, "1111", Some(87_430), 0, [1_000_000, 912_570, 0, 87_430]),
            (1_296, "1112", Some(0), 3_888, [12_960, 9_072, 3_888, 0]),
        ] {
            let amounts = Amounts::of(points, kind(kind_text), told.map(Yen), Yen(public)).unwrap();
            let Amounts { total, insurer, public, out_of_pocket, computed } = amounts;
            assert_eq!([total, insurer, public, out_of_pocket].map(|yen| yen.0), expected);
            assert_eq!(computed, told.is_none(), "{points} {kind_text}");
        }
    }

    #[test]
    fn o2_shares_beyond_the_total_are_refused() {
        for (told, public) in [(Some(10_001), 0), (Some(3_000), 7_001), (None, 10_001)] {
            let amounts = Amounts::of(1_000, kind("1112"), told.map(Yen), Yen(public));
            assert!(amounts.is_err(), "{told:?} {public}");
        }
    }
}
