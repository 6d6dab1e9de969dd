//! The changes that applying a file would make.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tenant::policy::TenantConfig;

/// One setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// The setting: `password.min_length`.
    pub path: String,
    /// `None` if the setting is new.
    pub before: Option<Value>,
    /// `None` if the setting is removed.
    pub after: Option<Value>,
}

/// Formats the change as `password.min_length: 8 → 10`.
impl std::fmt::Display for SettingChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word =
            |value: &Option<Value>| value.as_ref().map_or("なし".to_owned(), Value::to_string);
        write!(f, "{}: {} → {}", self.path, word(&self.before), word(&self.after))
    }
}

/// Lists the settings in which two configurations differ, by path.
#[must_use]
pub fn changes(before: Option<&TenantConfig>, after: &TenantConfig) -> Vec<SettingChange> {
    let json = |config: &TenantConfig| {
        serde_json::to_value(config).expect("a tenant configuration has only types JSON knows")
    };
    let mut found = Vec::new();
    walk("", before.map(json).as_ref(), Some(&json(after)), &mut found);
    found
}

fn walk(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<SettingChange>) {
    if before == after {
        return;
    }
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                walk(&join(key), old.get(key), new.get(key), found);
            }
        }
        (None, Some(Value::Object(new))) => {
            new.iter().for_each(|(key, value)| walk(&join(key), None, Some(value), found));
        }
        _ => found.push(SettingChange {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::file::{EXAMPLE, parse};

    #[test]
    fn only_what_differs_is_told() {
        let before = parse(EXAMPLE).unwrap();
        assert_eq!(changes(Some(&before), &before), []);
        let mut after = before.clone();
        after.password.min_length = 10;
        after.password.max_age_years = None;
        let told: Vec<_> =
            changes(Some(&before), &after).iter().map(SettingChange::to_string).collect();
        assert_eq!(told, ["password.min_length: 8 → 10", "password.max_age_years: 3 → なし"]);
    }
}
