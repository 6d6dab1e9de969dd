//! The legend of a chart: the colour of each person.

use crate::base::money::Yen;
use crate::expenses::ledger::PersonSum;

/// This many people have a colour of their own; the others share one more.
pub const PEOPLE: usize = 8;

/// The people of a chart, in the order of their colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legend {
    /// Codes and names.
    known: Vec<(String, String)>,
}

impl Legend {
    /// Orders people by the month of their first notice, and those of the same month as they come. So nobody's colour
    /// changes when another person gets a first notice.
    #[must_use]
    pub fn of(sums: &[PersonSum]) -> Self {
        let mut first: Vec<&PersonSum> = Vec::new();
        for sum in sums {
            match first.iter_mut().find(|known| known.member == sum.member) {
                Some(known) if sum.month < known.month => *known = sum,
                Some(_) => {}
                None => first.push(sum),
            }
        }
        first.sort_by_key(|sum| sum.month);
        let names = first.into_iter().map(|sum| (sum.member.clone(), sum.patient.clone()));
        Self { known: names.collect() }
    }

    /// Returns the number of a person's colour.
    #[must_use]
    pub fn series(&self, member: &str) -> usize {
        let place = self.known.iter().position(|(code, _)| code == member);
        place.map_or(PEOPLE, |place| place.min(PEOPLE))
    }

    /// Returns the number of colours in use.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.len().min(PEOPLE + 1)
    }

    /// Returns the name of the person who has a colour.
    #[must_use]
    pub fn name(&self, series: usize) -> &str {
        match self.known.get(series) {
            Some((_, name)) if series < PEOPLE => name,
            _ => "その他",
        }
    }

    /// Returns one amount for each colour.
    #[must_use]
    pub fn stack<'s>(&self, sums: impl Iterator<Item = &'s PersonSum>) -> Vec<Yen> {
        let mut stack = vec![Yen::default(); self.count()];
        for sum in sums {
            if let Some(part) = stack.get_mut(self.series(&sum.member)) {
                *part += sum.out_of_pocket;
            }
        }
        stack
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::month::Month;

    fn sum(month: u32, member: &str, yen: i64) -> PersonSum {
        PersonSum {
            month: Month::new(2026, month).unwrap(),
            member: member.to_owned(),
            patient: format!("カナ{member}"),
            out_of_pocket: Yen(yen),
        }
    }

    #[test]
    fn e8_nobody_changes_colour_when_somebody_else_has_a_first_notice() {
        let household = |newest: u32| -> Legend {
            let sums =
                [sum(5, "father", 1), sum(3, "mother", 1), sum(4, "mother", 1), sum(3, "son", 1)];
            let known: Vec<PersonSum> = sums
                .into_iter()
                .filter(|sum| sum.month <= Month::new(2026, newest).unwrap())
                .collect();
            Legend::of(&known)
        };
        for newest in 3..=5 {
            let legend = household(newest);
            assert_eq!((legend.series("mother"), legend.series("son")), (0, 1), "{newest}");
        }
        assert_eq!(household(5).series("father"), 2, "though the household lists him first");
    }

    #[test]
    fn e8_people_keep_their_colours_and_the_ninth_shares_one() {
        let sums: Vec<PersonSum> =
            (0..10).map(|person| sum(1, &person.to_string(), 100 + person)).collect();
        let legend = Legend::of(&sums);
        assert_eq!((legend.count(), legend.series("0"), legend.series("7")), (9, 0, 7));
        assert_eq!((legend.series("8"), legend.series("9")), (8, 8));
        assert_eq!((legend.name(7), legend.name(8)), ("カナ7", "その他"));
        let stack = legend.stack(sums.iter());
        assert_eq!((stack.len(), stack[0], stack[8]), (9, Yen(100), Yen(108 + 109)));
        let two = Legend::of(&[sum(1, "b", 1), sum(2, "a", 2), sum(2, "b", 3)]);
        assert_eq!(two.stack([sum(3, "a", 5)].iter()), [Yen(0), Yen(5)]);
        assert_eq!(Legend::of(&[]).count(), 0);
    }
}
