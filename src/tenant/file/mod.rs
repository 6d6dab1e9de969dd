//! Reads a union's TOML file and reports *all* its mistakes, each with its line.
//!
//! Serde stops at the first mistake. So the reader notes it, replaces the value with that of a
//! complete example, and reads again until the file can be read. Then the rules across several
//! values are checked, but only for values that the file itself gave.

mod limited;
pub mod plan;
pub mod problem;
pub mod proposal;
mod review;

use figment::error::{Actual, Kind};
use figment::value::{Dict, Value};
use toml_edit::{Document, Item};

use self::problem::Problem;
use self::review::review;
use super::policy::TenantConfig;

/// A complete file with every setting. `kosmo tenant example` prints it.
pub const EXAMPLE: &str = include_str!("example.toml");

/// Reads a tenant file.
///
/// # Errors
/// Returns every mistake, in the order of its lines.
pub fn parse(text: &str) -> Result<TenantConfig, Vec<Problem>> {
    let document = Document::parse(text).map_err(|error| {
        vec![Problem {
            line: error.span().map(|span| line_of(text, span.start)),
            path: String::new(),
            message: format!(
                "TOMLとして読めません: {}",
                crate::base::toml::mistake(error.message())
            ),
            suggestion: None,
        }]
    })?;
    let mut value = to_value(text);
    let mut problems = Vec::new();
    let config = loop {
        match value.deserialize::<TenantConfig>() {
            Ok(config) => break Some(config),
            Err(error) => {
                let mistake = Mistake::from(&error);
                let repaired = mistake.repair(&mut value);
                problems.push(mistake.problem);
                if !repaired || problems.len() >= 100 {
                    break None;
                }
            }
        }
    };
    if let Some(config) = &config {
        // A finding is dropped if it rests on a value of the example, since the file never said
        // that.
        let told: Vec<_> = problems.iter().map(|problem| problem.path.clone()).collect();
        let own = |path: &str| !told.iter().any(|told| within(told, path) || within(path, told));
        let findings = review(config).into_iter().filter(|found| {
            own(&found.problem.path) && found.rests_on.iter().all(|path| own(path))
        });
        problems.extend(findings.map(|found| found.problem));
    }
    for problem in &mut problems {
        problem.line = Some(line_of_path(text, &document, &problem.path));
    }
    problems.sort_by_key(|problem| problem.line);
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(problems),
    }
}

/// Returns the line of a setting in a readable file, or of the nearest table around it.
#[must_use]
pub fn line_of_setting(text: &str, path: &str) -> Option<usize> {
    Document::parse(text).ok().map(|document| line_of_path(text, &document, path))
}

/// Writes a file that reads back as the same configuration.
#[must_use]
pub fn to_toml(config: &TenantConfig) -> String {
    toml::to_string_pretty(config).expect("a tenant configuration has only types TOML knows")
}

/// Returns true if `inner` is the setting `outer` or a part of it.
fn within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

struct Mistake {
    problem: Problem,
    path: Vec<String>,
    remedy: Remedy,
}

enum Remedy {
    Remove,
    TakeFromExample,
}

impl From<&figment::Error> for Mistake {
    fn from(error: &figment::Error) -> Self {
        let mut path = error.path.clone();
        let mut remedy = Remedy::TakeFromExample;
        let (message, suggestion) = match &error.kind {
            Kind::UnknownField(name, known) => {
                // Figment's path ends in the key already, except at the top of the file.
                if path.last() != Some(name) {
                    path.push(name.clone());
                }
                remedy = Remedy::Remove;
                ("不明な項目です".to_owned(), did_you_mean(name, known))
            }
            Kind::MissingField(name) => {
                path.push(name.to_string());
                let sample = lookup(&to_value(EXAMPLE), &path).and_then(short);
                (
                    "必要な項目がありません".to_owned(),
                    sample.map(|value| format!("例: {name} = {value}")),
                )
            }
            Kind::UnknownVariant(name, known) => {
                (format!("「{name}」は指定できません"), did_you_mean(name, known))
            }
            Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
                let message = format!(
                    "{}にしてください（いまは {}）",
                    type_name(expected),
                    value_name(actual)
                );
                (message, example_of(&path))
            }
            // Messages of our own types are in Japanese already; those of libraries (dates) are
            // not.
            Kind::Message(message) if !message.is_ascii() => (message.clone(), example_of(&path)),
            _ => ("正しい値ではありません".to_owned(), example_of(&path)),
        };
        let problem = Problem { line: None, path: path.join("."), message, suggestion };
        Self { problem, path, remedy }
    }
}

