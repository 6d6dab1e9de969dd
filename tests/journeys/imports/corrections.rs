//! Wrong rows are corrected, and their earlier values stay known (O2).

use axum::http::StatusCode;
use chrono::Duration;
use kosmo::base::month::Month;
use kosmo::expenses::notices::{self, Published, Withdrawn};

use crate::support::imports::{counts, told};
use crate::support::people::{self, EXPENSE_HEADINGS, GORO, TARO, file};
use crate::support::world::{World, tester};

const CORRECTING: &str = "明細番号,個人コード,通知年月,診療年月,医療機関,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考,訂正区分";

fn october() -> Month {
    Month::new(2026, 10).unwrap()
}

#[tokio::test]
async fn o2_a_correction_replaces_a_row_and_keeps_what_it_was() {
    let world = World::new().await;
    // The person, the month of notice and the amount change.
    let row = "C4,K2,2026-11,2026-08,みなと病院,入院,3,60000,42000,0,18000,,訂正";
    let corrected = world.import_expenses("klinekenpo", &file(CORRECTING, &[row])).await.unwrap();
    assert_eq!(corrected.counts, counts(0, 1, 0));
    let mut taro = world.sign_in(TARO).await;
    let november = taro.get("/expenses/months/2026-11").await;
    assert!(november.shows("みなと病院") && november.shows("¥18,000"), "{}", november.text());
    let october = taro.get("/expenses/months/2026-10").await;
    assert!(october.shows("該当するデータはありません。"), "{}", october.text());
    let history = "select count(*) from expense_history
                   where claim_number = 'C4' and reason = 'corrected' and member_code = 'K1'
                     and notice_month = '2026-10-01' and out_of_pocket_yen = 1500";
    assert_eq!(world.count(history).await, 1);
    assert_eq!(world.count("select count(*) from expense_claims").await, 6);
}

#[tokio::test]
async fn o2_a_cancelled_row_is_gone_and_its_number_is_free() {
    let world = World::new().await;
    let cancels = file(CORRECTING, &["C4,,,,,,,,,,,,取消"]);
    let cancelled = world.import_expenses("klinekenpo", &cancels).await.unwrap();
    assert_eq!(cancelled.counts, counts(0, 1, 0));
    let mut taro = world.sign_in(TARO).await;
    let october = taro.get("/expenses/months/2026-10").await;
    assert!(october.shows("該当するデータはありません。"));
    let history = "select count(*) from expense_history where reason = 'cancelled'";
    assert_eq!(world.count(history).await, 1);
    // The same file again changes nothing.
    let again = world.import_expenses("klinekenpo", &cancels).await.unwrap();
    assert_eq!(again.counts, counts(0, 0, 1));
    let anew = file(EXPENSE_HEADINGS, &["C4,K1,2026-10,2026-08,別の病院,通院,1,1000,700,0,300,"]);
    let anew = world.import_expenses("klinekenpo", &anew).await.unwrap();
    assert_eq!(anew.counts, counts(1, 0, 0));
    assert!(taro.get("/expenses/months/2026-10").await.shows("別の病院"));
    // Nor does it cancel the row that came later under the same number.
    world.clock.advance(Duration::minutes(1));
    let again = world.import_expenses("klinekenpo", &cancels).await.unwrap();
    assert_eq!((again.counts, again.left), (counts(0, 0, 1), 1));
    assert!(taro.get("/expenses/months/2026-10").await.shows("別の病院"));
}

#[tokio::test]
async fn o2_after_a_withdrawal_everything_comes_again_in_its_order() {
    let world = World::new().await;
    let corrects = file(CORRECTING, &["C4,K1,2026-10,2026-08,,通院,2,9000,6300,0,2700,,訂正"]);
    let tick = || world.clock.advance(Duration::minutes(1));
    tick();
    world.import_expenses("klinekenpo", &corrects).await.unwrap();
    tick();
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    notices::withdraw(&mut tx, &world.clock, october(), "test").await.unwrap();
    tx.commit().await.unwrap();
    tick();
    let first = world.import_expenses("klinekenpo", &people::expenses()).await.unwrap();
    assert_eq!(first.counts, counts(2, 0, 4));
    tick();
    let second = world.import_expenses("klinekenpo", &corrects).await.unwrap();
    assert_eq!((second.counts, second.published), (counts(0, 1, 0), vec![october()]));
    tick();
    let third = world.import_expenses("klinekenpo", &people::expenses()).await.unwrap();
    assert_eq!((third.counts, third.left), (counts(0, 0, 6), 1));
    let page = world.sign_in(TARO).await.get("/expenses/months/2026-10").await;
    assert!(page.shows("¥2,700") && !page.shows("¥1,500"), "{}", page.text());
}

