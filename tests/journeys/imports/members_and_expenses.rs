//! Taking in members and expenses (O2).

use encoding_rs::SHIFT_JIS;
use kosmo::import::ImportError;

use crate::support::imports::{counts, told};
use crate::support::people::{self, EXPENSE_HEADINGS, MEMBER_HEADINGS, TARO, file};
use crate::support::world::World;

#[tokio::test]
async fn o2_the_same_members_twice_change_nothing() {
    let world = World::empty().await;
    let members = people::members("klinekenpo");
    assert_eq!(world.import_members("klinekenpo", &members).await.unwrap(), counts(3, 0, 0));
    assert_eq!(world.import_members("klinekenpo", &members).await.unwrap(), counts(0, 0, 3));
    let renamed = members.replace("テスト　花子", "試験　花子");
    assert_eq!(world.import_members("klinekenpo", &renamed).await.unwrap(), counts(0, 1, 2));
}

#[tokio::test]
async fn o2_new_numbers_change_the_whole_family_and_keep_the_account() {
    let world = World::new().await;
    let moved = people::members("klinekenpo").replace(",101,11,", ",555,77,");
    assert_eq!(world.import_members("klinekenpo", &moved).await.unwrap(), counts(0, 2, 1));
    world.sign_in(TARO).await;
    let numbers = "select count(*) from household_numbers where household_code = 'K1'";
    assert_eq!(world.count(numbers).await, 2, "the earlier numbers are kept with their date");
}

#[tokio::test]
async fn o2_a_dry_run_tells_what_would_come_and_changes_nothing() {
    let world = World::empty().await;
    let members = people::members("nideckenpo");
    let today = world.clock.today();
    let told = world.import_members_as_of("nideckenpo", members.as_bytes(), today, true).await;
    assert_eq!(told.unwrap(), counts(1, 0, 0));
    for table in ["members", "logins", "households", "import_batches", "audit_events"] {
        assert_eq!(world.count(&format!("select count(*) from {table}")).await, 0, "{table}");
    }
}

#[tokio::test]
async fn o2_a_cp932_file_and_a_utf8_file_are_the_same_people() {
    let world = World::empty().await;
    let members = people::members("klinekenpo").replace("海運　五郎", "髙橋　五郎");
    let (cp932, _, _) = SHIFT_JIS.encode(&members);
    let today = world.clock.today();
    let import = async |file: &[u8]| {
        world.import_members_as_of("klinekenpo", file, today, false).await.unwrap()
    };
    assert_eq!(import(&cp932).await, counts(3, 0, 0));
    assert_eq!(import(members.as_bytes()).await, counts(0, 0, 3));
    let with_bom = format!("\u{feff}{}", members.replace('\n', "\r\n"));
    assert_eq!(import(with_bom.as_bytes()).await, counts(0, 0, 3));
}

#[tokio::test]
async fn o2_every_mistake_of_a_members_file_is_told_by_row_and_column() {
    let world = World::new().await;
    let broken = file(
        MEMBER_HEADINGS,
        &[
            "K8,K8,06139927,101,80,00,甲　一,コウ　イチ,1980-13-01,本人,2010-04-01,,,,",
            "K9,K9,0613992X,101,81,0x,乙　二,おつ,1981-01-01,妻君,2010-04-01,2009-01-01,,mail,",
            "K8,K8,06139927,101,80,00,甲　一,コウ　イチ,1980-01-01,本人,2010-04-01,,,,",
            "K7,K7,06139927,101,82,00,丙　三,ヘイ　サン,1980-01-01,本人,2010-04-01,,,,",
            "K7,K7,06139927,101,82,00,丙　三,ヘイ　サン,1980-01-01,本人,2010-04-01,,,,",
            "K6,K66,06139927,101,83,01,丁　四,テイ　シ,1980-01-01,子,2010-04-01,,,,",
            "K5,K5,06139927,101,84,00,戊　五,ボ　ゴ,1980-01-01,本人,2010-04-01,,taro_k,,",
            "短い行",
            "K4,K4,06139927,101,85,00,己　六,キ　ロク,1980-01-01,本人,2010-04-01,,,,abc",
        ],
    );
    let errors = told(world.import_members("klinekenpo", &broken).await.unwrap_err());
    let expected = [
        "2行目「生年月日」: 「1980-13-01」は日付ではありません",
        "3行目「保険者番号」: 数字8桁で、末尾の検証番号が合う保険者番号にしてください",
        "3行目「枝番」: 「0x」は2桁の数字ではありません",
        "3行目「氏名カナ」: カタカナではない文字「お」があります",
        "3行目「続柄」: 「妻君」は使えません（本人、配偶者・夫・妻、子・長男・次女・養子など、父母・父・母、その他・孫・祖父母・兄弟姉妹など）",
        "3行目「メールアドレス」: 「mail」はメールアドレスではありません",
        "3行目「資格喪失日」: 資格取得日より前です",
        "6行目「個人コード」: 同じ個人コードが5行目にもあります",
        "6行目「枝番」: 5行目の人と記号・番号・枝番が同じです",
        "7行目「世帯コード」: 世帯の被保険者（本人）「K66」が見つかりません",
        "8行目「ユーザID」: ユーザIDが登録済みの人と同じです",
        "9行目: 15列あるはずの行に1列あります",
        "10行目「仮パスワード」: ユーザIDがありません",
    ];
    for words in expected {
        assert!(errors.iter().any(|error| error == words), "{words}\n{errors:#?}");
    }
    assert_eq!(errors.len(), expected.len(), "{errors:#?}");
    assert_eq!(
        world
            .count(
                "select count(*) from members where code in ('K4', 'K5', 'K6', 'K7', 'K8', 'K9')"
            )
            .await,
        0
    );
}

