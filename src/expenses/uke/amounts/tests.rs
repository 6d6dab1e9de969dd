use super::super::claim::Parser;
use super::super::records::Record;
use super::*;
use crate::base::month::Month;
use crate::import::RowErrors;

fn kind(text: &str) -> ClaimKind {
    ClaimKind::parse(text).unwrap()
}

#[test]
fn o2_the_kind_tells_form_and_care() {
    for (text, form, care) in [
        ("1111", ClaimForm::Medical, Care::Inpatient),
        ("1112", ClaimForm::Medical, Care::Outpatient),
        ("1110", ClaimForm::Medical, Care::Outpatient),
        ("1119", ClaimForm::Medical, Care::Inpatient),
        ("3111", ClaimForm::Dental, Care::Dental),
        ("3116", ClaimForm::Dental, Care::Dental),
        ("４１１４", ClaimForm::Pharmacy, Care::Pharmacy),
    ] {
        let kind = kind(text);
        assert_eq!((kind.form, kind.care), (form, care), "{text}");
    }
    for bad in ["", "111", "11112", "111x", "2112", "0112", "9112"] {
        assert!(ClaimKind::parse(bad).is_err(), "{bad}");
    }
    assert!(ClaimKind::parse("6112").unwrap_err().contains("訪問看護"));
}

#[test]
fn o2_the_rate_follows_from_the_last_digit() {
    for (digits, tenths) in [("12", 3), ("34", 2), ("56", 3), ("78", 2), ("90", 3)] {
        for digit in digits.chars() {
            assert_eq!(kind(&format!("111{digit}")).tenths, tenths, "{digit}");
        }
    }
}

/// A claim's records: its kind, what HO says (points, and 負担金額 or nothing), and KO records of points
/// and 負担金額.
fn read(kind: &str, ho: Option<(&str, &str)>, ko: &[(&str, &str)]) -> Result<Amounts, String> {
    let (institution, share_at, public_at) = match kind.as_bytes()[0] {
        b'3' => ("IR,1,13,3,7654321,,202609,00", 10, 6),
        b'4' => ("YK,1,13,4,1111111,薬局,202609,00", 9, 7),
        _ => ("IR,1,13,1,1234567,,医院,202609,00", 11, 6),
    };
    let record = |start: String, share_at: usize, share: &str| {
        let missing = share_at - start.split(',').count();
        format!("{start}{},{share}", ",".repeat(missing))
    };
    let mut lines = vec![institution.to_owned(), format!("RE,1,{kind},202608,太郎,1,19790822")];
    lines.extend(
        ho.map(|(points, share)| record(format!("HO,06139927,101,11,1,{points}"), share_at, share)),
    );
    lines.extend(ko.iter().map(|(points, share)| {
        record(format!("KO,54136015,0000000,,1,{points}"), public_at, share)
    }));
    let mut errors = RowErrors::default();
    let mut parser = Parser::new(Month::new(2026, 10).unwrap());
    for (line, text) in (1..).zip(&lines) {
        assert_eq!(parser.take(Record::new(line, text), &mut errors), None);
    }
    let claim = parser.close(&mut errors);
    claim.map(|claim| claim.amounts).ok_or_else(|| errors.told[0].to_string())
}

