//! What is wrong with a TOML file, in the words of its reader.

/// What a reader of TOML says is wrong with a file.
#[must_use]
pub fn mistake(message: &str) -> String {
    let known = [
        ("key with no value", "「=」と値がありません"),
        ("duplicate key", "同じ項目が2度出てきます"),
        ("unclosed", "閉じる記号がありません"),
        ("string values must be quoted", "文字列は \" で囲んでください"),
        ("invalid basic string", "文字列が \" で閉じられていません"),
        ("invalid string", "値がないか、文字列が \" で囲まれていません"),
        ("missing field `columns`", "見出し [columns] がありません"),
        ("unknown field", "知らない項目があります"),
    ];
    let found = known.iter().find(|(english, _)| message.contains(english));
    found.map_or_else(
        || format!("書き方の誤りです（{}）", message.trim()),
        |(_, japanese)| (*japanese).to_owned(),
    )
}
