//! Importing claims as the clearing house sends them (O2).

use chrono::NaiveDate;
use kosmo::base::ids::BatchId;
use kosmo::base::month::Month;
use kosmo::expenses::import::{self, ExpensesImport, Format, Imported, Strangers};
use kosmo::expenses::uke::{self, KeptClaims, Reason, Unmatched};
use kosmo::import::ImportRun;
use kosmo::import::source::Source;

use crate::support::imports::{counts, told};
use crate::support::people;
use crate::support::uke::{Claim, GORO, HANAKO, TARO, Uke};
use crate::support::world::{World, tester};

const UNION: &str = "klinekenpo";

fn october() -> Month {
    Month::new(2026, 10).unwrap()
}

/// Makes the union's people, with twins of Goro's.
async fn world() -> World {
    let world = World::empty().await;
    let mut members = people::members(UNION);
    members.push_str(
        "K5,K3,06139927,101,12,01,海運　一,カイウン　イチ,2020-01-01,子,2020-01-01,,,,\n\
         K6,K3,06139927,101,12,02,海運　二,カイウン　ニ,2020-01-01,子,2020-01-01,,,,\n",
    );
    world.import_members(UNION, &members).await.unwrap();
    world
}

async fn refused(world: &World, file: &[u8]) -> Vec<String> {
    let errors = told(world.import_uke(UNION, file, october()).await.unwrap_err());
    assert_eq!(world.count("select count(*) from expenses").await, 0, "{errors:#?}");
    let batches = "select count(*) from import_batches where kind = 'expenses'";
    assert_eq!(world.count(batches).await, 0, "{errors:#?}");
    errors
}

/// Imports the claims that match a person, and returns the rest.
async fn import_the_known(world: &World, file: &[u8]) -> (Imported, Vec<Unmatched>) {
    let path = world.write("claims.uke", file);
    let by = "test".to_owned();
    let run = ImportRun { batch: BatchId::new(&world.clock), by, dry_run: false };
    let format = Format::Uke { notice: october() };
    let import = ExpensesImport { run: &run, clock: &world.clock, format };
    let (source, tenant) = (Source::open(&path).unwrap(), world.tenant(UNION));
    import.stage(&world.operator, tenant, &tester(), &source, &mut |_| {}).await.unwrap();
    let mut looking = world.operator.tenant(tenant, &tester()).await.unwrap();
    let left_out = import::unmatched(&mut looking, &run).await.unwrap();
    drop(looking);
    let strangers = Strangers::LeftOut(KeptClaims::of(&left_out));
    let mut tx = world.worker.tenant(tenant, &tester()).await.unwrap();
    let imported = import::merge(&mut tx, &world.clock, &run, strangers).await.unwrap();
    tx.commit().await.unwrap();
    (imported, left_out)
}

/// Returns the ledger's rows, ordered by number.
async fn rows(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' ', claim_number, member_code, to_char(notice_month, 'YYYY-MM'),
                          to_char(treatment_month, 'YYYY-MM'), '[' || institution || ']', care, days,
                          total_yen, insurer_yen, public_yen, out_of_pocket_yen,
                          case when computed then 'computed' else 'told' end)
         from expenses order by claim_number",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap()
}

/// Makes two claims of doctors, one of a dentist and two of pharmacies.
fn one_of_each() -> Vec<u8> {
    Uke::default()
        .clinic("1234567", "髙橋クリニック")
        .claim(Claim { public: Some(300), ..TARO })
        .claim(Claim {
            number: "2",
            kind: "1115",
            days: 5,
            points: 20_000,
            share: Some(57_600),
            branch: "01",
            ..HANAKO
        })
        .dentist("7654321", "みなと歯科")
        .claim(Claim { kind: "3116", days: 1, points: 1_140, ..HANAKO })
        .pharmacy("1111111", "あおば薬局")
        .claim(Claim { kind: "4112", days: 1, points: 276, public: Some(0), ..TARO })
        .pharmacy("2222222", "")
        .claim(Claim { kind: "4112", days: 1, points: 30, share: Some(90), ..GORO })
        .bytes()
}

