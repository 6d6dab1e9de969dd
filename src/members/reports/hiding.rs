//! Groups of fewer than ten people are not shown, and nothing from which their number could be worked out.
//!
//! Two sums are known to a reader: members are the registered and the unregistered, and the groups make up all. So if
//! one number of such a sum is hidden, another one is withheld, the smallest that there is; and so are more, until those
//! that are hidden are ten people or more together.

/// A number of people as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    Shown(i64),
    /// 「10未満」: one to nine people.
    Few,
    /// Not few, but few others could be worked out from it.
    Withheld,
}

/// The least number of people that is shown.
const LEAST: i64 = 10;

const MEMBERS: usize = 0;
const REGISTERED: usize = 1;
const UNREGISTERED: usize = 2;
const COLUMNS: usize = 5;

const fn is_few(count: i64) -> bool {
    0 < count && count < LEAST
}

/// Hides what has to be hidden of groups in one column.
#[must_use]
pub fn column(counts: &[i64]) -> Vec<Cell> {
    let mut hidden: Vec<bool> = counts.iter().map(|count| is_few(*count)).collect();
    while let Some(next) = to_withhold(counts, &hidden) {
        hidden[next] = true;
    }
    counts.iter().zip(hidden).map(cell).collect()
}

/// Hides what has to be hidden of a line that stands alone.
#[must_use]
pub fn line(counts: [i64; COLUMNS]) -> [Cell; COLUMNS] {
    let hidden = across(counts, counts.map(is_few));
    std::array::from_fn(|at| cell((&counts[at], hidden[at])))
}

/// Hides what has to be hidden of groups in a table, whose columns are those of a report.
#[must_use]
pub fn table(rows: &[[i64; COLUMNS]]) -> Vec<[Cell; COLUMNS]> {
    let mut hidden: Vec<_> = rows.iter().map(|row| across(*row, row.map(is_few))).collect();
    let mut is_done = false;
    while !is_done {
        is_done = true;
        for at in 0..COLUMNS {
            let counts: Vec<_> = rows.iter().map(|row| row[at]).collect();
            let own: Vec<_> = hidden.iter().map(|row| row[at]).collect();
            if let Some(next) = to_withhold(&counts, &own) {
                hidden[next][at] = true;
                hidden[next] = across(rows[next], hidden[next]);
                is_done = false;
            }
        }
    }
    let cells = |(row, hidden): (&[i64; COLUMNS], [bool; COLUMNS])| {
        std::array::from_fn(|at| cell((&row[at], hidden[at])))
    };
    rows.iter().zip(hidden).map(cells).collect()
}

/// Hides what a row gives away of itself.
fn across(counts: [i64; COLUMNS], mut hidden: [bool; COLUMNS]) -> [bool; COLUMNS] {
    if is_few(counts[MEMBERS]) {
        return [true; COLUMNS];
    }
    if hidden[MEMBERS] || hidden[REGISTERED] || hidden[UNREGISTERED] {
        hidden[REGISTERED] = true;
        hidden[UNREGISTERED] = true;
    }
    hidden
}

/// Returns the place of the next number to withhold, if those that are hidden could be worked out.
fn to_withhold(counts: &[i64], hidden: &[bool]) -> Option<usize> {
    let are_hidden = || counts.iter().zip(hidden).filter(|(_, hidden)| **hidden);
    let people: i64 = are_hidden().map(|(count, _)| count).sum();
    // Zeros that a row hides are no people.
    let groups = are_hidden().filter(|(count, _)| **count > 0).count();
    if groups == 0 || groups > 1 && people >= LEAST {
        return None;
    }
    let shown = counts.iter().enumerate().filter(|(at, count)| !hidden[*at] && **count > 0);
    shown.min_by_key(|(_, count)| **count).map(|(at, _)| at)
}

fn cell((count, hidden): (&i64, bool)) -> Cell {
    match hidden {
        false => Cell::Shown(*count),
        true if is_few(*count) => Cell::Few,
        true => Cell::Withheld,
    }
}

#[cfg(test)]
mod tests {
    use super::Cell::{Few, Shown, Withheld};
    use super::*;

    #[test]
    fn a_group_of_few_people_is_not_shown_nor_worked_out_from_the_others() {
        for (counts, cells) in [
            (&[][..], &[][..]),
            (&[0, 10, 200], &[Shown(0), Shown(10), Shown(200)]),
            (&[9], &[Few]),
            (&[0, 9], &[Shown(0), Few]),
            (&[9, 200, 50], &[Few, Shown(200), Withheld]),
            (&[9, 200, 5], &[Few, Shown(200), Few]),
            // Two groups of one would be known from a sum of two.
            (&[1, 200, 1, 30], &[Few, Shown(200), Few, Withheld]),
        ] {
            assert_eq!(column(counts), cells, "{counts:?}");
        }
    }

    #[test]
    fn what_a_row_adds_up_to_gives_nothing_away() {
        assert_eq!(
            line([100, 95, 5, 0, 12]),
            [Shown(100), Withheld, Few, Shown(0), Shown(12)],
            "the registered are the members less the others"
        );
        assert_eq!(line([9, 9, 0, 0, 0]), [Few, Few, Withheld, Withheld, Withheld]);
        assert_eq!(line([100, 100, 0, 10, 0]).map(|cell| cell == Few), [false; 5]);
    }

    #[test]
    fn what_is_withheld_in_one_column_gives_nothing_away_in_another() {
        let rows = [[500, 400, 100, 20, 30], [100, 95, 5, 0, 12], [50, 20, 30, 11, 15]];
        let shown = table(&rows);
        assert_eq!(shown[1], [Shown(100), Withheld, Few, Shown(0), Shown(12)]);
        assert_eq!(shown[2], [Shown(50), Withheld, Withheld, Shown(11), Shown(15)]);
        assert_eq!(shown[0], [Shown(500), Shown(400), Shown(100), Shown(20), Shown(30)]);
    }

    /// No reader who knows the sums can tell a group of few people, whatever the numbers are.
    #[test]
    fn no_sum_has_exactly_one_hidden_part() {
        let mut seed = 7_u64;
        let mut next = |most: i64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            i64::try_from(seed >> 33).unwrap() % most
        };
        for _ in 0..500 {
            let rows: Vec<[i64; COLUMNS]> = (0..next(7) + 1)
                .map(|_| {
                    let (members, locked, undelivered) = (next(40), next(15), next(15));
                    let registered = next(members + 1);
                    [members, registered, members - registered, locked, undelivered]
                })
                .collect();
            let shown = table(&rows);
            for (row, cells) in rows.iter().zip(&shown) {
                for (count, cell) in row.iter().zip(cells) {
                    assert!(!(is_few(*count) && matches!(cell, Shown(_))), "{rows:?}");
                }
                let parts = [REGISTERED, UNREGISTERED];
                let hidden = parts.iter().filter(|at| !matches!(cells[**at], Shown(_))).count();
                assert!(hidden != 1, "{rows:?}");
            }
            for at in 0..COLUMNS {
                let hidden: Vec<_> =
                    (0..rows.len()).filter(|row| !matches!(shown[*row][at], Shown(_))).collect();
                let people: i64 = hidden.iter().map(|row| rows[*row][at]).sum();
                let others = (0..rows.len()).any(|row| !hidden.contains(&row) && rows[row][at] > 0);
                assert!(hidden.is_empty() || people == 0 || people >= LEAST || !others, "{rows:?}");
            }
        }
    }
}