#[tokio::test]
async fn o2_what_is_said_to_be_new_replaces_nothing() {
    let world = World::new().await;
    let rows = [
        "C4,K1,2026-10,2026-08,,通院,2,5000,3500,0,1500,医療機関名なし,新規",
        "C6,K1,2026-10,2026-08,あおば薬局,調剤,1,777770,544439,0,233331,,新規",
    ];
    let errors =
        told(world.import_expenses("klinekenpo", &file(CORRECTING, &rows)).await.unwrap_err());
    assert_eq!(errors, ["3行目「明細番号」: 明細番号「C6」の、内容の違う明細がすでにあります"]);
    let same = world.import_expenses("klinekenpo", &file(CORRECTING, &rows[..1])).await.unwrap();
    assert_eq!(same.counts, counts(0, 0, 1));
}

#[tokio::test]
async fn o2_rows_that_come_again_stay_with_the_family_that_had_them() {
    let world = World::new().await;
    // Hanako moves into a household of her own.
    let moved = people::members("klinekenpo").replace(
        "K2,K1,06139927,101,11,01,テスト　花子,テスト　ハナコ,1981-02-03,配偶者",
        "K2,K2,06139927,101,99,00,テスト　花子,テスト　ハナコ,1981-02-03,本人",
    );
    world.import_members("klinekenpo", &moved).await.unwrap();
    world.clock.advance(Duration::minutes(1));
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    let september = Month::new(2026, 9).unwrap();
    notices::withdraw(&mut tx, &world.clock, september, "test").await.unwrap();
    tx.commit().await.unwrap();
    let again = world.import_expenses("klinekenpo", &people::expenses()).await.unwrap();
    assert_eq!(again.counts, counts(1, 0, 5));
    let page = world.sign_in(TARO).await.get("/expenses/months/2026-09").await;
    assert!(page.shows("みなと歯科"), "{}", page.text());
}

#[tokio::test]
async fn o2_a_correction_of_what_is_not_there_is_named_and_changes_nothing() {
    let world = World::new().await;
    let rows = [
        "C4,K1,2026-10,2026-08,,通院,2,9000,6300,0,2700,,訂正",
        "C99,K1,2026-10,2026-08,,通院,2,9000,6300,0,2700,,訂正",
        "C98,,,,,,,,,,,,取消",
        "C97,,,,,,,,,,,,削除",
        ",,,,,,,,,,,,取消",
    ];
    let errors =
        told(world.import_expenses("klinekenpo", &file(CORRECTING, &rows)).await.unwrap_err());
    assert_eq!(
        errors,
        [
            "3行目「訂正区分」: 訂正・取消のもとになる明細番号「C99」がありません",
            "4行目「訂正区分」: 訂正・取消のもとになる明細番号「C98」がありません",
            "5行目「訂正区分」: 「削除」は使えません（空欄、新規、訂正、取消）",
            "6行目「明細番号」: 空です",
        ]
    );
    assert_eq!(world.count("select count(*) from expense_history").await, 0);
    assert_eq!(world.count("select sum(out_of_pocket_yen)::bigint from expenses").await, 241_551);
}

#[tokio::test]
async fn o2_a_file_that_comes_again_undoes_no_correction() {
    let world = World::new().await;
    let row = "C4,K1,2026-10,2026-08,,通院,2,9000,6300,0,2700,,訂正";
    world.clock.advance(Duration::days(1));
    world.import_expenses("klinekenpo", &file(CORRECTING, &[row])).await.unwrap();
    world.clock.advance(Duration::days(1));
    for _ in 0..2 {
        let again = world.import_expenses("klinekenpo", &people::expenses()).await.unwrap();
        assert_eq!(again.counts, counts(0, 0, 6));
    }
    let mut taro = world.sign_in(TARO).await;
    assert!(taro.get("/expenses/months/2026-10").await.shows("¥2,700"));
}

#[tokio::test]
async fn o2_another_unions_claim_can_not_be_corrected() {
    let world = World::new().await;
    let cancels = file(CORRECTING, &["C4,,,,,,,,,,,,取消"]);
    let errors = told(world.import_expenses("jomkenpo", &cancels).await.unwrap_err());
    assert!(errors[0].contains("「C4」がありません"), "{errors:?}");
    assert_eq!(world.count("select count(*) from expenses").await, 6);
}

