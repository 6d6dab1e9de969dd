//! The data for a tax return: shown, saved, and checked by other programs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kosmo::base::month::Month;

use crate::support::browser::Browser;
use crate::support::demo::sample::Sample;
use crate::support::demo::{Demo, Person};
use crate::support::table::{Table, yen};

pub(crate) const CHOICE: &str = "医療費控除申告用データを取得する";

/// One of the three files of a year.
pub(crate) struct Kind {
    /// The link to its page.
    way: &'static str,
    pub(crate) heading: &'static str,
    /// The button that saves it.
    pub(crate) save: &'static str,
}

pub(crate) const XML: Kind = Kind {
    way: "XMLデータをダウンロードする",
    heading: "医療費通知データ (XML) ダウンロード",
    save: "XMLデータダウンロード",
};
pub(crate) const CSV: Kind = Kind {
    way: "CSVデータをダウンロードする",
    heading: "医療費通知データ (CSV) ダウンロード",
    save: "CSVデータをダウンロードする",
};
pub(crate) const NOTICE: Kind = Kind {
    way: "医療費控除通知 (PDF)",
    heading: "医療費控除通知 (PDF) ダウンロード",
    save: "医療費控除通知 (PDF)",
};

const NO_XML: &str = "この健康保険組合では、電子署名付きXMLデータの提供をまだ行っておりません。";
const IS_SAMPLE: &str = "このXMLデータは見本です。電子申告には使用できません。";
const UNION: &str = "川崎汽船健康保険組合";

/// The tax agency's schema.
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/xsd/kyotsu/TEG700-001.xsd");

/// 「診療年月」, 「氏名」, 「医療機関名」 and yen, as in a file.
type Line = [String; 4];

impl Kind {
    /// Goes from 「医療費情報」 to the page of a year.
    pub(crate) async fn show(&self, browser: &Browser, person: &Person, year: i32) -> Table {
        browser.goto(&format!("{}expenses", person.url)).await;
        browser.press(CHOICE).await;
        browser.arrives_at(CHOICE).await;
        browser.press(self.way).await;
        browser.arrives_at(self.heading).await;
        browser.sees("ダウンロード対象年指定").await;
        browser.choose_from("発行対象年", &format!("{year}年")).await;
        browser.press("表示").await;
        browser.sees(&format!("{year}年分の医療費明細")).await;
        Table::read(browser).await
    }
}

/// Reads a row of the page, where 「--」 means that the institution is unknown.
fn line(row: &[String]) -> Line {
    let [month, patient, institution, paid] = row else { panic!("no line: {row:?}") };
    let institution = institution.trim_matches('-');
    [month.clone(), patient.clone(), institution.to_owned(), yen(paid).to_string()]
}

/// Returns the page's rows for the year, which must contain the sample and nothing of another year.
fn lines_of(table: &Table, treated: Month) -> Vec<Line> {
    let lines: Vec<Line> = table.body.iter().map(|row| line(row)).collect();
    let month = treated.slashed();
    for [patient, institution, paid] in [
        ["テスト タロウ", "サンプルクリニック", "300"],
        ["テスト タロウ", "サンプルクリニック薬局", "0"],
        ["テスト ハナコ", "サンプルクリニック", "3420"],
    ] {
        let line = [month.as_str(), patient, institution, paid].map(str::to_owned);
        assert!(lines.contains(&line), "{line:?}: {lines:#?}");
    }
    let year = format!("{}/", treated.year());
    assert!(lines.iter().all(|[month, ..]| month.starts_with(&year)), "D1: of {year}: {lines:#?}");
    let sum: i64 = table.body.iter().map(|row| yen(&row[3])).sum();
    assert_eq!((table.foot[0][0].as_str(), table.paid()), ("合計", sum));
    lines
}

/// Returns an element's text, which may be empty.
fn element<'x>(xml: &'x str, name: &str) -> &'x str {
    let inside = xml.split_once(&format!("<{name}>"));
    let inside = inside.and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inside.map_or("", |(inside, _)| inside)
}

fn lines_of_xml(xml: &str) -> Vec<Line> {
    let rows = xml.split("<WBD00010>").skip(1);
    rows.map(|row| {
        let month = format!("{}/{:0>2}", element(row, "gen:yyyy"), element(row, "gen:mm"));
        let [patient, institution, paid] =
            ["WBD00020", "WBD00040", "WBD00050"].map(|name| element(row, name).to_owned());
        [month, patient, institution, paid]
    })
    .collect()
}

fn schema_accepts(file: &Path) -> Result<(), String> {
    judge(Command::new("xmllint").args(["--nonet", "--noout", "--schema", SCHEMA]).arg(file))
}

fn signature_holds(file: &Path, certificate: &Path) -> Result<(), String> {
    let mut xmlsec = Command::new("xmlsec1");
    xmlsec.args(["--verify", "--id-attr:id", "TEG700", "--trusted-pem"]);
    judge(xmlsec.arg(certificate).arg(file))
}

fn judge(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let Output { status, stderr, .. } = command
        .output()
        .unwrap_or_else(|error| panic!("infra/dev/setup.sh test brings {program}: {error}"));
    if status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&stderr).into_owned()) }
}

