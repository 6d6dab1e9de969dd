//! Reports settings that can't be read, in Japanese, with their name and source.

use figment::Error;
use figment::error::{Actual, Kind};

use crate::base::toml;

/// Reports every mistake of an extraction.
pub(super) fn told(error: &Error) -> String {
    error.clone().into_iter().map(|error| one(&error)).collect::<Vec<_>>().join("、")
}

fn one(error: &Error) -> String {
    let mut path = error.path.clone();
    let reason = match &error.kind {
        Kind::UnknownField(name, known) => {
            if path.last() != Some(name) {
                path.push(name.clone());
            }
            format!("知らない項目です（使えるもの: {}）", known.join(", "))
        }
        Kind::MissingField(name) => {
            path.push(name.to_string());
            "必要な項目がありません".to_owned()
        }
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("値が違います（いまは {}、必要なのは {}）", value(actual), wanted(expected))
        }
        Kind::UnknownVariant(name, known) => {
            format!("「{name}」は指定できません（使えるもの: {}）", known.join(", "))
        }
        Kind::Message(message) if path.is_empty() => {
            return format!(
                "{}を読めません: {}",
                source(error).unwrap_or_default(),
                toml::mistake(message)
            );
        }
        // Messages of our own types are in Japanese already; those of libraries are not.
        Kind::Message(message) if !message.is_ascii() => {
            format!("正しい値ではありません（{message}）")
        }
        Kind::Message(message) => library(message).to_owned(),
        Kind::InvalidLength(length, expected) => {
            format!("個数が違います（いまは {length}個、必要なのは {}）", wanted(expected))
        }
        Kind::DuplicateField(_) => "同じ項目が2度出てきます".to_owned(),
        Kind::ISizeOutOfRange(number) => out_of_range(number),
        Kind::USizeOutOfRange(number) => out_of_range(number),
        Kind::Unsupported(actual) | Kind::UnsupportedKey(actual, _) => {
            format!("使えない値です（いまは {}）", value(actual))
        }
    };
    let from = source(error).map(|source| format!("（{source}）")).unwrap_or_default();
    format!(
        "{}{from}: {reason}。環境変数では KOSMO_{} です",
        path.join("."),
        path.join("__").to_uppercase()
    )
}

fn out_of_range(number: impl std::fmt::Display) -> String {
    format!("使える範囲の数ではありません（いまは {number}）")
}

/// Translates the message of a library's type that can't read a text.
fn library(message: &str) -> &'static str {
    if message.contains("socket address") {
        "アドレスとポートの組にしてください（例: 127.0.0.1:8080）"
    } else {
        "正しい値ではありません"
    }
}

/// Shows the wrong value as the operator wrote it.
fn value(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Char(value) => format!("「{value}」"),
        Actual::Str(text) | Actual::Other(text) => format!("「{text}」"),
        Actual::Bytes(_) => "バイトの並び".to_owned(),
        Actual::Unit | Actual::Option => "空の値".to_owned(),
        Actual::Seq => "[ ] で囲んだ並び".to_owned(),
        _ => "項目の集まり".to_owned(),
    }
}

/// Translates what serde expects.
fn wanted(expected: &str) -> &'static str {
    match expected {
        "a boolean" => "true か false",
        "u8" => "0〜255の整数",
        "u16" => "0〜65535の整数",
        "u32" | "u64" | "u128" | "usize" => "0以上の整数",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "整数",
        "f32" | "f64" => "数",
        "a sequence" => "[ ] で囲んだ並び",
        "socket address" => "アドレスとポートの組（例: 127.0.0.1:8080）",
        text if text.contains("string") => "文字列",
        text if text.contains("sequence") || text.contains("array") => "[ ] で囲んだ並び",
        text if text.contains("integer") => "整数",
        _ => "項目の集まり",
    }
}

fn source(error: &Error) -> Option<String> {
    let metadata = error.metadata.as_ref()?;
    Some(match &metadata.source {
        Some(source) => source.to_string(),
        None if metadata.name.contains("environment") => "環境変数".to_owned(),
        None => metadata.name.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    use crate::config::Settings;

    #[test]
    fn o5_a_wrong_setting_is_told_without_a_word_of_english() {
        for (text, words) in [
            ("listen = 8080", "いまは 8080、必要なのは "),
            ("listen = \"everywhere\"", "例: 127.0.0.1:8080"),
            ("data_dir = 3", "いまは 3、必要なのは 文字列"),
            ("[database]\nmax_connections = \"many\"", "いまは 「many」、必要なのは 0以上の整数"),
            ("[database]\nmax_connections = -1", "いまは -1、必要なのは 0以上の整数"),
            ("database = 1", "必要なのは 項目の集まり"),
            ("[security]\ncontacts = \"x\"", "必要なのは [ ] で囲んだ並び"),
            ("[log]\nformat = \"xml\"", "「xml」は指定できません"),
        ] {
            let figment = Figment::from(Toml::string(text));
            let told = Settings::from_figment(&figment).unwrap_err().to_string();
            assert!(told.contains(words), "{text}: {told}");
            for english in ["invalid", "expected", "found", "struct", "socket"] {
                assert!(!told.contains(english), "{text}: {told}");
            }
        }
    }
}