#[tokio::test]
async fn o2_claims_of_doctors_dentists_and_pharmacies_become_rows() {
    let world = world().await;
    let imported = world.import_uke(UNION, &one_of_each(), october()).await.unwrap();
    assert_eq!(imported.counts, counts(5, 0, 0));
    assert_eq!((imported.sums.total.0, imported.sums.out_of_pocket.0), (227_420, 61_410));
    assert_eq!(
        rows(&world).await,
        [
            "UKE-202609-1-131234567-1 K1 2026-10 2026-08 [髙橋クリニック] outpatient 2 12960 9072 3588 300 told",
            "UKE-202609-1-131234567-2 K2 2026-10 2026-08 [髙橋クリニック] inpatient 5 200000 142400 0 57600 told",
            "UKE-202609-3-137654321-1 K2 2026-10 2026-08 [みなと歯科] dental 1 11400 7980 0 3420 computed",
            "UKE-202609-4-131111111-1 K1 2026-10 2026-08 [あおば薬局] pharmacy 1 2760 1932 828 0 told",
            "UKE-202609-4-132222222-1 K3 2026-10 2026-08 [] pharmacy 1 300 210 0 90 told",
        ]
    );
}

#[tokio::test]
async fn o2_the_same_claims_twice_change_nothing() {
    let world = world().await;
    world.import_uke(UNION, &one_of_each(), october()).await.unwrap();
    let before = rows(&world).await;
    let again = world.import_uke(UNION, &one_of_each(), october()).await.unwrap();
    assert_eq!(again.counts, counts(0, 0, 5));
    // The bytes differ, but the claims are the same.
    let longer = [one_of_each(), b"\r\nZZ,1\r\n".to_vec()].concat();
    let again = world.import_uke(UNION, &longer, october()).await.unwrap();
    assert_eq!(again.counts, counts(0, 0, 5));
    assert_eq!(rows(&world).await, before);
}

#[tokio::test]
async fn o2_claims_that_find_nobody_are_told_by_line_and_refuse_the_file() {
    let world = world().await;
    let file = Uke::default()
        .clinic("1234567", "みなと病院")
        .claim(TARO)
        .claim(Claim { number: "2", insured: Some(["06139927", "101", "99"]), ..TARO })
        .claim(Claim { number: "3", insured: Some(["06139943", "101", "11"]), ..TARO })
        .claim(Claim { number: "4", birthdate: "19790823", ..TARO })
        .claim(Claim { number: "5", branch: "05", ..TARO })
        .claim(Claim { number: "6", insured: None, public: Some(500), ..TARO })
        .claim(Claim { number: "7", birthdate: "20200101", ..GORO });
    assert_eq!(
        refused(&world, &file.bytes()).await,
        [
            "5行目「UKE-202609-1-131234567-2」: 記号・番号が診療月に有効な世帯がありません",
            "8行目「UKE-202609-1-131234567-3」: 記号・番号の世帯の保険者番号が違います",
            "11行目「UKE-202609-1-131234567-4」: 世帯に生年月日の合う人がいません",
            "14行目「UKE-202609-1-131234567-5」: 生年月日の合う人の枝番が違います",
            "18行目「UKE-202609-1-131234567-6」: 公費だけの請求で、記号・番号がありません",
            "21行目「UKE-202609-1-131234567-7」: 生年月日の合う人が2人以上います",
        ]
    );
}

