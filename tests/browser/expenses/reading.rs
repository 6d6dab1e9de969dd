//! Reading one's medical expenses.

use crate::support::browser::Browser;
use crate::support::demo::Demo;
use crate::support::demo::sample::{SUMS, Sample};
use crate::support::table::{Table, lines};

pub(crate) const FILTER: &str = "診療年月・受診者で絞り込む";
pub(crate) const FOUND: &str = "診療年月・受診者で絞り込んだ医療費明細";
pub(crate) const REVERSED: &str =
    "終わりの診療年月には、始まりの診療年月か、それより後の年月を選択してください。";
pub(crate) const PDF: &str = "医療費明細 (PDF)";
const NOT_FOR_TAX: &str = "この通知書は確定申告には使用できません。";

/// L3, E1, E2, E3, L10
#[tokio::test]
async fn l3_e2_l10_taro_signs_in_reads_what_his_household_paid_and_signs_out() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");

    browser.give_password(&taro).await;
    browser.arrives_at("ワンタイムパスワード (OTP) メール認証").await;
    browser.sees("受信したワンタイムパスワードを入力してください。").await;
    browser.fill("ワンタイムパスワード", &demo.mailed_code(&taro)).await;
    browser.press("実行").await;
    browser.arrives_at("ようこそ、テスト　太郎 さん").await;
    assert_eq!(browser.account().await, "テスト　太郎");

    browser.press("医療費情報").await;
    browser.arrives_at("医療費情報").await;
    browser.press("最新の自己負担総額").await;
    browser.sees("あなたが支払った額").await;
    let sample = Sample::beside(&browser).await;
    let table = Table::read(&browser).await;
    assert_eq!(
        lines(&table.head),
        [
            "診療年月|受診者|医療機関 診療区分/日数(回数)|医療費総額|医療費の内訳|備考",
            "保険者負担額|公費負担額|自己負担額",
        ],
        "E3"
    );
    table.assert_adds_up();
    let paid = table.foot[0][4].trim_start_matches('¥').to_owned();
    assert!(browser.text().await.contains(&format!("あなたが支払った額 {paid}円")), "E2");

    let march = sample.notice;
    browser.goto(&format!("{}expenses/months/{march}", taro.url)).await;
    browser.arrives_at(&format!("{}の医療費明細", march.japanese())).await;
    let table = Table::read(&browser).await;
    assert_eq!(lines(&table.body), sample.lines(), "E3");
    assert_eq!(lines(&table.foot), [SUMS], "E2");
    browser.sees(NOT_FOR_TAX).await;
    browser.press("医療費明細の見方").await;
    browser.sees("医療費総額のうち、あなたが負担した金額です。").await;
    browser.press("医療費情報に戻る").await;

    browser.arrives_at("医療費情報").await;
    browser.goto(&format!("{}expenses/years/{}", taro.url, march.year())).await;
    browser.arrives_at(&format!("{}年の医療費明細", march.year())).await;
    let year = Table::read(&browser).await;
    year.assert_adds_up();
    assert!(table.body.iter().all(|row| year.body.contains(row)), "E2: the month is in its year");

    browser.press("テスト　太郎").await;
    browser.arrives_at("ログアウトしてもよろしいですか？").await;
    browser.press("ログアウトする").await;
    browser.arrives_at("KOSMO Communication Web へようこそ").await;
    assert_eq!(browser.account().await, "ログイン", "L10");
    browser.goto(&format!("{}expenses", taro.url)).await;
    browser.arrives_at("ログイン").await;
    demo.stop();
}

