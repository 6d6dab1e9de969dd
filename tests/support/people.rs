//! The people of the tests, few enough to know each by name.

/// The heading of every members file.
pub const MEMBER_HEADINGS: &str = "個人コード,世帯コード,保険者番号,記号,番号,枝番,氏名,氏名カナ,生年月日,続柄,資格取得日,資格喪失日,ユーザID,メールアドレス,仮パスワード";

/// The heading of every expenses file.
pub const EXPENSE_HEADINGS: &str = "明細番号,個人コード,通知年月,診療年月,医療機関,診療区分,日数,医療費総額,保険者負担額,公費負担額,自己負担額,備考";

pub const PASSWORD: &str = "Umikaze-2026";

/// A person who signs in.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub union: &'static str,
    pub user_id: &'static str,
    pub password: &'static str,
    pub email: &'static str,
}

const fn person(
    union: &'static str,
    user_id: &'static str,
    password: &'static str,
    email: &'static str,
) -> Person {
    Person { union, user_id, password, email }
}

/// He is registered, and the head of a household of two.
pub const TARO: Person = person("klinekenpo", "taro_k", PASSWORD, "taro@example.jp");
/// Taro's wife and their children, one of age and one not. They can register once [`family`] is
/// imported.
pub const HANAKO: Person = person("klinekenpo", "hanako_k", PASSWORD, "hanako@example.jp");
pub const ICHIRO: Person = person("klinekenpo", "ichiro_k", PASSWORD, "ichiro@example.jp");
pub const MIKI: Person = person("klinekenpo", "miki_k", PASSWORD, "miki@example.jp");
/// He is registered, in another household of the same union.
pub const GORO: Person = person("klinekenpo", "goro_k", PASSWORD, "goro@example.jp");
/// He is registered in another union, with the same user ID as Taro.
pub const JIRO: Person = person("jomkenpo", "taro_k", "Abura-2026", "jiro@example.jp");
/// He is registered in the union that asks for a password only.
pub const SABURO: Person = person("jrckenpo", "saburo76", "Denpa2026", "saburo@example.jp");
/// He has the password of jomkenpo's formula.
pub const SHIRO: Person = person("jomkenpo", "shiro_j", "800123420010101", "shiro@example.jp");
/// He has the password of kddikenpo's formula, with the numbers of March 2026.
pub const ROKURO: Person = person("kddikenpo", "rokuro_d", "8025519900505", "rokuro@example.jp");
/// She has a letter.
pub const NANA: Person = person("nideckenpo", "kari-n7", "w7kq2m9xv4tz", "nana@example.jp");

/// Returns a union's members file.
pub fn members(union: &str) -> String {
    let rows: &[&str] = match union {
        "klinekenpo" => &[
            "K1,K1,06139927,101,11,00,テスト　太郎,テスト　タロウ,1979-08-22,本人,2010-04-01,,taro_k,taro@example.jp,",
            "K2,K1,06139927,101,11,01,テスト　花子,テスト　ハナコ,1981-02-03,配偶者,2010-04-01,,,,",
            "K3,K3,06139927,101,12,00,海運　五郎,カイウン　ゴロウ,1985-05-05,本人,2015-04-01,,goro_k,goro@example.jp,",
        ],
        "jomkenpo" => &[
            "J1,J1,06139943,800,1230,00,油　次郎,アブラ　ジロウ,1990-12-01,本人,2012-04-01,,taro_k,jiro@example.jp,",
            "J2,J2,06139943,800,1234,00,油　四郎,アブラ　シロウ,2001-01-01,本人,2020-04-01,,shiro_j,shiro@example.jp,",
        ],
        "jrckenpo" => &[
            "R1,R1,06139950,300,7,00,電波　三郎,デンパ　サブロウ,1976-07-07,本人,2000-04-01,,saburo76,saburo@example.jp,kari48271pw",
        ],
        "kddikenpo" => &[
            "D1,D1,06139919,802,55,00,通話　六郎,ツウワ　ロクロウ,1990-05-05,本人,2015-04-01,,rokuro_d,rokuro@example.jp,",
        ],
        "nideckenpo" => &[
            "N1,N1,06139935,200,9,00,歯車　七,ハグルマ　ナナ,1999-09-09,本人,2026-04-01,,kari-n7,nana@example.jp,w7kq2m9xv4tz",
        ],
        other => panic!("no people of {other}"),
    };
    file(MEMBER_HEADINGS, rows)
}

/// Returns Taro's family as klinekenpo sends it later, each with a user ID. Ichiro is eighteen today.
pub fn family() -> String {
    file(
        MEMBER_HEADINGS,
        &[
            "K2,K1,06139927,101,11,01,テスト　花子,テスト　ハナコ,1981-02-03,配偶者,2010-04-01,,hanako_k,hanako@example.jp,",
            "K4,K1,06139927,101,11,02,テスト　一郎,テスト　イチロウ,2008-11-21,子,2010-04-01,,ichiro_k,ichiro@example.jp,",
            "K5,K1,06139927,101,11,03,テスト　美樹,テスト　ミキ,2012-04-05,子,2012-04-05,,miki_k,miki@example.jp,",
        ],
    )
}

/// Returns klinekenpo's expenses: seed 001's sample for Taro's household, a later month, and Goro's
/// own.
pub fn expenses() -> String {
    file(
        EXPENSE_HEADINGS,
        &[
            "C1,K1,2025-03,2025-01,サンプルクリニック,通院,1,12960,9072,3588,300,",
            "C2,K1,2025-03,2025-01,サンプルクリニック薬局,調剤,1,2760,1932,828,0,",
            "C3,K2,2025-03,2025-01,サンプルクリニック,歯科,1,11400,7980,0,3420,",
            "C4,K1,2026-10,2026-08,,通院,2,5000,3500,0,1500,医療機関名なし",
            "C5,K2,2026-09,2026-07,みなと歯科,歯科,3,10000,7000,0,3000,",
            "C6,K3,2026-10,2026-08,あおば薬局,調剤,1,777770,544439,0,233331,",
        ],
    )
}

/// Puts headings and rows together into a file.
pub fn file(headings: &str, rows: &[&str]) -> String {
    let mut text = format!("{headings}\n");
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}
