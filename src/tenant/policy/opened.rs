//! The settings that an operator can open to a union, whose staff then change them at the console.
//!
//! No other setting is ever changed there: hosts, ways of signing in, what is stored and for how long are the operator's.

use serde_json::{Map, Value};

use super::{TenantConfig, limits};

/// A setting as staff see it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// `sign_in.lock_after`
    pub path: &'static str,
    pub label: &'static str,
    pub kind: SettingKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// A number with its unit. One that is optional can be left empty, which means `none`.
    Number { unit: &'static str, none: Option<&'static str> },
    /// One line.
    Line { optional: bool },
    /// Several lines.
    Lines { optional: bool },
    /// One of some values, each with its word.
    Choice(&'static [(&'static str, &'static str)]),
}

const fn number(path: &'static str, label: &'static str, unit: &'static str) -> Setting {
    Setting { path, label, kind: SettingKind::Number { unit, none: None } }
}

/// Every setting that can be opened, in the order of the page.
pub const SETTINGS: [Setting; 15] = [
    Setting {
        path: "contact.text",
        label: "お問い合わせ先の文章",
        kind: SettingKind::Lines { optional: false },
    },
    Setting {
        path: "contact.mail",
        label: "お問い合わせ先のメールアドレス",
        kind: SettingKind::Line { optional: true },
    },
    Setting {
        path: "contact.phone",
        label: "お問い合わせ先の電話番号",
        kind: SettingKind::Line { optional: true },
    },
    Setting {
        path: "contact.hours",
        label: "電話の受付時間",
        kind: SettingKind::Line { optional: true },
    },
    Setting {
        path: "contact.note",
        label: "お問い合わせ先の注記",
        kind: SettingKind::Lines { optional: true },
    },
    number("sign_in.lock_after", "ロックするまでのパスワードの誤りの回数", "回"),
    number("sign_in.idle_minutes", "操作がないときにログアウトするまでの時間", "分"),
    number("sign_in.session_hours", "ログインが続く時間の上限", "時間"),
    Setting {
        path: "sign_in.remember_days",
        label: "ログイン状態の保存の日数",
        kind: SettingKind::Number { unit: "日", none: Some("選べない") },
    },
    Setting {
        path: "lost_device.reset_by",
        label: "端末をなくしたときの初期化",
        kind: SettingKind::Choice(&[
            ("staff", "職員が初期化する"),
            ("forgotten_password", "「パスワードを忘れた方はこちら」から登録し直す"),
        ]),
    },
    number("password.min_length", "パスワードの最小の文字数", "文字"),
    Setting {
        path: "password.max_age_years",
        label: "パスワードの有効期間",
        kind: SettingKind::Number { unit: "年", none: Some("期限なし") },
    },
    number("console.password_min_length", "職員のパスワードの最小の文字数", "文字"),
    number("console.idle_minutes", "職員の操作がないときにログアウトするまでの時間", "分"),
    number("console.session_hours", "職員のログインが続く時間の上限", "時間"),
];

/// Returns the setting with this path, if it can be opened at all.
#[must_use]
pub fn setting(path: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.path == path)
}

impl Setting {
    /// Returns true if the operator has opened it to the union.
    #[must_use]
    pub fn is_open(&self, config: &TenantConfig) -> bool {
        config.console.open_to_union.iter().any(|path| path == self.path)
    }

    /// Returns true if it may be left empty.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        match self.kind {
            SettingKind::Number { none, .. } => none.is_some(),
            SettingKind::Line { optional } | SettingKind::Lines { optional } => optional,
            SettingKind::Choice(_) => false,
        }
    }

    /// Returns its value in a policy as it is typed.
    #[must_use]
    pub fn typed(&self, config: &TenantConfig) -> String {
        match get(&values(config), self.path) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(value) => value.to_string(),
        }
    }

    /// Returns a value as people read it.
    #[must_use]
    pub fn told(&self, value: Option<&Value>) -> String {
        match (self.kind, value) {
            (SettingKind::Number { none, .. }, None) => none.unwrap_or("なし").to_owned(),
            (SettingKind::Number { unit, .. }, Some(value)) => format!("{value}{unit}"),
            (SettingKind::Choice(words), Some(Value::String(name))) => {
                let word = words.iter().find(|(value, _)| value == name);
                word.map_or_else(|| name.clone(), |(_, word)| (*word).to_owned())
            }
            (_, Some(Value::String(text))) => format!("「{text}」"),
            (_, None) => "なし".to_owned(),
            (_, Some(value)) => value.to_string(),
        }
    }

    /// Returns its limits in words.
    #[must_use]
    pub fn limits(&self) -> String {
        let range = limits::numbers(self.path);
        match self.kind {
            SettingKind::Number { unit, none } => {
                let (least, most) = range.unwrap_or((0, u16::MAX));
                let empty = none.map(|none| format!("。空欄にすると「{none}」になります"));
                format!("{least}〜{most}{unit}{}。", empty.unwrap_or_default())
            }
            SettingKind::Line { .. } | SettingKind::Lines { .. } => {
                let longest = limits::longest(self.path).unwrap_or(usize::MAX);
                format!("{longest}文字まで。")
            }
            SettingKind::Choice(_) => String::new(),
        }
    }
}

/// Returns a policy's settings, including those of the console that stand for themselves.
pub(in crate::tenant) fn values(config: &TenantConfig) -> Value {
    let mut values = serde_json::json!(config);
    put(&mut values, "console", Some(serde_json::json!(config.console)));
    values
}

pub(in crate::tenant) fn get(values: &Value, path: &str) -> Option<Value> {
    let found = path.split('.').try_fold(values, |value, key| value.get(key));
    found.filter(|value| !value.is_null()).cloned()
}

/// Sets a value, or removes it.
pub(in crate::tenant) fn put(values: &mut Value, path: &str, value: Option<Value>) {
    let (tables, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut table = values;
    for name in tables.split('.').filter(|name| !name.is_empty()) {
        let Some(map) = table.as_object_mut() else { return };
        table = map.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    let Some(map) = table.as_object_mut() else { return };
    match value {
        Some(value) => drop(map.insert(key.to_owned(), value)),
        None => drop(map.remove(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::file::{EXAMPLE, parse};
    use crate::tenant::policy::console::ConsoleRules;

    #[test]
    fn a7_every_setting_that_can_be_opened_exists_and_has_limits() {
        let config = parse(EXAMPLE).unwrap();
        let values = values(&config);
        for setting in SETTINGS {
            let value = get(&values, setting.path);
            let value = value.unwrap_or_else(|| panic!("{} is not in the example", setting.path));
            match setting.kind {
                SettingKind::Number { .. } => {
                    assert!(value.is_u64() && limits::numbers(setting.path).is_some());
                }
                SettingKind::Line { .. } | SettingKind::Lines { .. } => {
                    assert!(value.is_string() && limits::longest(setting.path).is_some());
                }
                SettingKind::Choice(words) => {
                    assert!(words.iter().any(|(word, _)| value == *word), "{value}");
                }
            }
        }
        for path in ConsoleRules::default().open_to_union {
            assert!(setting(&path).is_some(), "{path}");
        }
        let own = "console.open_to_union";
        assert!(setting(own).is_none(), "staff open nothing to themselves");
    }
}
