//! Files for a tax return: the choice of formats, CSV and signed XML (D1, D2, D3).

use std::io::{Cursor, Read as _};
use std::path::Path;

use axum::http::StatusCode;
use kosmo::base::month::Month;
use kosmo::config::SigningKeySettings;

use crate::expenses::etax::Desk;
use crate::expenses::search::options;
use crate::support::people::{EXPENSE_HEADINGS, JIRO, TARO, file};
use crate::support::uke::{self, Claim, Uke};
use crate::support::world::World;

const CHOICE: &str = "/expenses/deduction";
const NO_XML: &str = "この健康保険組合では、電子署名付きXMLデータの提供をまだ行っておりません。";
const SAMPLE: &str = "このXMLデータは見本です。電子申告には使用できません。";
/// The notes that D3 requires, and the note on the delay of three months.
const NOTES: [&str; 6] = [
    "世帯全員の医療費情報がまとめて出力されます。ご家族の皆さまの同意確認をお願いします。",
    "ダウンロードした時点で当システムに登録されている医療費情報を出力します。",
    "医療費控除申告が可能な過去5年分の医療費通知データを出力できます。",
    "医療費控除に関するお問い合わせは、当サイトでは回答できません。",
    "国税庁のウェブサイトをご確認いただき、管轄の税務署へお問い合わせください。",
    "原則、受診から3ヶ月後の掲載となります。",
];

/// Gives Taro's union a self-signed key, as in the demo, and returns what verifies its signatures.
pub(crate) async fn give_key(world: &mut World) -> Desk {
    let desk = Desk::new();
    let key = desk.setting();
    world.restart(|settings| settings.signing.keys.push(key)).await;
    desk
}

async fn import(world: &World, rows: &[&str]) {
    world.import_expenses("klinekenpo", &file(EXPENSE_HEADINGS, rows)).await.unwrap();
}