/// Total, insurer, public payers, patient; and whether the patient's part is computed.
#[test]
fn o2_e3_who_pays_what_of_a_claim() {
    type Row<'r> = (&'r str, Option<(&'r str, &'r str)>, &'r [(&'r str, &'r str)], [i64; 4], bool);
    let ho = |points, share| Some((points, share));
    let rows: [Row<'_>; 33] = [
        // No public payer. 本人 3割: 1,140 × 10 = 11,400; × 0.3 = 3,420.
        ("3111", ho("1140", ""), &[], [11_400, 7_980, 0, 3_420], true),
        // 家族 3割: 333 × 10 × 0.3 = 999, not rounded to ten.
        ("1116", ho("333", ""), &[], [3_330, 2_331, 0, 999], true),
        // 未就学 2割: 1,001 × 10 × 0.2 = 2,002; in hospital, too.
        ("1114", ho("1001", ""), &[], [10_010, 8_008, 0, 2_002], true),
        ("1113", ho("1001", ""), &[], [10_010, 8_008, 0, 2_002], true),
        // 高齢一般 2割 and 高齢7割 3割.
        ("1118", ho("1001", ""), &[], [10_010, 8_008, 0, 2_002], true),
        ("1110", ho("1001", ""), &[], [10_010, 7_007, 0, 3_003], true),
        // A pharmacy: 276 × 10 × 0.3 = 828.
        ("4112", ho("276", ""), &[], [2_760, 1_932, 0, 828], true),
        // Capped, and told: 100,000 × 10 = 1,000,000; 80,100 + (1,000,000 − 267,000) × 0.01 = 87,430.
        ("1111", ho("100000", "87430"), &[], [1_000_000, 912_570, 0, 87_430], false),
        // A gene therapy: 16,707,777 × 10 = 167,077,770, of which the cap leaves 1,922,077 to be paid.
        ("1111", ho("16707777", "1922077"), &[], [167_077_770, 165_155_693, 0, 1_922_077], false),
        // Told to be nothing.
        ("1112", ho("1296", "0"), &[], [12_960, 12_960, 0, 0], false),
        // Nothing claimed.
        ("1112", ho("0", ""), &[], [0, 0, 0, 0], true),
        // Child aid, 未就学 2割: 558 × 10 = 5,580; insurer × 0.8 = 4,464; of 1,116 the child pays 300, so
        // the payer 816.
        ("1114", ho("558", ""), &[("558", "300")], [5_580, 4_464, 816, 300], false),
        // Child aid that leaves nothing: 10,000 × 0.2 = 2,000 is all the payer's.
        ("1114", ho("1000", ""), &[("1000", "0")], [10_000, 8_000, 2_000, 0], false),
        // The counter took 670 for 333 × 10 × 0.2 = 666: the share is all that there is to pay.
        ("1114", ho("333", ""), &[("333", "670")], [3_330, 2_664, 0, 666], true),
        // 難病: 5,000 × 10 = 50,000; × 0.3 = 15,000, of which 2,500 is the patient's: 12,500.
        ("1112", ho("5000", ""), &[("5000", "2500")], [50_000, 35_000, 12_500, 2_500], false),
        // The same of 1,250 points: 12,500 × 0.3 = 3,750 − 2,500 = 1,250.
        ("1112", ho("1250", ""), &[("1250", "2500")], [12_500, 8_750, 1_250, 2_500], false),
        // 難病 at 2割: 364 × 10 = 3,640; × 0.3 = 1,092; the patient 3,640 × 0.2 = 728; 364 remain.
        ("1112", ho("364", ""), &[("364", "728")], [3_640, 2_548, 364, 728], false),
        // 家族 in hospital: 20,000 × 10 × 0.3 = 60,000 − 10,000 = 50,000.
        ("1115", ho("20000", ""), &[("20000", "10000")], [200_000, 140_000, 50_000, 10_000], false),
        // 高齢一般 2割: 3,000 × 10 × 0.2 = 6,000 − 2,500 = 3,500.
        ("1118", ho("3000", ""), &[("3000", "2500")], [30_000, 24_000, 3_500, 2_500], false),
        // 高齢7割: 3,000 × 10 × 0.3 = 9,000 − 5,000 = 4,000.
        ("1110", ho("3000", ""), &[("3000", "5000")], [30_000, 21_000, 4_000, 5_000], false),
        // A dentist's and a pharmacy's own places: 700 × 10 × 0.2 = 1,400 − 500; 276 × 10 × 0.3 = 828 − 0.
        ("3114", ho("700", ""), &[("700", "500")], [7_000, 5_600, 900, 500], false),
        ("4112", ho("276", ""), &[("276", "0")], [2_760, 1_932, 828, 0], false),
        // A second payer takes over the 2,500: of 15,000 nothing is left.
        (
            "1112",
            ho("5000", ""),
            &[("5000", "2500"), ("5000", "0")],
            [50_000, 35_000, 15_000, 0],
            false,
        ),
        // A second payer of all that the first covers and more: 30,000 × 0.3 = 9,000 − 500 = 8,500.
        (
            "1112",
            ho("3000", ""),
            &[("1000", "2500"), ("3000", "500")],
            [30_000, 21_000, 8_500, 500],
            false,
        ),
        // Three payers of the same points: the last leaves 200 of 10,000 × 0.2 = 2,000.
        (
            "1114",
            ho("1000", ""),
            &[("1000", "900"), ("1000", "600"), ("1000", "200")],
            [10_000, 8_000, 1_800, 200],
            false,
        ),
        // Two payers side by side, 600 + 400 = 1,000 points: 500 + 200 of 10,000 × 0.3 = 3,000.
        (
            "1112",
            ho("1000", ""),
            &[("600", "500"), ("400", "200")],
            [10_000, 7_000, 2_300, 700],
            false,
        ),
        // 1,200 of 2,000 points covered: 1,000 + 800 × 10 × 0.3 = 3,400 of 20,000 × 0.3 = 6,000.
        ("1112", ho("2000", ""), &[("1200", "1000")], [20_000, 14_000, 2_600, 3_400], true),
        // Blank: not told. Nothing, and marked; the payer has all of 12,960 × 0.3 = 3,888.
        ("1112", ho("1296", ""), &[("1296", "")], [12_960, 9_072, 3_888, 0], true),
        // A blank of the last payer, where the first told 2,500: still nothing, and marked.
        (
            "1112",
            ho("5000", ""),
            &[("5000", "2500"), ("5000", "")],
            [50_000, 35_000, 15_000, 0],
            true,
        ),
        // Capped: HO leaves 87,430 of 1,000,000, of which the patient pays 20,000 under the scheme.
        (
            "1111",
            ho("100000", "87430"),
            &[("100000", "20000")],
            [1_000_000, 912_570, 67_430, 20_000],
            false,
        ),
        // Capped, and the payer covers 90,000 points: the other 10,000 × 10 × 0.3 = 30,000 + 5,000.
        (
            "1111",
            ho("100000", "87430"),
            &[("90000", "5000")],
            [1_000_000, 912_570, 52_430, 35_000],
            true,
        ),
        // Public payers alone: 1,296 × 10 = 12,960, of which the patient pays 500.
        ("1112", None, &[("1296", "500")], [12_960, 0, 12_460, 500], false),
        ("1112", None, &[("1296", "")], [12_960, 0, 12_960, 0], true),
    ];
    for (kind, ho, ko, expected, is_computed) in rows {
        let Amounts { total, insurer, public, out_of_pocket, computed } =
            read(kind, ho, ko).unwrap_or_else(|error| panic!("{kind} {ho:?} {ko:?}: {error}"));
        let amounts = [total, insurer, public, out_of_pocket].map(|yen| yen.0);
        assert_eq!((amounts, computed), (expected, is_computed), "{kind} {ho:?} {ko:?}");
        assert_eq!(amounts[0], amounts[1] + amounts[2] + amounts[3], "{kind} {ho:?} {ko:?}");
    }
}

#[test]
fn o2_shares_beyond_what_is_to_be_paid_are_refused() {
    let beyond = read("1112", Some(("1000", "10001")), &[]).unwrap_err();
    assert_eq!(beyond, "3行目「HO 負担金額」: 医療費総額より大きい負担金額です");
    for share in [3_010, 10_001] {
        let beyond = read("1112", Some(("1000", "")), &[("1000", &share.to_string())]);
        let told = "4行目「KO 負担金額」: 公費の負担金額が、公費がないときの自己負担額より大きくなっています";
        assert_eq!(beyond.unwrap_err(), told);
    }
}