impl Mistake {
    /// Changes `value` so that reading gets further. Returns false if that is impossible.
    fn repair(&self, value: &mut Value) -> bool {
        let Some((last, parents)) = self.path.split_last() else { return false };
        let example = lookup(&to_value(EXAMPLE), &self.path).cloned();
        match (&self.remedy, lookup_mut(value, parents)) {
            (Remedy::Remove, Some(Value::Dict(_, dict))) => dict.remove(last).is_some(),
            (Remedy::TakeFromExample, Some(Value::Dict(_, dict))) => match example {
                Some(example) => {
                    dict.insert(last.clone(), example)
                        != lookup(&to_value(EXAMPLE), &self.path).cloned()
                }
                None => dict.remove(last).is_some(),
            },
            (Remedy::TakeFromExample, Some(Value::Array(_, items))) => {
                let place = last.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                place.zip(example).map(|(place, example)| *place = example).is_some()
            }
            _ => false,
        }
    }
}

/// Translates what serde expected.
fn type_name(expected: &str) -> &'static str {
    match expected {
        "a string" => "文字列",
        "a boolean" => "true か false",
        "u16" => "0〜65535の整数",
        "a sequence" => "[ ] で囲んだ並び",
        _ => "見出し [ ] のある項目の集まり",
    }
}

/// Shows the wrong value as the operator wrote it.
fn value_name(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Str(text) => format!("\"{text}\""),
        Actual::Seq => "並び".to_owned(),
        _ => "項目の集まり".to_owned(),
    }
}

fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let closest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(likeness, _)| *likeness > 0.8);
    Some(match closest {
        Some((_, candidate)) => format!("もしかして: {candidate}"),
        None if known.is_empty() => return None,
        None => format!("使えるもの: {}", known.join(", ")),
    })
}

fn example_of(path: &[String]) -> Option<String> {
    lookup(&to_value(EXAMPLE), path).and_then(short).map(|value| format!("例: {value}"))
}

/// Formats a single value as TOML writes it. Returns `None` for tables.
fn short(value: &Value) -> Option<String> {
    match value {
        Value::Dict(..) => None,
        Value::Array(_, items) if items.iter().any(|item| matches!(item, Value::Dict(..))) => None,
        value => serde_json::to_string(value).ok(),
    }
}

/// Reads the file into figment's values, whose errors know their path. Dates may stand with or
/// without quotes.
fn to_value(text: &str) -> Value {
    fn unquoted_dates(value: toml::Value) -> toml::Value {
        match value {
            toml::Value::Datetime(date) => toml::Value::String(date.to_string()),
            toml::Value::Array(items) => {
                toml::Value::Array(items.into_iter().map(unquoted_dates).collect())
            }
            toml::Value::Table(table) => {
                toml::Value::Table(table.into_iter().map(|(k, v)| (k, unquoted_dates(v))).collect())
            }
            other => other,
        }
    }
    let table = text.parse::<toml::Table>().unwrap_or_default();
    Value::serialize(unquoted_dates(toml::Value::Table(table)))
        .unwrap_or_else(|_| Value::from(Dict::new()))
}

fn lookup<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Dict(_, dict) => dict.get(key),
        // The example's lists have at least one element, which serves as an example for every
        // index.
        Value::Array(_, items) => key.parse::<usize>().ok().and_then(|_| items.first()),
        _ => None,
    })
}

fn lookup_mut<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Dict(_, dict) => dict.get_mut(key),
        Value::Array(_, items) => key.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
        _ => None,
    })
}