#[tokio::test]
async fn o2_a_household_shares_its_numbers() {
    let world = World::empty().await;
    let members = people::members("klinekenpo");
    let torn = members.replacen("K2,K1,06139927,101,11", "K2,K1,06139927,101,99", 1);
    let errors = told(world.import_members("klinekenpo", &torn).await.unwrap_err());
    assert_eq!(
        errors,
        ["3行目「番号」: 世帯の被保険者（2行目）と保険者番号・記号・番号が違います"]
    );
}

#[tokio::test]
async fn o2_credentials_that_the_policy_does_not_know_are_refused() {
    let world = World::empty().await;
    let letter =
        people::members("kddikenpo").replace("rokuro@example.jp,", "rokuro@example.jp,abc123");
    let errors = told(world.import_members("kddikenpo", &letter).await.unwrap_err());
    assert_eq!(errors, ["2行目「仮パスワード」: この組合は仮パスワードを使いません"]);
    let formula = people::members("jrckenpo").replace(",kari48271pw", ",");
    let errors = told(world.import_members("jrckenpo", &formula).await.unwrap_err());
    assert_eq!(
        errors,
        ["2行目「仮パスワード」: 空です（この組合には初期パスワードの計算式がありません）"]
    );
}

#[tokio::test]
async fn o2_the_same_expenses_twice_change_nothing_and_sums_are_told() {
    let world = World::new().await;
    let expenses = people::expenses();
    let again = world.import_expenses("klinekenpo", &expenses).await.unwrap();
    assert_eq!(again.counts, counts(0, 0, 6));
    assert_eq!((again.sums.total.0, again.sums.out_of_pocket.0), (819_890, 241_551));
    let corrected = expenses.replace("2,5000,3500,0,1500", "2,6000,4200,0,1800");
    let corrected = world.import_expenses("klinekenpo", &corrected).await.unwrap();
    assert_eq!(corrected.counts, counts(0, 1, 5));
    let page = world.sign_in(TARO).await.get("/expenses/months/2026-10").await;
    assert!(page.shows("¥6,000") && !page.shows("¥5,000"));
}

#[tokio::test]
async fn o2_every_mistake_of_an_expenses_file_is_told_by_row_and_column() {
    let world = World::new().await;
    let broken = file(
        EXPENSE_HEADINGS,
        &[
            "X1,K1,2026-13,2026-08,病院,通院,1,1000,700,0,300,",
            "X2,K1,2026-10,2026-08,病院,通院,1,-1000,700,0,300,",
            "X3,K9,2026-10,2026-08,病院,通院,1,1000,700,0,300,",
            "X4,K1,2026-10,2026-11,病院,通院,1,1000,700,0,300,",
            "X5,K1,2026-10,2026-08,病院,外来,1,千円,700,0,300,",
            "X6,K1,2026-10,2026-08,病院,通院,1,1000,700,0,300,",
            "X6,K1,2026-10,2026-08,病院,通院,1,1000,700,0,300,",
            "X7,J1,2026-10,2026-08,他組合の人,通院,1,1000,700,0,300,",
        ],
    );
    let errors = told(world.import_expenses("klinekenpo", &broken).await.unwrap_err());
    assert_eq!(
        errors,
        [
            "2行目「通知年月」: 「2026-13」は年月ではありません（例: 2026-03）",
            "3行目「医療費総額」: 負の金額は使えません: -1000",
            "4行目「個人コード」: 個人コード「K9」の加入者が登録されていません",
            "5行目「診療年月」: 通知年月より後です",
            "6行目「診療区分」: 「外来」は使えません（入院、通院、歯科、調剤、訪問看護、柔整、はり・きゅう、あんま・マッサージ、治療用装具）",
            "6行目「医療費総額」: 「千円」は数字ではありません",
            "8行目「明細番号」: 同じ明細番号が7行目にもあります",
            "9行目「個人コード」: 個人コード「J1」の加入者が登録されていません",
        ]
    );
    assert_eq!(world.count("select count(*) from expenses").await, 6, "nothing was taken in");
}

