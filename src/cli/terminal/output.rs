//! Output of commands: tables for people, JSON for programs.

use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

/// A column's heading, and how its cells are aligned.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Column {
    Left(&'static str),
    /// For numbers.
    Right(&'static str),
}

/// Prints a value for programs.
pub(in crate::cli) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints a list for programs one value at a time, in the same form as [`json`] would print the
/// whole.
#[derive(Default)]
pub(in crate::cli) struct JsonList {
    is_begun: bool,
}

impl JsonList {
    pub(in crate::cli) fn add(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(value)?.replace('\n', "\n  ");
        print!("{}  {text}", if self.is_begun { ",\n" } else { "[\n" });
        self.is_begun = true;
        Ok(())
    }

    pub(in crate::cli) fn end(self) {
        println!("{}", if self.is_begun { "\n]" } else { "[]" });
    }
}

/// Prints rows below their headings, or `nothing` if there are none.
pub(in crate::cli) fn table<const N: usize>(
    columns: [Column; N],
    rows: &[[String; N]],
    nothing: &str,
) {
    match rows.is_empty() {
        true => println!("{nothing}"),
        false => print!("{}", lines(columns, rows)),
    }
}

fn lines<const N: usize>(columns: [Column; N], rows: &[[String; N]]) -> String {
    let headings = columns.map(|column| match column {
        Column::Left(heading) | Column::Right(heading) => heading.to_owned(),
    });
    let all: Vec<&[String; N]> = std::iter::once(&headings).chain(rows).collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        all.iter().map(|row| row[column].width()).max().unwrap_or_default()
    });
    let mut text = String::new();
    for row in all {
        let cells: Vec<String> = (0..N)
            .map(|index| {
                let cell = &row[index];
                let blank = " ".repeat(widths[index] - cell.width());
                match columns[index] {
                    Column::Left(_) => format!("{cell}{blank}"),
                    Column::Right(_) => format!("{blank}{cell}"),
                }
            })
            .collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_japanese_character_takes_two_columns() {
        let columns = [Column::Left("組合"), Column::Right("版"), Column::Left("名称")];
        let row = |a: &str, b: &str, c: &str| [a.to_owned(), b.to_owned(), c.to_owned()];
        let rows = [row("a", "10", "健保"), row("長い名前", "2", "")];
        assert_eq!(lines(columns, &rows), "組合      版  名称\na         10  健保\n長い名前   2\n");
    }
}
