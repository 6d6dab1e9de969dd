//! Settings that can't be read, told by name and by where they come from.

use figment::Error;
use figment::error::Kind;

use crate::base::toml;

/// Every mistake of an extraction.
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
            format!("値が違います（いまは {actual}、必要なのは {expected}）")
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
        other => format!("正しい値ではありません（{other}）"),
    };
    let from = source(error).map(|source| format!("（{source}）")).unwrap_or_default();
    format!(
        "{}{from}: {reason}。環境変数では KOSMO_{} です",
        path.join("."),
        path.join("__").to_uppercase()
    )
}

fn source(error: &Error) -> Option<String> {
    let metadata = error.metadata.as_ref()?;
    Some(match &metadata.source {
        Some(source) => source.to_string(),
        None if metadata.name.contains("environment") => "環境変数".to_owned(),
        None => metadata.name.to_string(),
    })
}
