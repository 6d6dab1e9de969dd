//! Files from spreadsheets, registers and older systems (O2).

use encoding_rs::SHIFT_JIS;
use kosmo::base::japanese::parse_date;

use crate::support::imports::{counts, told};
use crate::support::people::{self, EXPENSE_HEADINGS, MEMBER_HEADINGS, TARO, file};
use crate::support::world::World;

const UNION: &str = "klinekenpo";

/// Encodes a file as Excel saves it in Japan: CP932, CRLF.
fn excel(headings: &str, rows: &[&str]) -> Vec<u8> {
    let text = file(headings, rows).replace('\n', "\r\n");
    let (cp932, _, unmappable) = SHIFT_JIS.encode(&text);
    assert!(!unmappable, "{text}");
    cp932.into_owned()
}

/// Makes a person's row up to 資格取得日, followed by the rest.
fn member(number: &str, name: &str, birthdate: &str, relation: &str, rest: &str) -> String {
    let (code, branch) = number.split_once('-').unwrap();
    format!(
        "H{code}{branch},H{code}00,06139927,901,{code},{branch},{name},シケン　タロウ,{birthdate},{relation},2020-04-01{rest}"
    )
}

impl World {
    async fn take_in(
        &self,
        file: &[u8],
    ) -> Result<kosmo::import::Counts, kosmo::import::ImportError> {
        self.import_members_as_of(UNION, file, self.clock.today(), false).await
    }

    async fn expenses_in(&self, file: &[u8]) -> Result<kosmo::import::Counts, Vec<String>> {
        let imported = self.import_expenses_file(UNION, file).await;
        imported.map(|imported| imported.counts).map_err(told)
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        sqlx::query_scalar(query).fetch_all(&mut self.database.admin().await).await.unwrap()
    }
}

#[tokio::test]
async fn o2_cells_that_a_spreadsheet_marks_as_text_are_their_text() {
    let world = World::empty().await;
    let rows = [
        "H1,H1,06139927,901,=\"0000056\",00,検証　一郎,ケンショウ　イチロウ,1980-01-02,本人,2020-04-01,,kensho.ichiro,kensho@example.jp,",
        "'0H2,'0H2,06139927,901,'0000055,00,検証　二郎,ケンショウ　ジロウ,1980-01-02,本人,2020-04-01,,,,",
    ];
    assert_eq!(world.take_in(&excel(MEMBER_HEADINGS, &rows)).await.unwrap(), counts(2, 0, 0));
    let numbers = world.texts("select number from household_numbers order by number").await;
    assert_eq!(numbers, ["0000055", "0000056"]);
    assert_eq!(world.texts("select code from members order by code").await, ["0H2", "H1"]);
}

#[tokio::test]
async fn o2_a_number_that_a_spreadsheet_rounded_is_refused_by_row() {
    let world = World::empty().await;
    let rows = [
        "1.23E+11,1.23E+11,06139927,901,57,00,検証　三郎,ケンショウ　サブロウ,1980-01-02,本人,2020-04-01,,,,",
    ];
    let errors = told(world.take_in(&excel(MEMBER_HEADINGS, &rows)).await.unwrap_err());
    assert_eq!(errors.len(), 2, "{errors:?}");
    for (error, column) in errors.iter().zip(["個人コード", "世帯コード"]) {
        let start = format!("2行目「{column}」: 「1.23E+11」は表計算ソフトが丸めた数字です");
        assert!(error.starts_with(&start), "{error}");
    }
}

#[tokio::test]
async fn o2_empty_cells_at_a_rows_end_may_be_missing() {
    let world = World::empty().await;
    let short = member("55-00", "試験　太郎", "1980-01-02", "本人", "");
    let longer = member("56-00", "試験　次郎", "1980-01-02", "本人", ",,,,,,");
    assert_eq!(
        world.take_in(&excel(MEMBER_HEADINGS, &[&short, &longer])).await.unwrap(),
        counts(2, 0, 0)
    );
    let too_short = "H9,H9,06139927,901,57,00,試験　三郎,シケン　サブロウ,1980-01-02,本人";
    let errors = told(world.take_in(&excel(MEMBER_HEADINGS, &[too_short])).await.unwrap_err());
    assert_eq!(errors, ["2行目: 15列あるはずの行に10列あります"]);
    let expense = "X1,H5500,2026-10,2026-08,テスト医院,通院,1,10000,7000,0,3000";
    let file = excel(EXPENSE_HEADINGS, &[expense]);
    assert_eq!(world.expenses_in(&file).await, Ok(counts(1, 0, 0)));
}

