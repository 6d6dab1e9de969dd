//! The tables printed at the end.

use std::fmt;

const HEADINGS: [&str; 5] = ["what", "ours", "against", "ratio", "aim"];

/// The first line is the headings; all lines have as many cells.
#[derive(Debug)]
pub(crate) struct Table {
    lines: Vec<Vec<String>>,
}

impl Default for Table {
    fn default() -> Self {
        Self::of(&HEADINGS)
    }
}

impl Table {
    /// Makes a table with other columns, which [`Table::line`] fills.
    pub(crate) fn of(headings: &[&str]) -> Self {
        Self { lines: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.len() == 1
    }

    pub(crate) fn line(&mut self, cells: Vec<String>) {
        self.lines.push(cells);
    }

    /// Adds a ratio that should be at least `least`.
    pub(crate) fn ratio(
        &mut self,
        what: &str,
        ours: String,
        against: String,
        ratio: f64,
        least: f64,
    ) {
        let aim = aim(&format!(">= {:.0}%", least * 100.0), ratio >= least);
        let ratio = format!("{:.0}%", ratio * 100.0);
        self.line(vec![what.to_owned(), ours, against, ratio, aim]);
    }

    /// Adds a figure without a comparison.
    pub(crate) fn figure(&mut self, what: &str, ours: String, wanted: &str, met: bool) {
        let none = "-".to_owned();
        self.line(vec![what.to_owned(), ours, none.clone(), none, aim(wanted, met)]);
    }

    /// Adds a figure without an aim, or the reason why there is no comparison.
    pub(crate) fn plain(&mut self, what: &str, ours: String, against: String) {
        let none = "-".to_owned();
        self.line(vec![what.to_owned(), ours, against, none.clone(), none]);
    }
}

pub(crate) fn aim(wanted: &str, met: bool) -> String {
    let verdict = if met { "met" } else { "MISSED" };
    format!("{wanted} {verdict}")
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.lines[0].len())
            .map(|column| self.lines.iter().map(|line| line[column].len()).max().unwrap_or(0))
            .collect();
        for (number, line) in self.lines.iter().enumerate() {
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
            if number == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                writeln!(f, "{}", rules.join("  "))?;
            }
        }
        Ok(())
    }
}

/// Formats as `1,000,000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