#[tokio::test]
async fn o2_a_month_is_seen_once_it_is_published() {
    let world = World::new().await;
    let month = |number| Month::new(2026, number).unwrap();
    let rows = |claim| format!("{claim},K1,2026-11,2026-09,,通院,1,1000,700,0,300,");
    let mut taro = world.sign_in(TARO).await;
    for claim in ["N1", "N2"] {
        let part = file(EXPENSE_HEADINGS, &[&rows(claim)]);
        let imported = world.stage_expenses("klinekenpo", &part).await.unwrap();
        assert_eq!(imported.unpublished, [month(11)], "several files make a month");
    }
    for path in ["/expenses/months/2026-11", "/expenses/years/2026", "/expenses/history"] {
        let page = taro.get(path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.shows("2026/09") && !page.shows("600"), "{path}: {}", page.text());
    }
    assert_eq!(world.publish_notice("klinekenpo", month(11)).await, Published::Now);
    assert_eq!(world.publish_notice("klinekenpo", month(11)).await, Published::Before);
    assert_eq!(world.publish_notice("klinekenpo", month(12)).await, Published::Empty);
    let page = taro.get("/expenses/months/2026-11").await;
    assert!(page.shows("あなたが支払った額 600円"), "{}", page.text());
}

#[tokio::test]
async fn o2_a_withdrawn_month_is_seen_by_nobody_and_can_come_again() {
    let world = World::new().await;
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    let withdrawn = notices::withdraw(&mut tx, &world.clock, october(), "test").await.unwrap();
    assert_eq!(withdrawn, Withdrawn { rows: 2, published: true });
    let left = notices::list(&mut tx, None).await.unwrap();
    assert_eq!(left.iter().map(|notice| notice.rows).collect::<Vec<_>>(), [1, 3]);
    tx.commit().await.unwrap();
    for person in [TARO, GORO] {
        let page = world.sign_in(person).await.get("/expenses/months/2026-10").await;
        assert!(page.shows("該当するデータはありません。"));
    }
    let again = world.stage_expenses("klinekenpo", &people::expenses()).await.unwrap();
    assert_eq!((again.counts, again.unpublished), (counts(2, 0, 4), vec![october()]));
    let history = "select count(*) from expense_history where reason = 'withdrawn'";
    assert_eq!(world.count(history).await, 2);
}

#[tokio::test]
async fn o2_the_sums_of_the_months_follow_their_rows() {
    let world = World::new().await;
    let kept_and_counted = async || {
        let kept = "select notice_month::text, rows, total_yen, out_of_pocket_yen
                    from expense_months order by tenant_id, 1";
        let counted = "select notice_month::text, count(*), sum(total_yen)::bigint,
                              sum(out_of_pocket_yen)::bigint
                       from expenses group by tenant_id, notice_month order by tenant_id, 1";
        let mut admin = world.database.admin().await;
        let kept: Vec<(String, i64, i64, i64)> =
            sqlx::query_as(kept).fetch_all(&mut admin).await.unwrap();
        let counted: Vec<(String, i64, i64, i64)> =
            sqlx::query_as(counted).fetch_all(&mut admin).await.unwrap();
        assert!(!counted.is_empty());
        (kept, counted)
    };
    let files = [
        // In turn: a new row; a move to another month with another amount; a cancellation that empties a
        // month; the same again.
        file(EXPENSE_HEADINGS, &["Z1,K1,2026-12,2026-10,,通院,1,1000,700,0,300,"]),
        file(CORRECTING, &["C4,K1,2026-11,2026-08,,通院,2,9000,6300,0,2700,,訂正"]),
        file(CORRECTING, &["Z1,,,,,,,,,,,,取消"]),
        file(
            EXPENSE_HEADINGS,
            &["C6,K3,2026-10,2026-08,あおば薬局,調剤,1,777770,544439,0,233331,"],
        ),
    ];
    for file in files {
        world.clock.advance(Duration::minutes(1));
        world.import_expenses("klinekenpo", &file).await.unwrap();
        let (kept, counted) = kept_and_counted().await;
        assert_eq!(kept, counted, "{file}");
    }
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    notices::withdraw(&mut tx, &world.clock, october(), "test").await.unwrap();
    tx.commit().await.unwrap();
    let (kept, counted) = kept_and_counted().await;
    assert_eq!(kept, counted);
}

