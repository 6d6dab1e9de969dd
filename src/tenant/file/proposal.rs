//! A change of the settings that a union may change: what was typed, checked as a file is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::plan::SettingChange;
use super::problem::Problem;
use super::review::{Finding, review};
use crate::base::japanese::fold;
use crate::tenant::policy::TenantConfig;
use crate::tenant::policy::opened::{SETTINGS, Setting, SettingKind, get, put, setting, values};

/// Reads what was typed for some settings. Returns the changes, in the order of the page, and the policy with them.
///
/// # Errors
/// Returns every mistake: a setting that is not the union's to change, a value that can't be read, one beyond its limits,
/// and a contradiction with other settings. Each names its setting.
pub fn typed(
    config: &TenantConfig,
    typed: &BTreeMap<String, String>,
) -> Result<(Vec<SettingChange>, TenantConfig), Vec<Problem>> {
    let now = values(config);
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    for (path, text) in typed {
        let read = open(config, path).and_then(|setting| read(setting, text));
        match read {
            Ok(after) => {
                let before = get(&now, path);
                if before != after {
                    changes.push(SettingChange { path: path.clone(), before, after });
                }
            }
            Err(message) => problems.push(problem(path, message)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    in_order(&mut changes);
    let changed = with(config, &changes)?;
    Ok((changes, changed))
}

/// Returns the policy with some changes, each of which has to be the union's to make.
///
/// # Errors
/// As for [`typed`].
pub fn with(
    config: &TenantConfig,
    changes: &[SettingChange],
) -> Result<TenantConfig, Vec<Problem>> {
    let mut changed = values(config);
    let mut problems = Vec::new();
    for change in changes {
        match open(config, &change.path) {
            Ok(_) => put(&mut changed, &change.path, change.after.clone()),
            Err(message) => problems.push(problem(&change.path, message)),
        }
    }
    let changed: TenantConfig = match serde_json::from_value(changed) {
        Ok(changed) if problems.is_empty() => changed,
        Ok(_) => return Err(problems),
        Err(error) => {
            problems.push(problem("", format!("正しい値ではありません（{error}）")));
            return Err(problems);
        }
    };
    // The operator has to mend a mistake that stood there before.
    let known: Vec<Problem> = found(review(config));
    let new = found(review(&changed)).into_iter().filter(|one| !known.contains(one));
    problems.extend(new);
    if problems.is_empty() { Ok(changed) } else { Err(problems) }
}

/// Returns what has to change for the settings that are the union's to be as they were in another version.
#[must_use]
pub fn back_to(config: &TenantConfig, earlier: &TenantConfig) -> Vec<SettingChange> {
    let (now, then) = (values(config), values(earlier));
    let open = SETTINGS.iter().filter(|one| one.is_open(config));
    open.map(|one| {
        let (before, after) = (get(&now, one.path), get(&then, one.path));
        SettingChange { path: one.path.to_owned(), before, after }
    })
    .filter(|change| change.before != change.after)
    .collect()
}

fn open(config: &TenantConfig, path: &str) -> Result<&'static Setting, String> {
    let setting = setting(path).ok_or("管理画面では変えられない設定です")?;
    if setting.is_open(config) {
        return Ok(setting);
    }
    Err("運用担当者がこの組合に開いていない設定です".to_owned())
}

fn read(setting: &Setting, text: &str) -> Result<Option<Value>, String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if text.is_empty() && setting.is_optional() {
        return Ok(None);
    }
    Ok(Some(match setting.kind {
        SettingKind::Number { .. } => {
            let number = fold(text).trim().parse::<u16>();
            Value::from(number.map_err(|_| "数字で入力してください")?)
        }
        SettingKind::Line { .. } | SettingKind::Lines { .. } => Value::from(text),
        SettingKind::Choice(words) => {
            let known = words.iter().any(|(value, _)| *value == text);
            Value::from(known.then_some(text).ok_or("選択肢から選んでください")?)
        }
    }))
}

fn in_order(changes: &mut [SettingChange]) {
    changes.sort_by_key(|change| SETTINGS.iter().position(|one| one.path == change.path));
}

fn problem(path: &str, message: impl Into<String>) -> Problem {
    Problem { line: None, path: path.to_owned(), message: message.into(), suggestion: None }
}

fn found(findings: Vec<Finding>) -> Vec<Problem> {
    findings.into_iter().map(|finding| finding.problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::file::{EXAMPLE, parse};
    use crate::tenant::policy::limits;

    fn all_open() -> TenantConfig {
        let mut config = parse(EXAMPLE).unwrap();
        config.console.open_to_union = SETTINGS.iter().map(|one| one.path.to_owned()).collect();
        config
    }

    fn one(path: &str, text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(path.to_owned(), text.to_owned())])
    }

    #[test]
    fn a7_a_value_beyond_its_limits_is_refused_by_its_name_whatever_the_setting() {
        let config = all_open();
        for setting in SETTINGS {
            if let Some((least, most)) = limits::numbers(setting.path) {
                for (text, fits) in [
                    (least.to_string(), true),
                    ((u32::from(least)).saturating_sub(1).to_string(), least == 0),
                    ((u32::from(most) + 1).to_string(), false),
                    ("-1".to_owned(), false),
                    ("1e1".to_owned(), false),
                ] {
                    let read = typed(&config, &one(setting.path, &text));
                    assert_eq!(read.is_ok(), fits, "{} = {text}: {read:?}", setting.path);
                    if let Err(problems) = read {
                        let named = problems.iter().any(|one| one.path == setting.path);
                        assert!(named, "{} = {text}: {problems:?}", setting.path);
                    }
                }
            }
            if let Some(longest) = limits::longest(setting.path) {
                let problems = typed(&config, &one(setting.path, &"あ".repeat(longest + 1)));
                assert_eq!(problems.unwrap_err()[0].path, setting.path);
            }
        }
    }

    #[test]
    fn a7_only_what_the_operator_opened_can_be_changed() {
        let config = parse(EXAMPLE).unwrap();
        for path in ["sign_in.lock_after", "hosts.canonical", "console.open_to_union", "slug", ""] {
            let problems = typed(&config, &one(path, "5")).unwrap_err();
            assert_eq!((problems.len(), problems[0].path.as_str()), (1, path));
            let change =
                SettingChange { path: path.to_owned(), before: None, after: Some(Value::from(5)) };
            assert_eq!(with(&config, &[change]).unwrap_err()[0].path, path);
        }
        let (changes, changed) = typed(&config, &one("sign_in.idle_minutes", "２０")).unwrap();
        assert_eq!(changes[0].to_string(), "sign_in.idle_minutes: 30 → 20");
        assert_eq!(changed.sign_in.idle_minutes, 20);
        assert_eq!(back_to(&changed, &config)[0].to_string(), "sign_in.idle_minutes: 20 → 30");
    }

    #[test]
    fn a7_what_is_left_empty_is_none_and_what_did_not_change_is_no_change() {
        let config = all_open();
        let (changes, changed) = typed(&config, &one("sign_in.remember_days", " ")).unwrap();
        assert_eq!((changes[0].after.clone(), changed.sign_in.remember_days), (None, None));
        let same: BTreeMap<String, String> =
            SETTINGS.iter().map(|one| (one.path.to_owned(), one.typed(&config))).collect();
        assert_eq!(typed(&config, &same).unwrap(), (Vec::new(), config));
    }

    #[test]
    fn a7_a_contradiction_with_another_setting_is_told() {
        let mut config = all_open();
        config.password.max_length = 20;
        let problems = typed(&config, &one("password.min_length", "21")).unwrap_err();
        assert_eq!(problems[0].path, "password.max_length");
        let mut odd = all_open();
        odd.name = String::new();
        assert!(typed(&odd, &one("contact.hours", "平日")).is_ok(), "what stood there before");
    }
}
