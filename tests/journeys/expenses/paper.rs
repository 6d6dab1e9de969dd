//! Statements and notices on paper (E6, D4), as other programs read the PDFs.

use std::process::Command;

use axum::http::StatusCode;
use kosmo::base::sealed::Sealer;

use crate::expenses::saved::Saved;
use crate::operator::said;
use crate::support::people::{EXPENSE_HEADINGS, GORO, TARO, file};
use crate::support::world::World;

const MARCH: &str = "/expenses/months/2025-03/pdf";
const NOTICE: &str = "/expenses/deduction/pdf/2025";
/// D4: the notice says what to do about a missing name.
const BLANK: &str = "「療養を受けた病院・診療所・薬局等の名称」が空欄の行があります。お手元の領収書を見て名称を書き入れるか、その行の医療費を領収書から「医療費控除の明細書」に書き写してご申告ください。";

fn has(words: &str, expected: &[&str]) {
    for expected in expected {
        assert!(words.contains(expected), "{expected}: {words}");
    }
}

/// Checks that it is A4, tagged, and has its fonts embedded as subsets.
fn is_well_made(saved: &Saved, title: &str, pages: &str) {
    assert_eq!(saved.content_type, "application/pdf");
    let facts = saved.facts();
    for (name, fact) in [("Title", title), ("Tagged", "yes"), ("Pages", pages)] {
        assert_eq!(facts.get(name).map(String::as_str), Some(fact), "{name}: {facts:?}");
    }
    assert!(facts["Page size"].ends_with("(A4)"), "{facts:?}");
    let fonts = saved.fonts();
    let whole = |font: &&String| font.contains("NotoSansCJK") && font.contains(" yes yes yes ");
    assert!(!fonts.is_empty() && fonts.iter().filter(whole).count() == fonts.len(), "{fonts:#?}");
}

#[tokio::test]
async fn e6_the_statement_of_seed_001_has_every_cell_sums_and_notes() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/months/2025-03").await;
    assert!(page.body.contains(&format!("href=\"{MARCH}\"")), "{}", page.body);
    let saved = world.save(&taro, MARCH).await;
    assert_eq!(saved.name, "医療費明細_2025年3月.pdf");
    assert_eq!(saved.plain, "expenses-2025-03.pdf");
    is_well_made(&saved, "2025年3月の医療費明細", "1");
    has(
        &saved.words(),
        &[
            "川崎汽船健康保険組合",
            "被保険者氏名テストタロウ様",
            "あなたが支払った額3,720円",
            "医療費の内訳",
            "保険者負担額公費負担額自己負担額",
            "2025/01テストタロウ¥12,960¥9,072¥3,588¥300通院/1日",
            "サンプルクリニック薬局2025/01テストタロウ¥2,760¥1,932¥828¥0調剤/1回",
            "サンプルクリニック2025/01テストハナコ¥11,400¥7,980¥0¥3,420歯科/1日",
            "合計¥27,120¥18,984¥4,416¥3,720",
            "記載は、1行につき1ヶ月間に1つの医療機関で受診された分をまとめています。",
            "自己負担額等は、端数処理や審査等によって、実際の支払額とは異なる場合があります。",
            "この通知書は確定申告には使用できません。",
            "1/1ページ",
        ],
    );
}

#[tokio::test]
async fn e6_the_same_data_are_the_same_bytes_and_two_at_once_arrive_whole() {
    let world = World::new().await;
    let (taro, again) = (world.sign_in(TARO).await, world.sign_in(TARO).await);
    for path in [MARCH, "/expenses/years/2026/pdf", NOTICE] {
        let (one, other) = tokio::join!(world.save(&taro, path), world.save(&again, path));
        assert!(one.bytes.starts_with(b"%PDF-") && one == other, "{path}");
        world.clock.advance(chrono::Duration::minutes(1));
        assert!(one == world.save(&taro, path).await, "{path}: whatever the time");
    }
}