#[tokio::test]
async fn o2_claims_left_out_come_in_by_the_ordinary_layout() {
    let world = world().await;
    let file = Uke::default()
        .clinic("1234567", "みなと病院")
        .claim(Claim { number: "1", birthdate: "20200101", branch: "2", ..GORO })
        .claim(Claim { number: "2", birthdate: "19790823", name: "=太郎", ..TARO })
        .bytes();
    let (imported, left_out) = import_the_known(&world, &file).await;
    assert_eq!(imported.counts, counts(1, 0, 0));
    assert_eq!((imported.sums.total.0, imported.sums.out_of_pocket.0), (12_960, 3_888));
    let reasons: Vec<_> = left_out.iter().map(|claim| (claim.row, claim.reason)).collect();
    assert_eq!(reasons, [(6, Reason::Birthdate)]);

    let mut csv = Vec::new();
    uke::write_unmatched(&mut csv, &left_out).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.starts_with('\u{feff}') && csv.contains(",'=太郎,"), "{csv}");
    let unfinished = told(world.import_expenses(UNION, &csv).await.unwrap_err());
    assert_eq!(unfinished, ["2行目「個人コード」: 空です"]);
    let completed = csv.replace("UKE-202609-1-131234567-2,,", "UKE-202609-1-131234567-2,K1,");
    // Encoded as a spreadsheet saves it: CP932, its own form of months, grouped amounts, dates with
    // slashes.
    let saved = completed
        .trim_start_matches('\u{feff}')
        .replace("2026-10,2026-08", "Oct-26,2026/8/1")
        .replace(",12960,9072,0,3888,", ",\"12,960\",\"9,072\",0,\"3,888\",")
        .replace("1979-08-23", "1979/8/23");
    let (saved, _, _) = encoding_rs::SHIFT_JIS.encode(&saved);
    let imported = world.import_expenses_file(UNION, &saved).await.unwrap();
    assert_eq!(imported.counts, counts(1, 0, 0));
    world.publish_notice(UNION, october()).await;
    let again = world.import_expenses(UNION, &completed).await.unwrap();
    assert_eq!(again.counts, counts(0, 0, 1), "the same rows as it was written");
    assert_eq!(
        rows(&world).await,
        [
            "UKE-202609-1-131234567-1 K6 2026-10 2026-08 [みなと病院] outpatient 2 12960 9072 0 3888 computed",
            "UKE-202609-1-131234567-2 K1 2026-10 2026-08 [みなと病院] outpatient 2 12960 9072 0 3888 computed",
        ]
    );

    let (again, left_out) = import_the_known(&world, &file).await;
    assert_eq!((again.counts, left_out.len()), (counts(0, 0, 1), 1));

    // The row completed by hand stays, although its claim would now match a person.
    let known = people::members(UNION).replace("1979-08-22", "1979-08-23");
    world.import_members(UNION, &known).await.unwrap();
    world.execute("update expenses set remarks = '手で入力' where claim_number like '%-2'").await;
    let (again, left_out) = import_the_known(&world, &file).await;
    assert_eq!((again.counts, again.left, left_out.len()), (counts(0, 0, 2), 1, 0));
    let by_hand = "select count(*) from expenses where remarks = '手で入力'";
    assert_eq!(world.count(by_hand).await, 1);
}

#[tokio::test]
async fn o2_the_numbers_of_the_month_of_treatment_find_the_household() {
    let world = World::empty().await;
    let members = people::members(UNION);
    world.import_members(UNION, &members).await.unwrap();
    let moved = members.replace(",101,11,", ",555,77,");
    let june = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
    world.import_members_as_of(UNION, moved.as_bytes(), june, false).await.unwrap();
    let new = Some(["06139927", "555", "77"]);
    let file = Uke::default()
        .clinic("1234567", "みなと病院")
        .claim(Claim { number: "1", month: "200901", ..TARO })
        .claim(Claim { number: "2", month: "202605", ..TARO })
        .claim(Claim { number: "3", month: "202606", ..TARO })
        .claim(Claim { number: "4", month: "202605", insured: new, ..TARO })
        .claim(Claim { number: "5", month: "202606", insured: new, ..TARO })
        .claim(Claim { number: "6", month: "202610", insured: new, ..TARO });
    let (imported, left_out) = import_the_known(&world, &file.bytes()).await;
    assert_eq!(imported.counts, counts(4, 0, 0));
    let numbers: Vec<_> =
        left_out.iter().map(|claim| (claim.claim.as_str(), claim.reason)).collect();
    assert_eq!(
        numbers,
        [
            ("UKE-202609-1-131234567-3", Reason::Numbers),
            ("UKE-202609-1-131234567-4", Reason::Numbers),
        ]
    );
}