#[tokio::test]
async fn o2_a_thousand_mistakes_are_told_and_the_rest_is_counted() {
    let world = World::new().await;
    let mut rows = format!("{EXPENSE_HEADINGS}\n");
    for number in 0..1_500 {
        rows.push_str(&format!("X{number},K1,2026-10,2026-99,病院,通院,1,1000,700,0,300,\n"));
    }
    let ImportError::Rows(errors) = world.import_expenses("klinekenpo", &rows).await.unwrap_err()
    else {
        panic!("rows are wrong");
    };
    assert_eq!((errors.told.len(), errors.untold), (1_000, 500));
}

#[tokio::test]
async fn o2_imports_at_once_take_turns() {
    let world = World::new().await;
    let members = people::members("klinekenpo");
    let import = || world.import_members("klinekenpo", &members);
    let (one, two) = tokio::join!(import(), import());
    assert_eq!((one.unwrap(), two.unwrap()), (counts(0, 0, 3), counts(0, 0, 3)));
}

#[tokio::test]
async fn o2_the_registry_is_looked_at_besides_the_file() {
    let world = World::new().await;
    let import = async |rows: &[&str]| {
        world.import_members("klinekenpo", &file(MEMBER_HEADINGS, rows)).await.map_err(told)
    };
    let stranger = "K9,K9,06139927,101,11,00,新　人,シン　ジン,1990-01-01,本人,2026-04-01,,,,";
    assert_eq!(
        import(&[stranger]).await.unwrap_err(),
        ["2行目「枝番」: 登録されている人「K1」と記号・番号・枝番が同じです"]
    );
    let hanako =
        "K2,K1,06139927,101,99,01,テスト　花子,テスト　ハナコ,1981-02-03,配偶者,2010-04-01,,,,";
    assert_eq!(
        import(&[hanako]).await.unwrap_err(),
        ["2行目「番号」: 登録されている世帯「K1」と保険者番号・記号・番号が違います"]
    );
    let headless =
        "K1,K3,06139927,101,12,01,テスト　太郎,テスト　タロウ,1979-08-22,その他,2010-04-01,,,,";
    let left_behind =
        "K2,K1,06139927,101,11,01,テスト　花子,テスト　ハナコ,1981-02-03,配偶者,2010-04-01,,,,";
    assert_eq!(
        import(&[headless, left_behind]).await.unwrap_err(),
        ["3行目「世帯コード」: 世帯の被保険者（本人）「K1」が見つかりません"]
    );
    let chosen_by_goro = "K2,K1,06139927,101,11,01,テスト　花子,テスト　ハナコ,1981-02-03,配偶者,2010-04-01,,goro_k,,";
    assert_eq!(
        import(&[chosen_by_goro]).await.unwrap_err(),
        ["2行目「ユーザID」: ユーザIDが登録済みの人と同じです"]
    );
    let has_an_account = people::members("klinekenpo").replace(",taro_k,", ",goro_k,");
    assert_eq!(world.import_members("klinekenpo", &has_an_account).await.unwrap(), counts(0, 0, 3));
}

#[tokio::test]
async fn an_expense_stays_with_the_family_that_had_it() {
    let world = World::new().await;
    let moved = people::members("klinekenpo")
        .replace("K2,K1,06139927,101,11,01", "K2,K3,06139927,101,12,01");
    world.import_members("klinekenpo", &moved).await.unwrap();
    let corrected =
        people::expenses().replace("歯科,3,10000,7000,0,3000", "歯科,3,20000,14000,0,6000");
    let imported = world.import_expenses("klinekenpo", &corrected).await.unwrap();
    assert_eq!(imported.counts, counts(0, 1, 5));
    let page = world.sign_in(TARO).await.get("/expenses/months/2026-09").await;
    assert!(page.shows("¥20,000"), "{}", page.text());
}

#[tokio::test]
async fn an_address_that_hides_a_second_one_is_refused() {
    let world = World::empty().await;
    let forged = people::members("nideckenpo").replace("nana@example.jp", "\"x>,<evil@evil.jp\"");
    let errors = told(world.import_members("nideckenpo", &forged).await.unwrap_err());
    assert_eq!(
        errors,
        ["2行目「メールアドレス」: 「x>,<evil@evil.jp」はメールアドレスではありません"]
    );
}

#[tokio::test]
async fn o2_lines_are_counted_alike_however_they_end() {
    let world = World::new().await;
    let row = "X1,K1,2026-13,2026-08,病院,通院,1,1000,700,0,300,";
    let broken = file(EXPENSE_HEADINGS, &[row]);
    for text in [broken.clone(), broken.replace('\n', "\r\n"), format!("\u{feff}{broken}")] {
        let errors = told(world.import_expenses("klinekenpo", &text).await.unwrap_err());
        assert_eq!(errors, ["2行目「通知年月」: 「2026-13」は年月ではありません（例: 2026-03）"]);
    }
}
