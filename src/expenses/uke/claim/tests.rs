use super::*;

const CLINIC: &str = "IR,1,13,1,1234567,,サンプルクリニック,202609,00,03-0000-0000";
const HO: &str = "HO,06139927,101,11,2,1296";

/// The claims of a file and its mistakes.
fn read(lines: &[&str]) -> (Vec<Claim>, Vec<String>) {
    let mut errors = RowErrors::default();
    let mut parser = Parser::new(Month::new(2026, 10).unwrap());
    let mut claims = Vec::new();
    for (line, text) in (1..).zip(lines) {
        claims.extend(parser.take(Record::new(line, text), &mut errors));
    }
    claims.extend(parser.close(&mut errors));
    (claims, errors.told.iter().map(ToString::to_string).collect())
}

fn claims(lines: &[&str]) -> Vec<Claim> {
    let (claims, errors) = read(lines);
    assert!(errors.is_empty(), "{errors:#?}");
    claims
}

fn errors(lines: &[&str]) -> Vec<String> {
    let (claims, errors) = read(lines);
    assert!(claims.is_empty(), "{claims:#?}");
    errors
}

/// A record with a value at a place.
fn with(start: &str, place: usize, value: &str) -> String {
    let missing = place - start.split(',').count();
    format!("{start}{},{value}", ",".repeat(missing))
}

#[test]
fn o2_a_claim_is_read_with_all_it_tells() {
    let kana = with("RE,7,1112,202608,髙橋　太郎,1,19790822", 36, "タカハシ　タロウ");
    let share = with(HO, 11, "3880");
    let found = claims(&[
        CLINIC,
        "MN,1",
        &kana,
        &share,
        "KO,12345678,1,,2,1296,900",
        "KO,87654321,1,,2,1296,500",
        "SN,1,01,,,,1,,",
        "SN,2,01,,,,02,,",
        "SI,11,1,111000110,,288,1",
        "ZZ,\"an unknown record",
        "GO,3,1296,99",
    ]);
    let [claim] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(
        *claim,
        Claim {
            line: 3,
            number: "UKE-202609-1-131234567-7".to_owned(),
            treatment_month: Month::new(2026, 8).unwrap(),
            institution: "サンプルクリニック".to_owned(),
            care: Care::Outpatient,
            patient: "髙橋　太郎".to_owned(),
            birthdate: NaiveDate::from_ymd_opt(1979, 8, 22).unwrap(),
            branch: Some("01".to_owned()),
            days: 2,
            amounts: Amounts {
                total: Yen(12_960),
                insurer: Yen(9_080),
                public: Yen(3_380),
                out_of_pocket: Yen(500),
                computed: false,
            },
            insured: Some(Insured {
                insurer_number: "06139927".to_owned(),
                symbol: "101".to_owned(),
                number: "11".to_owned(),
            }),
        }
    );
}

#[test]
fn o2_each_form_has_its_own_places() {
    let medical = with("RE,1,1111,202608,,1,19790822", 36, "ｲｶ");
    let medical_share = with(HO, 11, "101");
    let dental = with("RE,1,3112,202608,,1,19790822", 25, "ｼｶ");
    let dental_share = with(HO, 10, "102");
    let pharmacy = with("RE,1,4112,202608,,1,19790822", 41, "ﾁｮｳｻﾞｲ");
    let pharmacy_share = with(HO, 9, "103");
    let found = claims(&[
        CLINIC,
        &medical,
        &medical_share,
        "KO,12345678,1,,2,1296,10",
        "SN,1,01,,,,03,,",
        "UK,1,13,3,7654321,,みなと歯科,202609",
        "IR,1,13,3,7654321,,202609,00",
        &dental,
        &dental_share,
        "KO,12345678,1,,2,1296,20",
        "SN,1,01,,,,04,,",
        "YK,1,27,4,1111111,あおば薬局,202609,00",
        &pharmacy,
        &pharmacy_share,
        "KO,12345678,1,,2,1296,,30",
        "SN,1,01,,,,05,,",
    ]);
    let told: Vec<_> = found
        .iter()
        .map(|claim| {
            let Amounts { public, out_of_pocket, .. } = claim.amounts;
            let places = (claim.number.as_str(), claim.institution.as_str(), claim.care);
            (places, claim.patient.as_str(), public.0, out_of_pocket.0, claim.branch.as_deref())
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                ("UKE-202609-1-131234567-1", "サンプルクリニック", Care::Inpatient),
                "イカ",
                91,
                10,
                Some("03")
            ),
            (("UKE-202609-3-137654321-1", "みなと歯科", Care::Dental), "シカ", 82, 20, Some("04")),
            (
                ("UKE-202609-4-271111111-1", "あおば薬局", Care::Pharmacy),
                "チョウザイ",
                73,
                30,
                None
            ),
        ]
    );
}

