//! The difference between two texts, line by line.

/// A text with more pairs of lines than this is not compared: everything counts as replaced. No terms of use are near it.
const MOST_PAIRS: usize = 4_000_000;

/// The fate of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Removed,
    Added,
}

/// Compares two texts by their longest common subsequence of lines. Blank lines don't count. What was removed stands
/// before what came in its place.
#[must_use]
pub fn lines<'t>(before: &'t str, after: &'t str) -> Vec<(Fate, &'t str)> {
    let (old, new) = (written(before), written(after));
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let pairs = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = pairs.take_while(|(one, other)| one == other).count();
    let (old_middle, end) = old_rest.split_at(old_rest.len() - tail);
    let new_middle = &new_rest[..new_rest.len() - tail];
    let kept = |line: &&'t str| (Fate::Kept, *line);
    let mut found: Vec<_> = old[..head].iter().map(kept).collect();
    compare(old_middle, new_middle, &mut found);
    found.extend(end.iter().map(kept));
    found
}

fn written(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

fn compare<'t>(old: &[&'t str], new: &[&'t str], found: &mut Vec<(Fate, &'t str)>) {
    let width = new.len() + 1;
    let (mut at, mut to) = (0, 0);
    if old.len().saturating_mul(new.len()) <= MOST_PAIRS {
        // The length of the longest common subsequence of what follows each pair of places.
        let mut common = vec![0_u32; (old.len() + 1) * width];
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                common[i * width + j] = if old[i] == new[j] {
                    common[(i + 1) * width + j + 1] + 1
                } else {
                    common[(i + 1) * width + j].max(common[i * width + j + 1])
                };
            }
        }
        while at < old.len() && to < new.len() {
            if old[at] == new[to] {
                found.push((Fate::Kept, old[at]));
                (at, to) = (at + 1, to + 1);
            } else if common[(at + 1) * width + to] >= common[at * width + to + 1] {
                found.push((Fate::Removed, old[at]));
                at += 1;
            } else {
                found.push((Fate::Added, new[to]));
                to += 1;
            }
        }
    }
    found.extend(old[at..].iter().map(|line| (Fate::Removed, *line)));
    found.extend(new[to..].iter().map(|line| (Fate::Added, *line)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let mark = |fate| match fate {
            Fate::Kept => ' ',
            Fate::Removed => '-',
            Fate::Added => '+',
        };
        lines(before, after)
            .into_iter()
            .map(|(fate, line)| format!("{}{line}", mark(fate)))
            .collect()
    }

    #[test]
    fn what_was_added_and_removed_is_told_and_the_rest_kept() {
        for (before, after, expected) in [
            ("", "", ""),
            ("a\n\nb", "a\r\nb  \n", " a b"),
            ("", "a\nb", "+a+b"),
            ("a\nb", "", "-a-b"),
            ("a\nb\nc", "a\nx\nc", " a-b+x c"),
            ("a\nb\nc\nd", "b\nc\ne\nd", "-a b c+e d"),
            ("a\na\nb", "a\nb", " a-a b"),
            ("第1条\n旧\n第2条", "第1条\n新\n第2条\n第3条", " 第1条-旧+新 第2条+第3条"),
        ] {
            assert_eq!(told(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn texts_too_long_to_compare_are_told_as_replaced() {
        let (old, new): (String, String) = (
            (0..2_500).map(|n| format!("a{n}\n")).collect(),
            (0..2_500).map(|n| format!("b{n}\n")).collect(),
        );
        let (old, new) = (format!("head\n{old}"), format!("head\n{new}"));
        let found = lines(&old, &new);
        assert_eq!(found.len(), 5_001);
        assert_eq!(found[0], (Fate::Kept, "head"));
        assert!(found[1..2_501].iter().all(|(fate, _)| *fate == Fate::Removed));
    }
}
