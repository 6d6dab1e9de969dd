//! Where a union answers: labels below the base domain (T1), one door each.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::names::HostLabel;
use super::policy::TenantConfig;

/// Whose host it is. Cookies and passkeys belong to a host, so that those of one door are nothing at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// Subscribers'.
    Portal,
    /// Staff's.
    Console,
}

impl Door {
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Console => "console",
        }
    }
}

/// The labels of a union's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// Where the portal answers.
    pub canonical: HostLabel,
    /// Labels that redirect to the canonical one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<HostLabel>,
    /// Where the staff console answers; absent: `<slug>-console`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<HostLabel>,
}

/// A label, and what is found there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostUse {
    pub label: String,
    pub door: Door,
    /// False for one that redirects.
    pub canonical: bool,
    /// The setting that says so.
    pub path: &'static str,
}

/// The longest label of one part that DNS lets be (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

impl TenantConfig {
    /// The label of the staff console.
    #[must_use]
    pub fn console_label(&self) -> String {
        self.hosts
            .console
            .as_ref()
            .map_or_else(|| format!("{}-console", self.slug), ToString::to_string)
    }

    /// Returns true if the console needs a label of its own, since the slug is too long for the usual one.
    #[must_use]
    pub fn lacks_console_label(&self) -> bool {
        self.hosts.console.is_none() && self.console_label().len() > LONGEST_LABEL
    }

    /// Every label that the union answers on.
    #[must_use]
    pub fn host_uses(&self) -> Vec<HostUse> {
        let portal = |label: &HostLabel, canonical, path| HostUse {
            label: label.to_string(),
            door: Door::Portal,
            canonical,
            path,
        };
        let (label, door) = (self.console_label(), Door::Console);
        let mut uses = vec![
            portal(&self.hosts.canonical, true, "hosts.canonical"),
            HostUse { label, door, canonical: true, path: "hosts.console" },
        ];
        uses.extend(self.hosts.aliases.iter().map(|alias| portal(alias, false, "hosts.aliases")));
        uses
    }
}

/// A label that two unions want.
#[derive(Debug, PartialEq, Eq)]
pub struct Clash<'c> {
    /// The later of the two in the order given.
    pub index: usize,
    /// The setting by which it wants the label.
    pub path: &'static str,
    pub label: String,
    /// The slug of the one that has it.
    pub holder: &'c str,
}

/// Every label that more than one of these unions wants. What clashes within one union is found by its own review.
#[must_use]
pub fn clashes(configs: &[TenantConfig]) -> Vec<Clash<'_>> {
    let mut holders: HashMap<String, &str> = HashMap::new();
    let mut found = Vec::new();
    for (index, config) in configs.iter().enumerate() {
        for HostUse { label, path, .. } in config.host_uses() {
            let holder = *holders.entry(label.clone()).or_insert(config.slug.as_str());
            if holder != config.slug.as_str() {
                found.push(Clash { index, path, label, holder });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::file::{EXAMPLE, parse};

    fn union(slug: &str, change: impl FnOnce(&mut TenantConfig)) -> TenantConfig {
        let mut config = parse(EXAMPLE).unwrap();
        config.slug = slug.parse().unwrap();
        config.hosts =
            Hosts { canonical: slug.parse().unwrap(), aliases: Vec::new(), console: None };
        change(&mut config);
        config
    }

    #[test]
    fn t1_the_console_has_a_label_of_its_own() {
        let mut config = union("jomkenpo", |_| {});
        assert_eq!(config.console_label(), "jomkenpo-console");
        config.hosts.console = Some("staff.jomkenpo".parse().unwrap());
        assert_eq!(config.console_label(), "staff.jomkenpo");
    }

    #[test]
    fn t1_a_slug_that_leaves_no_room_wants_a_label_in_the_file() {
        let longest = union(&"a".repeat(55), |_| {});
        assert!(!longest.lacks_console_label());
        let mut longer = union(&"a".repeat(56), |_| {});
        assert!(longer.lacks_console_label());
        longer.hosts.console = Some("staff".parse().unwrap());
        assert!(!longer.lacks_console_label());
    }

    #[test]
    fn t1_two_unions_never_want_one_label_whatever_for() {
        let first = union("jomkenpo", |_| {});
        let apart = [first.clone(), union("jrckenpo", |_| {})];
        assert_eq!(clashes(&apart), []);
        let takes = |path: &'static str, change: fn(&mut TenantConfig)| {
            let both = [first.clone(), union("jrckenpo", change)];
            let found = clashes(&both);
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!((found[0].index, found[0].path, found[0].holder), (1, path, "jomkenpo"));
        };
        takes("hosts.canonical", |config| {
            config.hosts.canonical = "jomkenpo-console".parse().unwrap();
        });
        takes("hosts.aliases", |config| {
            config.hosts.aliases.push("jomkenpo-console".parse().unwrap());
        });
        takes("hosts.console", |config| config.hosts.console = Some("jomkenpo".parse().unwrap()));
    }
}