#[test]
fn o2_numbers_are_folded_and_filled_up() {
    let found = claims(&[
        CLINIC,
        "RE,1,1112,202608,太郎,1,19790822",
        "HO,  138057,１０１－Ａ,　１１　,２,１２９６",
        "RE,2,1112,202608,花子,2,19810203",
        "HO,,,,1,100",
    ]);
    let numbers = |claim: &Claim| {
        let insured = claim.insured.as_ref().unwrap();
        [&insured.insurer_number, &insured.symbol, &insured.number].map(String::clone)
    };
    assert_eq!(numbers(&found[0]), ["00138057", "101-A", "11"]);
    assert_eq!(numbers(&found[1]), ["00000000", "", ""], "found nobody later, and told then");
}

#[test]
fn o2_a_public_payer_alone_leaves_the_insurance_open() {
    let found = claims(&[CLINIC, "RE,1,1112,202608,太郎,1,19790822", "KO,12345678,1,,2,1296,500"]);
    assert_eq!((found[0].insured.as_ref(), found[0].amounts.out_of_pocket), (None, Yen(500)));
}

#[test]
fn o2_a_dentists_name_is_the_institutions_own() {
    let claim = "RE,1,3112,202608,花子,2,19810203";
    let name = |lines: &[&str]| {
        let found = claims(lines);
        found.iter().map(|claim| claim.institution.clone()).collect::<Vec<_>>()
    };
    let (first, second) = ("IR,1,13,3,1111111,,202609", "IR,1,13,3,2222222,,202609");
    let (uk_first, uk_second) = ("UK,1,13,3,1111111,,一番歯科", "UK,1,13,3,2222222,,二番歯科");
    let before = [uk_first, first, claim, HO, uk_second, second, claim, HO];
    assert_eq!(name(&before), ["一番歯科", "二番歯科"]);
    let after = [first, uk_first, claim, HO, second, uk_second, claim, HO];
    assert_eq!(name(&after), ["一番歯科", "二番歯科"]);
    let once = [uk_first, first, claim, HO, second, claim, HO];
    assert_eq!(name(&once), ["一番歯科", ""]);
}

#[test]
fn o2_mistakes_are_told_by_line_record_and_field() {
    let claim = "RE,1,1112,202608,太郎,1,19790822";
    let beyond = with(HO, 11, "12961");
    let no_number = with(HO, 11, "1x");
    for (lines, expected) in [
        (vec![claim, HO], "1行目「RE」: 医療機関のレコード（IR・YK）より前にあります"),
        (vec![CLINIC, HO], "2行目「HO」: REレコードより前にあります"),
        (vec![CLINIC, claim], "2行目「RE」: 保険者（HO）も公費（KO）もありません"),
        (vec![CLINIC, claim, HO, HO], "4行目「HO」: 1件のレセプトに2つあります"),
        (vec![CLINIC, "RE,,1112,202608,太郎,1,19790822", HO], "2行目「RE レセプト番号」: 空です"),
        (
            vec![CLINIC, "RE,1,1112,50808,太郎,1,19790822", HO],
            "2行目「RE 診療年月」: 「50808」は年月ではありません（例: 202603）",
        ),
        (
            vec![CLINIC, "RE,1,1112,202611,太郎,1,19790822", HO],
            "2行目「RE 診療年月」: 通知年月より後です",
        ),
        (
            vec![CLINIC, "RE,1,1112,202608,太郎,1,19790230", HO],
            "2行目「RE 生年月日」: 「19790230」は日付ではありません（例: 19790822）",
        ),
        (vec![CLINIC, "RE,1,1112,202608,太郎"], "2行目「RE 生年月日」: 空です"),
        (
            vec![CLINIC, "RE,1,6112,202608,太郎,1,19790822", HO],
            "2行目「RE レセプト種別」: 訪問看護（6112）はCSVで取り込んでください",
        ),
        (
            vec![CLINIC, "RE,1,2112,202608,太郎,1,19790822", HO],
            "2行目「RE レセプト種別」: 「2112」は医科（1）・歯科（3）・調剤（4）ではありません",
        ),
        (
            vec![CLINIC, "RE,1,4112,202608,太郎,1,19790822", HO],
            "2行目「RE レセプト種別」: IRレコードの医療機関の種別ではありません",
        ),
        (
            vec![CLINIC, claim, "HO,06139927,101,11,2,千点"],
            "3行目「HO 合計点数」: 「千点」は数字ではありません",
        ),
        (
            vec![CLINIC, claim, "HO,06139927,101,11,2,100000000"],
            "3行目「HO 合計点数」: 大きすぎます: 100000000（99999999まで）",
        ),
        (vec![CLINIC, claim, "HO,06139927,101,11,2"], "3行目「HO 合計点数」: 空です"),
        (
            vec![CLINIC, claim, beyond.as_str()],
            "3行目「HO 負担金額」: 医療費総額より大きい負担金額です",
        ),
        (
            vec![CLINIC, claim, no_number.as_str()],
            "3行目「HO 負担金額」: 「1x」は数字ではありません",
        ),
        (
            vec![CLINIC, claim, HO, "KO,12345678,1,,2,1296,3898"],
            "4行目「KO 負担金額」: 公費の負担金額が、公費がないときの自己負担額より大きくなっています",
        ),
        (
            vec![CLINIC, claim, HO, "KO,12345678,1,,2,1296,-1"],
            "4行目「KO 負担金額」: 「-1」は数字ではありません",
        ),
        (
            vec![CLINIC, claim, HO, "SN,1,01,,,,x,,"],
            "4行目「SN 枝番」: 「x」は2桁の数字ではありません",
        ),
    ] {
        assert_eq!(errors(&lines), [expected]);
    }
}