/// Returns the line of a setting, or of the nearest table around it in the file.
fn line_of_path(text: &str, document: &Document<&str>, path: &str) -> usize {
    let mut line = 1;
    let mut item = Some(document.as_item().clone());
    for key in path.split('.').filter(|key| !key.is_empty()) {
        let Some(current) = item else { break };
        let span = current
            .as_table_like()
            .and_then(|table| table.get_key_value(key))
            .and_then(|(name, value)| name.span().or_else(|| value.span()));
        item = match (key.parse::<usize>(), &current) {
            (Ok(index), Item::ArrayOfTables(tables)) => tables.get(index).cloned().map(Item::Table),
            (Ok(index), Item::Value(value)) => {
                value.as_array().and_then(|items| items.get(index)).cloned().map(Item::Value)
            }
            _ => current.as_table_like().and_then(|table| table.get(key)).cloned(),
        };
        if let Some(span) = span.or_else(|| item.as_ref().and_then(Item::span)) {
            line = line_of(text, span.start);
        }
    }
    line
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_complete_and_right() {
        let config = parse(EXAMPLE).unwrap();
        assert_eq!(parse(&to_toml(&config)).unwrap(), config);
    }

    #[test]
    fn dates_may_stand_without_quotes() {
        let text = EXAMPLE.replace("opens = \"2026-04-07\"", "opens = 2026-04-07");
        assert_ne!(text, EXAMPLE);
        assert_eq!(parse(&text).unwrap(), parse(EXAMPLE).unwrap());
    }

    #[test]
    fn o1_five_mistakes_are_told_at_once_each_with_its_line() {
        let text = EXAMPLE
            .replace("min_length = 8", "min_lenght = 8")
            .replace("\"email_code\", \"totp\"", "\"email_kode\", \"totp\"")
            .replace("accent = \"#0b5cad\"", "accent = \"#ffee00\"")
            .replace("lock_after = 11", "lock_after = \"eleven\"")
            .replace("password = \"800123420010101\"", "password = \"800123420010102\"");
        let problems = parse(&text).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                let line = problem.line.unwrap();
                let written = text.lines().nth(line - 1).unwrap();
                (problem.path.as_str(), written.split('#').next().unwrap_or_default().trim())
            })
            .collect();
        assert_eq!(
            found,
            [
                ("brand.accent", "accent = \""),
                (
                    "sign_in.second_factors.1",
                    "second_factors = [\"passkey\", \"email_kode\", \"totp\"]"
                ),
                ("sign_in.lock_after", "lock_after = \"eleven\""),
                ("password.min_length", "[password]"),
                ("password.min_lenght", "min_lenght = 8"),
                ("first_sign_in.formula.example.password", "password = \"800123420010102\""),
            ]
        );
        let misspelt = problems.iter().find(|p| p.path == "password.min_lenght").unwrap();
        assert_eq!(misspelt.suggestion.as_deref(), Some("もしかして: min_length"));
    }

    #[test]
    fn a_value_of_another_kind_is_told_in_japanese() {
        for (right, wrong, words) in [
            ("idle_minutes = 30", "idle_minutes = -5", "0〜65535の整数にしてください（いまは -5）"),
            (
                "idle_minutes = 30",
                "idle_minutes = 99999",
                "0〜65535の整数にしてください（いまは 99999）",
            ),
            ("short_name = \"サンプル\"", "short_name = 5", "文字列にしてください（いまは 5）"),
            ("changeable = true", "changeable = []", "true か falseにしてください（いまは 並び）"),
            ("opens = \"2026-04-07\"", "opens = \"2026-04-31\"", "正しい値ではありません"),
        ] {
            let text = EXAMPLE.replace(right, wrong);
            assert_ne!(text, EXAMPLE, "{right}");
            let problems = parse(&text).unwrap_err();
            assert_eq!(problems.len(), 1, "{wrong}: {problems:?}");
            assert_eq!(problems[0].message, words);
        }
    }

    #[test]
    fn broken_toml_is_told_by_line() {
        let problems = parse("slug = \"a\"\nname = ").unwrap_err();
        assert_eq!(problems[0].line, Some(2));
    }

    #[test]
    fn an_empty_file_names_every_missing_section() {
        let problems = parse("").unwrap_err();
        for path in ["slug", "hosts", "brand", "password", "services"] {
            assert!(problems.iter().any(|problem| problem.path == path), "{path}");
        }
    }
}