/// E6: every cell of seed 001's example.
#[tokio::test]
async fn e6_taro_keeps_the_month_and_the_year_as_pdfs() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let march = Sample::find(&browser, &taro).await.notice;

    browser.goto(&format!("{}expenses/months/{march}", taro.url)).await;
    let month = Table::read(&browser).await;
    assert_eq!(lines(&month.foot), [SUMS]);
    let file = browser.download(PDF).await;
    assert_eq!(file.name(), format!("医療費明細_{}.pdf", march.japanese()));
    let paper = file.paper();
    month.assert_is_on(&paper);
    let text = paper.join("\n");
    for words in [
        "川崎汽船健康保険組合",
        &format!("{}の医療費明細", march.japanese()),
        "被保険者氏名 テスト タロウ 様",
        "あなたが支払った額 3,720円",
        NOT_FOR_TAX,
        "1 / 1 ページ",
    ] {
        assert!(text.contains(words), "E6: {words}: {text}");
    }

    browser.goto(&format!("{}expenses/years/{}", taro.url, march.year())).await;
    let year = Table::read(&browser).await;
    let file = browser.download(PDF).await;
    assert_eq!(file.name(), format!("医療費明細_{}年.pdf", march.year()));
    let paper = file.paper();
    let sums = year.foot[0].join(" ");
    assert!(paper.iter().any(|line| line == sums.trim_end()), "E6: {sums}: {paper:#?}");
    for row in &year.body {
        let figures = row[3..7].join(" ");
        assert!(paper.iter().any(|line| line.contains(&figures)), "E6: {row:?}: {paper:#?}");
    }
    demo.stop();
}

/// Returns what is chosen in the three lists of the filter.
async fn chosen(browser: &Browser) -> Vec<String> {
    let read = "return [...document.querySelectorAll('main select')]
                    .map((list) => list.selectedOptions[0].textContent);";
    browser.evaluate(read).await
}

pub(crate) async fn narrow_down(browser: &Browser, [from, to, patient]: [&str; 3]) {
    browser.choose_from("診療年月（始まり）", from).await;
    browser.choose_from("診療年月（終わり）", to).await;
    browser.choose_from("受診者", patient).await;
    browser.press("絞り込む").await;
}

/// E5, E6
#[tokio::test]
async fn e5_e6_taro_narrows_down_by_month_and_person_and_keeps_what_he_found() {
    let mut demo = Demo::start();
    let browser = Browser::open().await;
    let taro = demo.person("taro_demo");
    browser.sign_in(&mut demo, &taro).await;
    let sample = Sample::find(&browser, &taro).await;
    let months = [sample.treated, sample.treated.plus(1)].map(|month| month.japanese());
    let [january, february] = months.each_ref().map(String::as_str);

    browser.goto(&format!("{}expenses/history", taro.url)).await;
    browser.press(FILTER).await;
    narrow_down(&browser, [january, january, "テスト ハナコ"]).await;
    browser.arrives_at(FOUND).await;
    browser.sees(&format!("診療年月：{january}　受診者：テスト ハナコ")).await;
    assert_eq!(chosen(&browser).await, [january, january, "テスト ハナコ"], "it stays chosen");
    let found = Table::read(&browser).await;
    assert_eq!(lines(&found.body), sample.lines()[2..], "E5");
    found.assert_adds_up();
    let file = browser.download(PDF).await;
    assert_eq!(file.name(), format!("医療費明細_{january}.pdf"), "whose it is stays out of it");
    let paper = file.paper();
    found.assert_is_on(&paper);
    let text = paper.join("\n");
    assert!(text.contains("受診者：テスト ハナコ") && !text.contains("薬局"), "{text}");

    narrow_down(&browser, [january, january, "全員"]).await;
    browser.sees(&format!("診療年月：{january}　受診者：全員")).await;
    let found = Table::read(&browser).await;
    assert_eq!(lines(&found.body), sample.lines(), "E5");
    assert_eq!(lines(&found.foot), [SUMS], "E5");

    narrow_down(&browser, [february, january, "全員"]).await;
    browser.explains(REVERSED).await;
    assert!(browser.title().await.starts_with("エラー: "));
    assert_eq!(chosen(&browser).await, [february, january, "全員"], "what was chosen stays");

    narrow_down(&browser, [february, february, "テスト タロウ"]).await;
    browser.sees(&format!("診療年月：{february}　受診者：テスト タロウ")).await;
    browser.sees("該当するデータはありません。").await;
    let text = browser.text().await;
    assert!(text.contains("あなたが支払った額 0円") && !text.contains(PDF), "{text}");
    demo.stop();
}