#[tokio::test]
async fn o2_the_mark_of_a_files_end_is_nothing_and_a_cut_row_is_told() {
    let world = World::new().await;
    let row = "X1,K1,2026-10,2026-08,テスト医院,通院,1,10000,7000,0,3000,";
    let whole = excel(EXPENSE_HEADINGS, &[row]);
    let at_once = [&whole[..whole.len() - 2], b"\x1a"].concat();
    for file in [[&whole[..], b"\x1a"].concat(), [&whole[..], b"\x1a\r\n"].concat(), at_once] {
        let taken = world.expenses_in(&file).await.unwrap();
        assert_eq!(taken.rows(), 1);
    }
    assert_eq!(world.texts("select remarks from expenses where claim_number = 'X1'").await, [""]);
    let cut = world.expenses_in(&whole[..whole.len() - 3]).await.unwrap_err();
    assert_eq!(cut, ["2行目が途中で切れています"]);
    let headings = world.expenses_in(&excel(EXPENSE_HEADINGS, &[])).await.unwrap_err();
    assert_eq!(headings, ["見出しだけで、データの行がありません"]);
    let headings = told(world.take_in(&excel(MEMBER_HEADINGS, &[])).await.unwrap_err());
    assert_eq!(headings, ["見出しだけで、データの行がありません"]);
}

#[tokio::test]
async fn o2_months_are_read_as_a_spreadsheet_leaves_them() {
    let world = World::new().await;
    let rows: Vec<String> = [
        ("Oct-26", "Aug-26"),
        ("2026年10月", "2026年8月"),
        ("R8.10", "R8.8"),
        ("2026/10/1", "2026/8/1"),
        ("2026-10", "2026-8"),
    ]
    .iter()
    .zip(1..)
    .map(|((notice, treatment), number)| {
        format!("X{number},K1,{notice},{treatment},テスト医院,通院,1,10000,7000,0,3000,")
    })
    .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let file = excel(EXPENSE_HEADINGS, &rows);
    assert_eq!(world.expenses_in(&file).await, Ok(counts(5, 0, 0)));
    let months = "select distinct notice_month || ' ' || treatment_month from expenses
                  where claim_number like 'X%'";
    assert_eq!(world.texts(months).await, ["2026-10-01 2026-08-01"]);
}

#[tokio::test]
async fn o2_amounts_are_read_in_a_spreadsheets_and_in_cp932s_yen() {
    let world = World::new().await;
    let rows = [
        "X1,K1,2026-10,2026-08,テスト医院,通院,1,\"\\10,000\",\"\\7,000\",\\0,\"\\3,000\",",
        "X2,K1,2026-10,2026-08,テスト医院,通院,1,\" 10,000 \",\" 10,000 \", - , - ,",
        "X3,K1,2026-10,2026-08,遺伝子病院,入院,1,167077770,165155693,0,1922077,",
    ];
    let mut file = excel(EXPENSE_HEADINGS, &rows);
    assert_eq!(world.expenses_in(&file).await, Ok(counts(3, 0, 0)));
    let amounts = "select concat_ws(' ', total_yen, insurer_yen, public_yen, out_of_pocket_yen)
                   from expenses where claim_number like 'X%' order by claim_number";
    let expected = ["10000 7000 0 3000", "10000 10000 0 0", "167077770 165155693 0 1922077"];
    assert_eq!(world.texts(amounts).await, expected);
    let rows = ["X4,K1,2026-10,2026-08,テスト医院,通院,1,10000,7000,0,13000,"];
    file = excel(EXPENSE_HEADINGS, &rows);
    let beyond = "2行目「自己負担額」: 医療費総額（¥10,000）より大きい金額です";
    assert_eq!(world.expenses_in(&file).await.unwrap_err(), [beyond]);
}