#[tokio::test]
async fn o2_broken_records_are_told_by_line_and_nothing_comes_in() {
    let world = world().await;
    let file = Uke::default()
        .claim(TARO)
        .clinic("1234567", "みなと病院")
        .claim(TARO)
        .claim(Claim { number: "2", kind: "6112", ..TARO })
        .claim(Claim { number: "3", share: Some(12_961), ..TARO })
        .claim(Claim { number: "4", month: "202611", ..TARO })
        .claim(Claim { number: "5", birthdate: "19791322", ..TARO })
        .claim(Claim { number: "6", points: 100_000_000, ..TARO })
        .claim(Claim { number: "7", insured: None, ..TARO })
        .claim(TARO)
        .line("HO,06139927,101,11,1,\"100\"");
    assert_eq!(
        refused(&world, &file.bytes()).await,
        [
            "1行目「RE」: 医療機関のレコード（IR・YK）より前にあります",
            "8行目「RE レセプト種別」: 訪問看護（6112）はCSVで取り込んでください",
            "12行目「HO 負担金額」: 医療費総額より大きい負担金額です",
            "14行目「RE 診療年月」: 通知年月より後です",
            "17行目「RE 生年月日」: 「19791322」は日付ではありません（例: 19790822）",
            "21行目「HO 合計点数」: 大きすぎます: 100000000（99999999まで）",
            "23行目「RE」: 保険者（HO）も公費（KO）もありません",
            "28行目「HO」: 1件のレセプトに2つあります",
        ]
    );
    let twice = Uke::default().clinic("1234567", "みなと病院").claim(TARO).claim(HANAKO);
    assert_eq!(
        refused(&world, &twice.bytes()).await,
        ["5行目「RE レセプト番号」: 同じ医療機関・請求年月・番号のレセプトが2行目にもあります"]
    );
}

#[tokio::test]
async fn o2_a_file_that_was_cut_off_is_refused() {
    let world = world().await;
    let whole = Uke::default().clinic("1234567", "みなと病院").claim(TARO).bytes();
    let end = whole.windows(3).position(|bytes| bytes == b"GO,").unwrap();
    let cut_off = refused(&world, &whole[..end - 12]).await;
    assert_eq!(cut_off, ["4行目が途中で切れています（行末の改行がありません）"]);
    let insurance = whole.windows(3).position(|bytes| bytes == b"HO,").unwrap();
    for at_a_record in [insurance, end] {
        let told = refused(&world, &whole[..at_a_record]).await;
        let cut = "最後の記録（GOレコード）がありません。ファイルが途中で切れています";
        assert_eq!(told, [cut]);
    }
    let mut altered = whole.clone();
    let points = whole.windows(4).position(|bytes| bytes == b"1296").unwrap();
    altered[points] = b'2';
    let told = refused(&world, &altered).await;
    assert!(told[0].contains("1296点とありますが、レセプトの合計は2296点です"), "{told:?}");
    let no_claim = Uke::default().clinic("1234567", "みなと病院").bytes();
    for other in [no_claim, people::expenses().into_bytes(), Vec::new()] {
        let told = refused(&world, &other).await;
        assert!(told[0].contains("レセプト（REレコード）が1件もありません"), "{told:?}");
    }
}

#[tokio::test]
async fn o2_the_same_file_again_mends_amounts_that_an_older_release_got_wrong() {
    let world = world().await;
    world.import_uke(UNION, &one_of_each(), october()).await.unwrap();
    let right = rows(&world).await;
    // This is what an older release stored: it took a patient's 300 yen for the payer's.
    world
        .execute(
            "update expenses set insurer_yen = 9072, public_yen = 300, out_of_pocket_yen = 3588,
                                 computed = true
             where claim_number = 'UKE-202609-1-131234567-1'",
        )
        .await;
    let again = world.import_uke(UNION, &one_of_each(), october()).await.unwrap();
    assert_eq!(again.counts, counts(0, 1, 4));
    assert_eq!(rows(&world).await, right);
    let again = world.import_uke(UNION, &one_of_each(), october()).await.unwrap();
    assert_eq!((again.counts, rows(&world).await), (counts(0, 0, 5), right));
}
