use super::kind::{Criterion, Guesses, Unsearchable, guess};
use super::normal::{kana_key, katakana, name_key, number_key};

/// Returns the words of the best guess, and the names of the others.
fn guesses(text: &str) -> (String, String) {
    let Guesses { best, others } = guess(text).unwrap_or_else(|no| panic!("{text}: {no:?}"));
    let others: Vec<&str> = others.iter().map(Criterion::name).collect();
    (best.words(), others.join(" "))
}

#[test]
fn a2_what_is_typed_is_guessed_and_said() {
    for (text, words, others) in [
        ("800-1234", "記号-番号 800-1234", "user_id"),
        ("８００－１２３４", "記号-番号 800-1234", "user_id"),
        ("800 1234", "記号-番号 800-1234", ""),
        ("800ー1234‐1", "記号-番号-枝番 800-1234-1", ""),
        ("800-1234-01", "記号-番号-枝番 800-1234-01", "user_id"),
        ("記号800 番号1234 枝番01", "記号-番号-枝番 800-1234-01", ""),
        ("東い-1234", "記号-番号 東い-1234", ""),
        ("1234", "ユーザID 1234", "number"),
        ("taro-12", "ユーザID taro-12", "number"),
        ("ｔａｒｏ＿Ｋ", "ユーザID taro_k", ""),
        ("Smith", "ユーザID smith", "name"),
        ("SMITH John", "氏名 SMITH John", ""),
        ("ｶﾌﾞ", "氏名カナ カブ", "name"),
        ("てすと　たろう", "氏名カナ テストタロウ", "name"),
        ("ﾀﾛ-", "氏名カナ タロー", "name"),
        ("テスト　太郎", "氏名 テスト 太郎", ""),
        ("林", "氏名 林", ""),
        ("昭和59年5月12日", "生年月日 1984年5月12日", ""),
        ("S59.5.12", "生年月日 1984年5月12日", "user_id"),
        ("1984/05/12", "生年月日 1984年5月12日", "user_id"),
        ("19840512", "生年月日 1984年5月12日", "user_id number"),
        ("1984-05-12", "生年月日 1984年5月12日", "number user_id"),
        ("Taro@Example.jp", "メールアドレス taro@example.jp", "user_id"),
        ("ﾃｽﾄ 1979/8/22", "氏名カナ テスト、生年月日 1979年8月22日", "name"),
        ("%", "ユーザID %", ""),
        ("_", "ユーザID _", ""),
    ] {
        assert_eq!(guesses(text), (format!("{words} として検索"), others.to_owned()), "{text}");
    }
}

#[test]
fn a2_what_can_be_nothing_finds_nobody() {
    let (long, unfolding) = ("あ".repeat(10 * 1024), "\u{fdfa}".repeat(255));
    for (text, reason) in [
        ("", Unsearchable::Empty),
        (" 　\t\u{200b}\u{feff}", Unsearchable::Empty),
        ("ア", Unsearchable::TooShort),
        ("ー", Unsearchable::TooShort),
        ("タ\0ロウ", Unsearchable::Unreadable),
        ("\u{1b}[2J", Unsearchable::Unreadable),
        ("。", Unsearchable::Unreadable),
        ("テスト%", Unsearchable::Unreadable),
        (long.as_str(), Unsearchable::TooLong),
        // Each folds to eighteen characters.
        (unfolding.as_str(), Unsearchable::TooLong),
    ] {
        assert_eq!(guess(text), Err(reason), "{text:?}");
    }
}

#[test]
fn a2_ways_to_write_the_same_have_one_key() {
    let kana = |text: &str| kana_key(&katakana(text).unwrap());
    for same in ["ｼｭﾝｽｹ", "しゅんすけ", "シユンスケ", "シュン スケ", "シュ－ンスケ"]
    {
        assert_eq!(kana(same), "シユンスケ", "{same}");
    }
    assert_eq!(kana("カ゛"), "ガ");
    assert_eq!(katakana("太郎"), None);
    assert_eq!(name_key("葛\u{e0100}城　ＪＯＨＮ・太"), "葛城john太");
    assert_eq!(number_key("A-1", "0012"), "a1-12");
    assert_eq!(number_key("", "000"), "-");
}
