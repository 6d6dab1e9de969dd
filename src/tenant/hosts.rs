//! Where a union answers: labels below the base domain (T1), one door each.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::policy::names::{HostLabel, Slug};

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

impl Hosts {
    /// The label of the staff console of a union.
    #[must_use]
    pub fn console_label(&self, slug: &Slug) -> String {
        self.console.as_ref().map_or_else(|| format!("{slug}-console"), ToString::to_string)
    }

    /// Returns true if the console needs a label in the file, since the slug is too long for the usual one.
    #[must_use]
    pub fn lacks_console_label(&self, slug: &Slug) -> bool {
        self.console.is_none() && self.console_label(slug).len() > LONGEST_LABEL
    }

    /// Every label that a union answers on.
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

/// A label that two unions want.
#[derive(Debug, PartialEq, Eq)]
pub struct Clash<'u> {
    /// The later of the two in the order given.
    pub index: usize,
    /// The setting by which it wants the label.
    pub path: &'static str,
    pub label: String,
    /// The slug of the one that has it.
    pub holder: &'u Slug,
}

/// Every label that more than one of these unions wants. What clashes within one union is found by its own review.
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