/// D1, D3
#[tokio::test]
async fn d1_d3_the_saved_file_is_signed_and_a_byte_changed_is_found_out() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let treated = Sample::find(&browser, &taro).await.treated;
    let year = treated.year();

    let table = XML.show(&browser, &taro, year).await;
    let lines = lines_of(&table, treated);
    for words in [
        IS_SAMPLE,
        "テスト タロウ",
        "世帯全員の医療費情報がまとめて出力されます。",
        "直近で受診された医療費情報が含まれていない場合があります。",
        "原則、受診から3ヶ月後の掲載となります。",
        "過去5年分の医療費通知データを出力できます。",
        "当サイトでは回答できません。",
        "管轄の税務署へお問い合わせください。",
    ] {
        browser.sees(words).await;
    }

    let file = browser.download(XML.save).await;
    assert_eq!(file.name(), format!("iryohi-klinekenpo-{year}-sample.xml"));
    let xml = file.text();
    assert_eq!(lines_of_xml(&xml), lines, "D1: the page shows what the file has");
    assert_eq!([element(&xml, "WBA00000"), element(&xml, "WBB00000")], ["テスト タロウ", UNION]);
    let certificate = demo.data().join("signing/klinekenpo.pem");
    schema_accepts(file.path()).unwrap();
    signature_holds(file.path(), &certificate).unwrap();

    let changed = file.path().with_extension("changed");
    let text = xml.replacen("<WBD00050>3420<", "<WBD00050>3421<", 1);
    assert_ne!(text, xml);
    fs::write(&changed, text).unwrap();
    schema_accepts(&changed).unwrap();
    assert!(signature_holds(&changed, &certificate).is_err(), "D1: 3420 became 3421");
    demo.stop();
}

/// D2, D4
#[tokio::test]
async fn d2_d4_a_spreadsheet_and_a_sheet_of_paper_have_what_the_page_shows() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let treated = Sample::find(&browser, &taro).await.treated;
    let year = treated.year();

    let lines = lines_of(&CSV.show(&browser, &taro, year).await, treated);
    let file = browser.download(CSV.save).await;
    assert_eq!(file.name(), format!("医療費通知データ_{UNION}_{year}年.csv"));
    let text = file.text();
    let text = text.strip_prefix('\u{feff}').expect("D2: a BOM, by which Excel knows UTF-8");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let read: Vec<[String; 7]> =
        reader.deserialize().collect::<Result<_, _>>().expect("seven cells");
    let headings =
        ["被保険者氏名", "保険者名称", "診療年月", "氏名", "医療機関名", "自己負担額", "備考"];
    let whole = lines.iter().map(|[month, patient, institution, paid]| {
        ["テスト タロウ", UNION, month, patient, institution, paid, ""].map(str::to_owned)
    });
    let expected: Vec<_> = std::iter::once(headings.map(str::to_owned)).chain(whole).collect();
    assert_eq!(read, expected, "D2");

    let table = NOTICE.show(&browser, &taro, year).await;
    assert_eq!(lines_of(&table, treated), lines);
    let file = browser.download(NOTICE.save).await;
    assert_eq!(file.name(), format!("医療費控除通知_{UNION}_{year}年.pdf"));
    let paper = file.paper();
    let month = format!("{year}/");
    let read: Vec<String> = paper.iter().filter(|line| line.starts_with(&month)).cloned().collect();
    let shown = table.body.iter().map(|row| row.join(" ").replace(" --", ""));
    assert_eq!(read, shown.collect::<Vec<_>>(), "D4");
    let text = paper.join("\n");
    for words in [
        "被保険者等の氏名 テスト タロウ 様",
        &format!("医療費控除通知 {year}年分"),
        &format!("保険者等の名称 {UNION}"),
        &format!("合計 {}", table.foot[0][1]),
        "確定申告の手続きは、国税庁のウェブサイトでご確認いただくか",
    ] {
        assert!(text.contains(words), "D4: {words}: {text}");
    }
    let is_blank = lines.iter().any(|[_, _, institution, _]| institution.is_empty());
    assert_eq!(text.contains("が空欄の行があります。"), is_blank, "D4: {text}");
    demo.stop();
}

/// D1: the union has no key yet.
#[tokio::test]
async fn d1_a_union_without_a_key_says_so_and_has_the_other_two() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let meguru = demo.person("meguru_haguruma");
    browser.sign_in(&mut demo, &meguru).await;
    browser.press("医療費情報").await;
    browser.press(CHOICE).await;
    browser.arrives_at(CHOICE).await;
    browser.sees(NO_XML).await;
    let text = browser.text().await;
    assert!(!text.contains(XML.way) && !text.contains("見本"), "{text}");

    browser.goto(&format!("{}expenses/deduction/xml", meguru.url)).await;
    browser.arrives_at(XML.heading).await;
    browser.sees(NO_XML).await;
    assert!(!browser.text().await.contains("発行対象年"), "there is nothing to choose");
    browser.press(CSV.way).await;
    browser.arrives_at(CSV.heading).await;
    let offered = "return document.querySelector('main select').value;";
    let year: String = browser.evaluate(offered).await;
    browser.press("表示").await;
    browser.sees(&format!("{year}年分の医療費明細")).await;
    let file = browser.download(CSV.save).await;
    assert_eq!(file.name(), format!("医療費通知データ_ニデック健康保険組合_{year}年.csv"));
    assert_eq!(file.text().lines().count(), Table::read(&browser).await.body.len() + 1);

    browser.goto(&format!("{}expenses/deduction/xml/{year}", meguru.url)).await;
    browser.arrives_at("ページが見つかりません").await;
    demo.stop();
}