#[tokio::test]
async fn d1_without_a_key_the_union_offers_csv_and_paper_and_says_so() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    assert!(taro.get("/expenses").await.body.contains("href=\"/expenses/deduction\""));
    let page = taro.get(CHOICE).await;
    assert_eq!(page.heading(), "医療費控除申告用データを取得する");
    assert!(page.shows(NO_XML), "{}", page.text());
    assert!(!page.body.contains("href=\"/expenses/deduction/xml"), "{}", page.body);
    for path in ["/expenses/deduction/csv", "/expenses/deduction/pdf"] {
        assert!(page.body.contains(&format!("href=\"{path}\"")), "{path}");
    }
    for path in ["/expenses/deduction/xml", "/expenses/deduction/xml?year=2025"] {
        let page = taro.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.shows(NO_XML) && !page.shows("¥3,720"), "{path}: {}", page.text());
        assert!(!page.body.contains("<select"), "{path}: there is nothing to choose");
    }
    for path in ["xml/2025", "xls", "xls/2025", "XML/2025"] {
        let file = taro.get(&format!("{CHOICE}/{path}")).await;
        assert_eq!(file.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn d1_d2_d4_the_past_five_years_can_be_chosen_and_no_other() {
    let mut world = World::new().await;
    give_key(&mut world).await;
    let mut taro = world.sign_in(TARO).await;
    for format in ["xml", "csv", "pdf"] {
        let page = taro.get(&format!("{CHOICE}/{format}")).await;
        assert_eq!(options(&page, "year"), ["2025", "2024", "2023", "2022", "2021"], "{format}");
        for year in ["2026", "2020", "1899", "20", "x", "2025-01"] {
            let page = taro.get(&format!("{CHOICE}/{format}?year={year}")).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{format} {year}");
            assert!(page.title().starts_with("エラー: "), "{}", page.title());
            let told = "発行対象年は2021年から2025年までの中から選んでください。";
            assert_eq!(page.text().matches(told).count(), 2, "{year}: {}", page.text());
            let file = taro.get(&format!("{CHOICE}/{format}/{year}")).await;
            assert_eq!(file.status, StatusCode::NOT_FOUND, "{format} {year}");
        }
        let empty = taro.get(&format!("{CHOICE}/{format}?year=2021")).await;
        assert!(empty.shows("該当するデータはありません。"), "{}", empty.text());
        assert!(!empty.body.contains(&format!("/expenses/deduction/{format}/2021")), "no file");
        let file = taro.get(&format!("{CHOICE}/{format}/2021")).await;
        assert_eq!(file.location(), format!("/expenses/deduction/{format}?year=2021"));
    }
}

#[tokio::test]
async fn d1_d2_d3_d4_the_page_shows_what_the_file_will_have_and_the_notes() {
    let mut world = World::new().await;
    give_key(&mut world).await;
    import(&world, &["C7,K1,2024-07,2024-05,,通院,1,1000,700,0,300,"]).await;
    let mut taro = world.sign_in(TARO).await;
    for format in ["xml", "csv", "pdf"] {
        let page = taro.get(&format!("{CHOICE}/{format}?year=2025")).await;
        assert_eq!(
            page.table(),
            [
                vec!["2025/01", "テスト タロウ", "サンプルクリニック", "¥300"],
                vec!["2025/01", "テスト タロウ", "サンプルクリニック薬局", "¥0"],
                vec!["2025/01", "テスト ハナコ", "サンプルクリニック", "¥3,420"],
                vec!["合計", "¥3,720"],
            ]
        );
        for words in ["発行対象年", "被保険者氏名 テスト タロウ"].iter().chain(&NOTES)
        {
            assert!(page.shows(words), "{format}, {words}: {}", page.text());
        }
        assert!(page.body.contains(&format!("href=\"/expenses/deduction/{format}/2025\"")));
        let page = taro.get(&format!("{CHOICE}/{format}?year=2024")).await;
        assert_eq!(page.table()[0], ["2024/05", "テスト タロウ", "--", "¥300"], "blank");
    }
}

#[tokio::test]
async fn d2_the_csv_is_what_a_spreadsheet_takes_and_runs_nothing() {
    let world = World::new().await;
    let rows = [
        "C7,K1,2025-04,2025-02,=HYPERLINK(1),通院,1,1000,700,0,300,",
        "C8,K2,2025-05,2025-03,\"ＡＢ歯科, 2階\",歯科,1,2000,700,0,1234,",
        "C9,K2,2025-05,2025-03,,歯科,1,1000,700,0,0,",
    ];
    import(&world, &rows).await;
    let taro = world.sign_in(TARO).await;
    let saved = world.save(&taro, "/expenses/deduction/csv/2025").await;
    assert_eq!(saved.name, "医療費通知データ_川崎汽船健康保険組合_2025年.csv");
    assert_eq!(saved.plain, "iryohi-klinekenpo-2025.csv");
    assert_eq!(saved.content_type, "text/csv; charset=utf-8");
    let union = "川崎汽船健康保険組合";
    let expected = [
        "\u{feff}被保険者氏名,保険者名称,診療年月,氏名,医療機関名,自己負担額,備考".to_owned(),
        format!("テスト タロウ,{union},2025/01,テスト タロウ,サンプルクリニック,300,"),
        format!("テスト タロウ,{union},2025/01,テスト タロウ,サンプルクリニック薬局,0,"),
        format!("テスト タロウ,{union},2025/01,テスト ハナコ,サンプルクリニック,3420,"),
        format!("テスト タロウ,{union},2025/02,テスト タロウ,'=HYPERLINK(1),300,"),
        format!("テスト タロウ,{union},2025/03,テスト ハナコ,\"ＡＢ歯科, 2階\",1234,"),
        format!("テスト タロウ,{union},2025/03,テスト ハナコ,,0,"),
        String::new(),
    ];
    assert_eq!(saved.text(), expected.join("\r\n"));
}

#[tokio::test]
async fn d2_d4_an_amount_that_was_computed_from_points_is_marked() {
    let world = World::new().await;
    let claim = Claim { month: "202505", ..uke::TARO };
    let claims = Uke::default().clinic("1234567", "みなと病院").claim(claim).bytes();
    let july = Month::new(2025, 7).unwrap();
    world.import_uke("klinekenpo", &claims, july).await.unwrap();
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/deduction/csv?year=2025").await;
    let told = "診療報酬の点数と負担割合から計算した額です。";
    assert!(page.shows("※ ¥3,888") && page.shows(told), "{}", page.text());
    let csv = world.save(&taro, "/expenses/deduction/csv/2025").await;
    let line = "2025/05,テスト タロウ,みなと病院,3888,自己負担額は計算額\r\n";
    assert!(csv.text().ends_with(line), "{}", csv.text());
    let words = world.save(&taro, "/expenses/deduction/pdf/2025").await.words();
    assert!(words.contains("※¥3,888") && words.contains(told), "{words}");
    let month = world.save(&taro, "/expenses/months/2025-07/pdf").await.words();
    assert!(month.contains("自己負担額は計算額") && month.contains(told), "{month}");
}

#[tokio::test]
async fn d1_the_signed_file_is_accepted_by_schema_and_verifier_and_two_at_once_arrive_whole() {
    let mut world = World::new().await;
    let desk = give_key(&mut world).await;
    let mut taro = world.sign_in(TARO).await;
    let choice = taro.get(CHOICE).await;
    assert!(choice.shows(SAMPLE) && choice.body.contains("href=\"/expenses/deduction/xml\""));
    let page = taro.get("/expenses/deduction/xml?year=2025").await;
    assert!(page.shows(SAMPLE), "{}", page.text());
    let path = "/expenses/deduction/xml/2025";
    let (saved, other) = tokio::join!(world.save(&taro, path), world.save(&taro, path));
    assert_eq!(saved, other);
    assert_eq!(saved.name, "iryohi-klinekenpo-2025-sample.xml");
    assert_eq!(saved.content_type, "application/xml");
    desk.is_of_the_schema(&saved.bytes).unwrap();
    desk.is_signed(&saved.bytes).unwrap();
    let xml = saved.text();
    for item in [
        "sakuseiDay=\"2026-11-21\"",
        "<WBA00000>テスト タロウ</WBA00000><WBB00000>川崎汽船健康保険組合</WBB00000>",
        "<WBD00020>テスト ハナコ</WBD00020>\
         <WBD00030><gen:yyyy>2025</gen:yyyy><gen:mm>1</gen:mm></WBD00030>\
         <WBD00040>サンプルクリニック</WBD00040><WBD00050>3420</WBD00050>",
    ] {
        assert!(xml.contains(item), "{item}: {xml}");
    }
    for (from, to) in [(">3420<", ">3421<"), ("ハナコ", "ハナオ"), ("薬局", "薬屋")] {
        let changed = xml.replacen(from, to, 1);
        assert_ne!(changed, xml, "{from}");
        assert!(desk.is_signed(changed.as_bytes()).is_err(), "{from} became {to}");
    }
    // Only that union has the key.
    assert!(world.sign_in(JIRO).await.get(CHOICE).await.shows(NO_XML));
}

#[tokio::test]
async fn d1_a_key_that_an_authority_vouches_for_makes_no_sample() {
    let mut world = World::new().await;
    let key = SigningKeySettings {
        tenant: "klinekenpo".to_owned(),
        file: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/signing/chain.pem"),
        password_file: None,
    };
    world.restart(|settings| settings.signing.keys.push(key)).await;
    let mut taro = world.sign_in(TARO).await;
    for path in [CHOICE, "/expenses/deduction/xml?year=2025"] {
        let page = taro.get(path).await;
        assert!(!page.shows("見本") && !page.shows(NO_XML), "{path}: {}", page.text());
    }
    let saved = world.save(&taro, "/expenses/deduction/xml/2025").await;
    assert_eq!(saved.name, "iryohi-klinekenpo-2025.xml");
    Desk::new().is_of_the_schema(&saved.bytes).unwrap();
}

#[tokio::test]
async fn d1_a_row_without_a_legal_item_is_named_and_no_file_is_made() {
    let mut world = World::new().await;
    give_key(&mut world).await;
    let mut taro = world.sign_in(TARO).await;
    for (code, told) in
        [("K2", "3行目: 療養を受けた者の氏名がありません"), ("K1", "被保険者の氏名がありません")]
    {
        world.execute(&format!("update members set kana = '' where code = '{code}'")).await;
        let page = taro.get("/expenses/deduction/xml?year=2025").await;
        assert!(page.shows("XMLデータを作成できません"), "{}", page.text());
        assert!(page.shows(told), "{told}: {}", page.text());
        assert!(!page.body.contains("/expenses/deduction/xml/2025"), "{}", page.body);
        let file = taro.get("/expenses/deduction/xml/2025").await;
        assert_eq!(file.location(), "/expenses/deduction/xml?year=2025");
        world.save(&taro, "/expenses/deduction/csv/2025").await;
    }
}

#[tokio::test]
async fn d1_what_e_tax_can_not_read_is_replaced_and_nothing_breaks_out() {
    let mut world = World::new().await;
    let desk = give_key(&mut world).await;
    let rows = [
        "C7,K1,2025-04,2025-02,外\u{E000}字医院,通院,1,1000,700,0,300,",
        "C8,K1,2025-04,2025-02,]]></WBD00040>&amp;<!--,通院,1,1000,700,0,300,",
        "C9,K1,2025-04,2025-02,,通院,1,1000,700,0,300,",
    ];
    import(&world, &rows).await;
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/deduction/xml?year=2025").await;
    assert!(page.shows("e-Taxで使用できない文字は、データの中では「〓」に置き換わります。"));
    let saved = world.save(&taro, "/expenses/deduction/xml/2025").await;
    desk.is_of_the_schema(&saved.bytes).unwrap();
    desk.is_signed(&saved.bytes).unwrap();
    for written in [
        "<WBD00040>外〓字医院</WBD00040>",
        "<WBD00040>]]&gt;&lt;/WBD00040&gt;&amp;amp;&lt;!--</WBD00040>",
        "<WBD00040/>",
    ] {
        assert!(saved.text().contains(written), "{written}: {}", saved.text());
    }
}

#[tokio::test]
async fn d1_two_thousand_and_one_rows_are_two_signed_files_in_a_zip() {
    let mut world = World::new().await;
    let desk = give_key(&mut world).await;
    let mut rows = format!("{EXPENSE_HEADINGS}\n");
    for number in 1..=2_001 {
        rows.push_str(&format!("Y{number},K1,2024-07,2024-05,病院,通院,1,1000,700,0,300,\n"));
    }
    world.import_expenses("klinekenpo", &rows).await.unwrap();
    let mut taro = world.sign_in(TARO).await;
    let page = taro.get("/expenses/deduction/xml?year=2024").await;
    assert!(page.shows("合計 ¥600,300"), "the page has all of them");
    let saved = world.save(&taro, "/expenses/deduction/xml/2024").await;
    assert_eq!(saved.name, "iryohi-klinekenpo-2024-sample.zip");
    assert_eq!(saved.content_type, "application/zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(saved.bytes)).unwrap();
    assert_eq!(zip.len(), 2);
    for (place, count) in [(0, 2_000), (1, 1)] {
        let mut xml = String::new();
        zip.by_index(place).unwrap().read_to_string(&mut xml).unwrap();
        assert_eq!(xml.matches("<WBD00010>").count(), count);
        desk.is_of_the_schema(xml.as_bytes()).unwrap();
        desk.is_signed(xml.as_bytes()).unwrap();
    }
}

#[tokio::test]
async fn t12_d1_after_losing_eligibility_pages_and_files_end_with_the_last_month() {
    let mut world = World::new().await;
    give_key(&mut world).await;
    // January's treatment counts although its notice came after the loss; February's does not.
    import(&world, &["C7,K1,2025-04,2025-02,さくら病院,通院,1,2000,1400,0,600,"]).await;
    world.execute("update members set lost_on = '2025-02-01' where code = 'K1'").await;
    let mut taro = world.sign_in(TARO).await;
    for (path, sum) in [
        ("/expenses", "3,720円"),
        ("/expenses/history", "3,720円"),
        ("/expenses/search", "3,720円"),
        ("/expenses/years/2025", "3,720円"),
        ("/expenses/months/2025-04", "該当するデータはありません。"),
        ("/expenses/years/2026", "該当するデータはありません。"),
        ("/expenses/graph", "¥3,720"),
        ("/expenses/deduction/xml?year=2025", "合計 ¥3,720"),
        ("/expenses/deduction/csv?year=2025", "合計 ¥3,720"),
        ("/expenses/deduction/pdf?year=2025", "合計 ¥3,720"),
    ] {
        let page = taro.get(path).await;
        assert!(page.shows(sum), "{path}: {}", page.text());
        for later in ["さくら病院", "¥600", "4,320", "1,500", "2026年10月"] {
            assert!(!page.shows(later), "{path} shows {later}: {}", page.text());
        }
    }
    for path in ["/expenses/years/2025/pdf", "/expenses/deduction/pdf/2025"] {
        let words = world.save(&taro, path).await.words();
        assert!(words.contains("3,720円") && !words.contains("さくら病院"), "{path}: {words}");
    }
    for path in ["/expenses/deduction/csv/2025", "/expenses/deduction/xml/2025"] {
        let saved = world.save(&taro, path).await;
        assert!(saved.text().contains("3420") && !saved.text().contains("さくら病院"), "{path}");
    }
}
