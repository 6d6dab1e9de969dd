//! Mistakes in a TOML file, in Japanese.

/// Translates what the TOML parser says is wrong.
#[must_use]
pub fn mistake(message: &str) -> String {
    let known = [
        ("key with no value", "「=」と値がありません"),
        ("duplicate key", "同じ項目が2度出てきます"),
        ("unclosed", "閉じる記号がありません"),
        ("string values must be quoted", "文字列は \" で囲んでください"),
        ("invalid basic string", "文字列が \" で閉じられていません"),
        ("invalid string", "値がないか、文字列が \" で囲まれていません"),
        ("missing assignment", "「=」がありません"),
        ("missing value", "値がありません"),
        ("missing comma", "「,」がありません"),
        ("missing opening quote", "文字列が \" で始まっていません"),
        ("extra comma", "「,」が余計です"),
        ("extra assignment", "「=」が余計です"),
        ("extra `=`", "「=」が余計です"),
        ("unquoted key", "項目名に使えない文字があります"),
        ("leading zero", "数は0から始められません"),
        ("cannot extend", "同じ項目に2とおりの値があります"),
        ("unexpected key or value", "1行には1つの項目だけを書いてください"),
        ("unexpected content", "余計な文字があります"),
        ("invalid value", "値の書き方が違います"),
        ("invalid type", "値の種類が違います"),
        ("missing field `columns`", "見出し [columns] がありません"),
        ("unknown field", "知らない項目があります"),
    ];
    let found = known.iter().find(|(english, _)| message.contains(english));
    match found {
        Some((_, japanese)) => (*japanese).to_owned(),
        // Messages of our own types are in Japanese already.
        None if !message.is_ascii() => message.trim().to_owned(),
        None => "TOMLの書き方の誤りです".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::mistake;

    #[test]
    fn o1_what_the_reader_says_is_told_in_japanese() {
        for text in
            ["a", "a = 1\na = 2", "a = [1", "a = x y", "a = [1 2]", "= 1", "a = 1 b = 2", "[a"]
        {
            let error = text.parse::<toml::Table>().unwrap_err();
            let told = mistake(error.message());
            assert!(!told.is_ascii() && !told.contains(error.message()), "{text}: {told}");
        }
        assert_eq!(mistake("nobody knows this"), "TOMLの書き方の誤りです");
        assert_eq!(mistake("色ではありません"), "色ではありません");
    }
}
