//! Whose colour is which.

use crate::base::money::Yen;
use crate::expenses::ledger::PersonSum;

/// So many people have a colour of their own; the rest share one more.
pub const PEOPLE: usize = 8;

/// The people of a picture, in the order of their colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Codes and names.
    known: Vec<(String, String)>,
}

impl People {
    /// In the order in which they first appear.
    #[must_use]
    pub fn of(sums: &[PersonSum]) -> Self {
        let mut known: Vec<(String, String)> = Vec::new();
        for sum in sums {
            if known.iter().all(|(code, _)| *code != sum.member) {
                known.push((sum.member.clone(), sum.patient.clone()));
            }
        }
        Self { known }
    }

    /// Which colour is a person's.
    #[must_use]
    pub fn series(&self, member: &str) -> usize {
        let place = self.known.iter().position(|(code, _)| code == member);
        place.map_or(PEOPLE, |place| place.min(PEOPLE))
    }

    /// How many colours there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.len().min(PEOPLE + 1)
    }

    /// Whose colour it is.
    #[must_use]
    pub fn name(&self, series: usize) -> &str {
        match self.known.get(series) {
            Some((_, name)) if series < PEOPLE => name,
            _ => "その他",
        }
    }

    /// One amount for each colour.
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
    fn e8_people_keep_their_colours_and_the_ninth_shares_one() {
        let sums: Vec<PersonSum> =
            (0..10).map(|person| sum(1, &person.to_string(), 100 + person)).collect();
        let people = People::of(&sums);
        assert_eq!((people.count(), people.series("0"), people.series("7")), (9, 0, 7));
        assert_eq!((people.series("8"), people.series("9")), (8, 8));
        assert_eq!((people.name(7), people.name(8)), ("カナ7", "その他"));
        let stack = people.stack(sums.iter());
        assert_eq!((stack.len(), stack[0], stack[8]), (9, Yen(100), Yen(108 + 109)));
        let two = People::of(&[sum(1, "b", 1), sum(2, "a", 2), sum(2, "b", 3)]);
        assert_eq!(two.stack([sum(3, "a", 5)].iter()), [Yen(0), Yen(5)]);
        assert_eq!(People::of(&[]).count(), 0);
    }
}