#[tokio::test]
async fn o2_the_relations_of_registers_are_known() {
    let world = World::empty().await;
    let words = ["本人", "三男", "養子", "孫", "祖母"];
    let rows: Vec<String> = (0..)
        .zip(words)
        .map(|(number, word)| {
            member(&format!("55-{number:02}"), "試験　太郎", "1980-01-02", word, ",,,,")
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_eq!(world.take_in(&excel(MEMBER_HEADINGS, &rows)).await.unwrap(), counts(5, 0, 0));
    let relations = world.texts("select relation from members order by branch").await;
    assert_eq!(relations, ["insured", "child", "child", "other", "other"]);
    let friend = member("56-00", "試験　太郎", "1980-01-02", "友人", ",,,,");
    let errors = told(world.take_in(&excel(MEMBER_HEADINGS, &[&friend])).await.unwrap_err());
    assert!(errors[0].contains("「友人」は使えません（本人、配偶者"), "{errors:?}");
}

#[tokio::test]
async fn o2_dates_outside_their_era_are_refused_by_row() {
    let world = World::empty().await;
    let rows = [
        member("55-00", "試験　太郎", "昭和99年1月1日", "本人", ",,,,"),
        member("55-01", "試験　花子", "昭和0年1月1日", "配偶者", ",,,,"),
    ];
    let errors =
        told(world.take_in(&excel(MEMBER_HEADINGS, &[&rows[0], &rows[1]])).await.unwrap_err());
    for (error, start) in
        errors.iter().zip(["2行目「生年月日」: 「昭和99年", "3行目「生年月日」: 「昭和0年"])
    {
        assert!(error.starts_with(start), "{errors:?}");
    }
    assert_eq!((errors.len(), parse_date("昭和99年1月1日")), (2, None));
}

#[tokio::test]
async fn o2_what_can_not_be_seen_is_refused_by_row() {
    let world = World::empty().await;
    let row = member("55-00", "試験\u{200b}　太\u{202e}郎\u{fffd}", "1980-01-02", "本人", ",,,,");
    let errors = told(world.take_in(file(MEMBER_HEADINGS, &[&row]).as_bytes()).await.unwrap_err());
    assert_eq!(errors, ["2行目「氏名」: 見えない文字（U+200B）が入っています"]);
    let row = row.replace(['\u{200b}', '\u{202e}'], "");
    let errors = told(world.take_in(file(MEMBER_HEADINGS, &[&row]).as_bytes()).await.unwrap_err());
    assert_eq!(errors, ["2行目「氏名」: 文字化けした文字（U+FFFD）が入っています"]);
}

#[tokio::test]
async fn o2_e3_characters_of_a_unions_own_are_shown_as_geta_with_a_note() {
    let world = World::new().await;
    let mut file =
        excel(EXPENSE_HEADINGS, &["X1,K1,2026-10,2026-08,@@外字医院,通院,1,10000,7000,0,3000,"]);
    let own = file.windows(2).position(|bytes| bytes == b"@@").unwrap();
    file.splice(own..own + 2, *b"\xf0\x40\xf0\x41");
    assert_eq!(world.expenses_in(&file).await, Ok(counts(1, 0, 0)));
    let mut browser = world.sign_in(TARO).await;
    let page = browser.get("/expenses/months/2026-10").await;
    assert!(page.shows("〓〓外字医院"), "{}", page.text());
    assert!(page.shows("「〓」は、この画面では表示できない文字（外字）です"));
    assert!(!browser.get("/expenses/months/2025-03").await.shows("外字"));
}

#[tokio::test]
async fn o2_addresses_that_carriers_gave_are_taken_in() {
    let world = World::empty().await;
    let rows = [
        member("55-00", "試験　太郎", "1980-01-02", "本人", ",,shiken.a,taro..demo@docomo.ne.jp,"),
        member("55-01", "試験　花子", "1980-01-02", "配偶者", ",,shiken.b,hanako.@ezweb.ne.jp,"),
    ];
    let members = excel(MEMBER_HEADINGS, &[&rows[0], &rows[1]]);
    assert_eq!(world.take_in(&members).await.unwrap(), counts(2, 0, 0));
    let addresses = world.texts("select email from logins order by email").await;
    assert_eq!(addresses, ["hanako.@ezweb.ne.jp", "taro..demo@docomo.ne.jp"]);
}

#[tokio::test]
async fn o2_a_bad_address_refuses_a_file_unless_addresses_may_be_left_out() {
    let world = World::empty().await;
    let row = member("55-00", "試験　太郎", "1980-01-02", "本人", ",,shiken.a,taro@@example.jp,");
    let members = excel(MEMBER_HEADINGS, &[&row]);
    let errors = told(world.take_in(&members).await.unwrap_err());
    let wrong = "2行目「メールアドレス」: 「taro@@example.jp」はメールアドレスではありません";
    assert_eq!(errors, [wrong]);
    let today = world.clock.today();
    let taken = world.import_members_file(UNION, &members, today, false, true).await.unwrap();
    assert_eq!(
        (taken.counts, taken.bad_addresses.told[0].to_string()),
        (counts(1, 0, 0), wrong.to_owned())
    );
    assert_eq!(world.count("select count(*) from logins where email is null").await, 1);
}

#[tokio::test]
async fn o2_other_formats_and_separators_are_told_for_what_they_are() {
    let world = World::empty().await;
    let members = people::members(UNION);
    for (separator, name) in [("\t", "タブ"), (";", "セミコロン")] {
        let errors =
            told(world.import_members(UNION, &members.replace(',', separator)).await.unwrap_err());
        assert!(errors[0].starts_with(&format!("項目の区切りが{name}です")), "{errors:?}");
    }
    let utf16: Vec<u8> =
        format!("\u{feff}{members}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let errors = told(world.take_in(&utf16).await.unwrap_err());
    assert!(errors[0].starts_with("UTF-16のファイルです"), "{errors:?}");
}