#[tokio::test]
async fn e6_three_hundred_rows_are_all_there_below_a_head_on_each_page() {
    let world = World::new().await;
    let mut rows = format!("{EXPENSE_HEADINGS}\n");
    for number in 0..300 {
        let institution = format!("第{}病院", number + 1_000);
        rows.push_str(&format!(
            "Y{number},K1,2024-07,2024-05,{institution},通院,1,1000,700,0,300,\n"
        ));
    }
    world.import_expenses("klinekenpo", &rows).await.unwrap();
    let saved = world.save(&world.sign_in(TARO).await, "/expenses/years/2024/pdf").await;
    let words = saved.words();
    for number in 1_000..1_300 {
        assert!(words.contains(&format!("第{number}病院")), "{number}");
    }
    let pages: usize = saved.facts()["Pages"].parse().unwrap();
    assert!(pages > 10, "{pages}");
    assert_eq!(words.matches("保険者負担額公費負担額自己負担額").count(), pages);
    has(&words, &[&format!("1/{pages}ページ"), &format!("{pages}/{pages}ページ"), "¥90,000"]);
}

#[tokio::test]
async fn e6_t15_paper_has_the_readers_own_rows_alone() {
    let world = World::new().await;
    let mut goro = world.sign_in(GORO).await;
    let words = world.save(&goro, "/expenses/months/2026-10/pdf").await.words();
    has(&words, &["被保険者氏名カイウンゴロウ様", "あおば薬局", "¥233,331"]);
    assert!(!words.contains("¥5,000") && !words.contains("タロウ"), "{words}");
    let nothing = goro.get(MARCH).await;
    assert_eq!(nothing.location(), "/expenses/months/2025-03", "the page says that there is none");
    assert!(goro.follow(nothing).await.shows("該当するデータはありません。"));
    for path in ["months/2025-3/pdf", "months/2025-13/pdf", "years/25/pdf", "years/x/pdf"] {
        let page = goro.get(&format!("/expenses/{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn d4_the_notice_has_the_six_legal_items() {
    let world = World::new().await;
    let taro = world.sign_in(TARO).await;
    let saved = world.save(&taro, NOTICE).await;
    assert_eq!(saved.name, "医療費控除通知_川崎汽船健康保険組合_2025年.pdf");
    assert_eq!(saved.plain, "iryohi-klinekenpo-2025.pdf");
    is_well_made(&saved, "医療費控除通知（2025年分）", "1");
    let words = saved.words();
    has(
        &words,
        &[
            "医療費控除通知2025年分",
            "被保険者等の氏名テストタロウ様",
            "保険者等の名称川崎汽船健康保険組合",
            "支払った医療費の額の合計3,720円",
            "療養を受けた者療養を受けた病院・診療所・薬局等の名称",
            "2025/01テストタロウサンプルクリニック¥300",
            "2025/01テストタロウサンプルクリニック薬局¥0",
            "2025/01テストハナコサンプルクリニック¥3,420",
            "合計¥3,720",
        ],
    );
    assert!(!words.contains(BLANK), "nothing is blank: {words}");
    // Paper for the tax office has no insurance numbers on it.
    assert!(!words.contains("06139927"), "{words}");
}

#[tokio::test]
async fn d4_a_blank_institution_stays_blank_and_the_notice_says_what_to_do() {
    let world = World::new().await;
    let row = "C7,K2,2025-06,2025-04,,歯科,1,2000,1400,0,600,";
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, &[row])).await.unwrap();
    let taro = world.sign_in(TARO).await;
    let words = world.save(&taro, NOTICE).await.words();
    has(&words, &["2025/04テストハナコ¥600", "合計¥4,320", BLANK]);
}

#[tokio::test]
async fn e6_d4_a_server_without_the_font_says_so_and_does_not_start() {
    let world = World::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let keys = world.write("serve.keys", Sealer::new_file());
    let output = Command::new(env!("CARGO_BIN_EXE_kosmo"))
        .arg("serve")
        .current_dir(folder.path())
        .env("KOSMO_DATABASE__URL", world.database.url())
        .env("KOSMO_SEALING__KEYS_FILE", keys)
        .env("KOSMO_LISTEN", "127.0.0.1:0")
        .env("KOSMO_PDF__FONTS", format!("[{}]", folder.path().display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let told = said(&output);
    for words in [
        "サーバーを起動できません",
        "Noto Sans CJK JP Regular and Bold が見つかりません",
        folder.path().to_str().unwrap(),
        "apt-get install fonts-noto-cjk",
        "KOSMO_PDF__FONTS",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}