#[tokio::test]
async fn o2_all_months_are_listed_however_many_there_are() {
    let world = World::new().await;
    let months = (0..130).map(|count| Month::new(2010, 1).unwrap().plus(count));
    let row = |(number, month)| format!("L{number},K1,{month},2009-12,,通院,1,1000,700,0,300,");
    let rows: Vec<String> = months.enumerate().map(row).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &rows)).await.unwrap();
    let listed = world.kosmo(&["expenses", "list", "--tenant", "klinekenpo", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().map(|month| month["month"].as_str().unwrap()).collect();
    assert_eq!(listed.len(), 133);
    assert!(listed.is_sorted_by(|newer, older| newer > older), "{listed:?}");
}

#[tokio::test]
async fn o2_cancellations_and_moves_come_again_after_a_withdrawal() {
    let world = World::new().await;
    let tick = || world.clock.advance(Duration::minutes(1));
    let rows = |amount: i64| {
        let row = |claim| format!("{claim},K1,2026-11,2026-09,,通院,1,{amount},0,0,{amount},");
        file(EXPENSE_HEADINGS, &[&row("X"), &row("Y")])
    };
    let corrects =
        file(CORRECTING, &["X,,,,,,,,,,,,取消", "Y,K1,2026-12,2026-09,,通院,1,700,0,0,700,,訂正"]);
    for step in [rows(100), corrects.clone()] {
        tick();
        world.import_expenses("klinekenpo", &step).await.unwrap();
    }
    tick();
    let mut tx = world.worker.tenant(world.tenant("klinekenpo"), &tester()).await.unwrap();
    for month in [11, 12] {
        let month = Month::new(2026, month).unwrap();
        notices::withdraw(&mut tx, &world.clock, month, "test").await.unwrap();
    }
    tx.commit().await.unwrap();
    for (step, expected) in [(rows(101), counts(2, 0, 0)), (corrects, counts(0, 2, 0))] {
        tick();
        assert_eq!(world.import_expenses("klinekenpo", &step).await.unwrap().counts, expected);
    }
    let left = "select sum(out_of_pocket_yen)::bigint from expenses
                where claim_number in ('X', 'Y') and notice_month = '2026-12-01'";
    assert_eq!(world.count(left).await, 700);
    assert_eq!(world.count("select count(*) from expenses where claim_number = 'X'").await, 0);
}

#[tokio::test]
async fn o2_a_number_used_again_for_another_month_follows_the_person() {
    let world = World::new().await;
    let cancels = file(CORRECTING, &["C5,,,,,,,,,,,,取消"]);
    world.import_expenses("klinekenpo", &cancels).await.unwrap();
    let moved = people::members("klinekenpo")
        .replace("K2,K1,06139927,101,11,01,", "K2,K2,06139927,101,99,00,");
    let moved = moved.replace(",1981-02-03,配偶者,", ",1981-02-03,本人,");
    world.import_members("klinekenpo", &moved).await.unwrap();
    let again = ["C5,K2,2026-11,2026-10,みなと歯科,歯科,1,1000,700,0,300,"];
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &again)).await.unwrap();
    let hers = "select count(*) from expenses where claim_number = 'C5' and household_code = 'K2'";
    assert_eq!(world.count(hers).await, 1, "the former family never had it");
}

#[tokio::test]
async fn o2_a_file_whose_lines_end_in_carriage_returns_loses_no_row() {
    let world = World::new().await;
    let rows = [
        "C4,K1,2026-10,2026-08,,通院,2,5000,3500,0,1500,医療機関名なし",
        "Y1,K1,2026-10,2026-08,,通院,1,1000,700,0,300,",
        "Y2,K1,2026-10,2026-08,,通院,1,1000,700,0,300,",
    ];
    let old = file(EXPENSE_HEADINGS, &rows).replace('\n', "\r");
    let imported = world.import_expenses("klinekenpo", &old).await.unwrap();
    assert_eq!(imported.counts, counts(2, 0, 1));
    let twice = file(EXPENSE_HEADINGS, &[rows[1], rows[1]]).replace('\n', "\r");
    let errors = told(world.import_expenses("klinekenpo", &twice).await.unwrap_err());
    assert_eq!(errors, ["3行目「明細番号」: 同じ明細番号が2行目にもあります"]);
}
