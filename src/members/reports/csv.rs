//! A report as a file for a spreadsheet. It hides what the page hides.

use super::hiding::Cell;
use super::{Line, Report};
use crate::base::spreadsheet::{BOM, harmless};

const HEADINGS: [&str; 8] =
    ["区分", "名称", "加入者", "登録済み", "登録率(%)", "未登録", "ロック中", "メール不達"];

/// Writes the file.
///
/// # Panics
/// Never, since writing to memory doesn't fail.
#[must_use]
pub fn write(report: &Report) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(BOM.as_bytes().to_vec());
    let mut add = |record: [String; 8]| {
        writer.write_record(record).expect("writing to memory does not fail");
    };
    add(HEADINGS.map(str::to_owned));
    add(record("全体", "", &report.all));
    for (symbol, line) in &report.symbols {
        add(record("記号", symbol, line));
    }
    for (week, registered) in &report.weeks {
        let week = week.map_or_else(|| "それ以前".to_owned(), |week| week.to_string());
        let none = String::new;
        let (group, registered) = ("登録した週".to_owned(), word(*registered));
        add([group, week, none(), registered, none(), none(), none(), none()]);
    }
    writer.into_inner().expect("writing to memory does not fail")
}

fn record(group: &str, name: &str, line: &Line) -> [String; 8] {
    [
        group.to_owned(),
        harmless(name),
        word(line.members),
        word(line.registered),
        line.share().map(tenths).unwrap_or_default(),
        word(line.unregistered),
        word(line.locked),
        word(line.undelivered),
    ]
}

/// Returns a number as people read it.
#[must_use]
pub fn word(cell: Cell) -> String {
    match cell {
        Cell::Shown(count) => count.to_string(),
        Cell::Few => "10未満".to_owned(),
        Cell::Withheld => "非表示".to_owned(),
    }
}

/// Returns tenths of a percent as people read them.
#[must_use]
pub fn tenths(share: i64) -> String {
    format!("{}.{}", share / 10, share % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_run_as_a_formula_is_text() {
        let line = Line {
            members: Cell::Shown(40),
            registered: Cell::Withheld,
            unregistered: Cell::Few,
            locked: Cell::Shown(0),
            undelivered: Cell::Shown(10),
        };
        let shown = Line { registered: Cell::Shown(35), ..line };
        let symbols = vec![("=1+1".to_owned(), line), ("101".to_owned(), shown)];
        let report = Report { all: shown, symbols, weeks: vec![(None, Cell::Few)] };
        let file = String::from_utf8(write(&report)).unwrap();
        let lines: Vec<_> = file.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[1], "全体,,40,35,87.5,10未満,0,10");
        assert_eq!(lines[2], "記号,'=1+1,40,非表示,,10未満,0,10");
        assert_eq!(lines[4], "登録した週,それ以前,,10未満,,,,");
    }
}