#[test]
fn o2_an_institution_that_cannot_be_read_is_told_once() {
    let claim = "RE,1,1112,202608,太郎,1,19790822";
    let told = errors(&["IR,1,13,1,,,名,202609", claim, HO, claim, HO, claim, HO]);
    assert_eq!(told, ["1行目「IR 医療機関コード」: 空です"]);
    let told = errors(&["IR,1,13,1,1234567,,名,2026", claim, HO]);
    assert_eq!(told, ["1行目「IR 請求年月」: 「2026」は年月ではありません（例: 202603）"]);
}

/// A file of two claims, and what is wrong with its end.
fn end(lines: &[&str]) -> (Vec<String>, bool) {
    let mut errors = RowErrors::default();
    let mut parser = Parser::new(Month::new(2026, 10).unwrap());
    let claims = [
        CLINIC,
        "RE,1,1112,202608,太郎,1,19790822",
        HO,
        "KO,12345678,1,,2,1296,500",
        "RE,2,1112,202608,花子,2,19810203",
        "KO,12345678,1,,1,100,0",
    ];
    for (line, text) in (1..).zip(claims.iter().chain(lines)) {
        parser.take(Record::new(line, text), &mut errors);
    }
    parser.close(&mut errors);
    (errors.told.iter().map(ToString::to_string).collect(), parser.has_ended())
}

#[test]
fn o2_the_end_of_a_file_tells_what_a_whole_one_holds() {
    for whole in [
        // HO and KO records: 1 + 2; points: 1,296 of the first claim's HO, 100 of the other's KO.
        vec!["GO,3,1396,99"],
        // The number of claims in its place, as some write it.
        vec!["GO,2,1396,99"],
        vec!["GO,3,1396,99", "", "ZZ,1"],
        // Files that were joined.
        vec!["GO,3,1396,99", CLINIC, "RE,3,1112,202608,太郎,1,19790822", HO, "GO,1,1296,"],
    ] {
        assert_eq!(end(&whole), (vec![], true), "{whole:?}");
    }
    for cut in [vec![], vec!["GO,3,1396,99", "RE,3,1112,202608,太郎,1,19790822", HO]] {
        assert_eq!(end(&cut), (vec![], false), "{cut:?}");
    }
    for (altered, told) in [
        (
            "GO,4,1396,99",
            "7行目「GO 総件数」: 4件とありますが、保険と公費の請求は合わせて3件です。",
        ),
        (
            "GO,3,1397,99",
            "7行目「GO 総合計点数」: 1397点とありますが、レセプトの合計は1396点です。",
        ),
        ("GO,,1396,99", "7行目「GO 総件数」: 空です"),
        (
            "GO,3,1396,1",
            "7行目「GO マルチボリューム識別情報」: 複数に分かれたファイルの1番目です。",
        ),
    ] {
        let (errors, _) = end(&[altered]);
        assert!(errors.len() == 1 && errors[0].starts_with(told), "{errors:?}");
    }
}
