//! The hosts of a union: labels below the base domain (T1), each with one door.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::policy::names::{HostLabel, Slug};

/// The door that a host belongs to. Browsers keep cookies and passkeys by host, so those of one door mean
/// nothing at the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// For subscribers.
    Portal,
    /// For staff.
    Console,
}

impl Door {
    /// Returns the door's name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Console => "console",
        }
    }
}

/// The labels in a union's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// The portal's label.
    pub canonical: HostLabel,
    /// Labels that redirect to the canonical one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<HostLabel>,
    /// The staff console's label. Default: `<slug>-console`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<HostLabel>,
}

/// A label and its use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostUse {
    pub label: String,
    pub door: Door,
    /// False for a label that redirects.
    pub canonical: bool,
    /// The setting that claims the label.
    pub path: &'static str,
}

/// The longest label that DNS allows (RFC 1035 §2.3.4).
const LONGEST_LABEL: usize = 63;

impl Hosts {
    /// Returns the label of the union's staff console.
    #[must_use]
    pub fn console_label(&self, slug: &Slug) -> String {
        self.console.as_ref().map_or_else(|| format!("{slug}-console"), ToString::to_string)
    }

    /// Returns true if the slug is too long for the default label, so the file has to give one.
    #[must_use]
    pub fn lacks_console_label(&self, slug: &Slug) -> bool {
        self.console.is_none() && self.console_label(slug).len() > LONGEST_LABEL
    }

    /// Returns every label that a union uses.
    #[must_use]
    pub fn uses(&self, slug: &Slug) -> Vec<HostUse> {
        let portal = |label: &HostLabel, canonical, path| HostUse {
            label: label.to_string(),
            door: Door::Portal,
            canonical,
            path,
        };
        let (label, door) = (self.console_label(slug), Door::Console);
        let mut uses = vec![
            portal(&self.canonical, true, "hosts.canonical"),
            HostUse { label, door, canonical: true, path: "hosts.console" },
        ];
        uses.extend(self.aliases.iter().map(|alias| portal(alias, false, "hosts.aliases")));
        uses
    }
}

/// A label that two unions claim.
#[derive(Debug, PartialEq, Eq)]
pub struct Clash<'u> {
    /// The position of the later union, in the order given.
    pub index: usize,
    /// The setting by which the later union claims it.
    pub path: &'static str,
    pub label: String,
    /// The slug of the union that claimed it first.
    pub holder: &'u Slug,
}

/// Finds every label that more than one of these unions claim. The union's own review finds clashes within one
/// union.
#[must_use]
pub fn clashes<'u>(unions: impl IntoIterator<Item = (&'u Slug, &'u Hosts)>) -> Vec<Clash<'u>> {
    let mut holders: HashMap<String, &Slug> = HashMap::new();
    let mut found = Vec::new();
    for (index, (slug, hosts)) in unions.into_iter().enumerate() {
        for HostUse { label, path, .. } in hosts.uses(slug) {
            let holder = *holders.entry(label.clone()).or_insert(slug);
            if holder != slug {
                found.push(Clash { index, path, label, holder });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(canonical: &str) -> Hosts {
        let canonical = canonical.parse().unwrap();
        Hosts { canonical, aliases: Vec::new(), console: None }
    }

    #[test]
    fn t1_the_console_has_a_label_of_its_own() {
        let (slug, mut hosts) = ("jomkenpo".parse().unwrap(), hosts("jomkenpo"));
        assert_eq!(hosts.console_label(&slug), "jomkenpo-console");
        hosts.console = Some("staff.jomkenpo".parse().unwrap());
        assert_eq!(hosts.console_label(&slug), "staff.jomkenpo");
    }

    #[test]
    fn t1_a_slug_that_leaves_no_room_wants_a_label_in_the_file() {
        let slug = |length| "a".repeat(length).parse().unwrap();
        let mut hosts = hosts("kenpo");
        assert!(!hosts.lacks_console_label(&slug(55)));
        assert!(hosts.lacks_console_label(&slug(56)));
        hosts.console = Some("staff".parse().unwrap());
        assert!(!hosts.lacks_console_label(&slug(56)));
    }

    #[test]
    fn t1_two_unions_never_want_one_label_whatever_for() {
        let (jomkenpo, jrckenpo) = ("jomkenpo".parse().unwrap(), "jrckenpo".parse().unwrap());
        let (first, second) = (hosts("jomkenpo"), hosts("jrckenpo"));
        assert_eq!(clashes([(&jomkenpo, &first), (&jrckenpo, &second)]), []);
        let takes = |path: &str, second: Hosts| {
            let found = clashes([(&jomkenpo, &first), (&jrckenpo, &second)]);
            assert_eq!(found.len(), 1, "{path}");
            assert_eq!((found[0].index, found[0].path, found[0].holder), (1, path, &jomkenpo));
        };
        takes("hosts.canonical", hosts("jomkenpo-console"));
        let aliases = vec!["jomkenpo-console".parse().unwrap()];
        takes("hosts.aliases", Hosts { aliases, ..second.clone() });
        takes("hosts.console", Hosts { console: Some("jomkenpo".parse().unwrap()), ..second });
    }
}
