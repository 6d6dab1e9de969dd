//! Tables on a page, read row by row.

use serde::Deserialize;

use crate::support::browser::Browser;

/// Reads the visible tables, without the headings of groups.
const READ: &str = "
    const cells = (part) => [...part.rows].filter((row) => row.className !== 'group').map(
        (row) => [...row.cells].map((cell) => cell.innerText.trim()));
    return [...document.querySelectorAll('table')]
        .filter((table) => table.checkVisibility())
        .map((table) => ({ caption: table.caption.innerText.trim(), head: cells(table.tHead),
                           body: [...table.tBodies].flatMap(cells), foot: cells(table.tFoot) }));";

#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Table {
    caption: String,
    pub(crate) head: Vec<Vec<String>>,
    pub(crate) body: Vec<Vec<String>>,
    pub(crate) foot: Vec<Vec<String>>,
}

impl Table {
    /// Reads the one visible table.
    pub(crate) async fn read(browser: &Browser) -> Self {
        let mut tables: Vec<Self> = browser.evaluate(READ).await;
        assert_eq!(tables.len(), 1, "{tables:#?}");
        tables.remove(0)
    }

    pub(crate) async fn all(browser: &Browser) -> Vec<Self> {
        browser.evaluate(READ).await
    }

    pub(crate) fn caption(&self) -> &str {
        &self.caption
    }

    pub(crate) async fn captioned(browser: &Browser, caption: &str) -> Self {
        let tables = Self::all(browser).await;
        let found = tables.into_iter().find(|table| table.caption == caption);
        found.unwrap_or_else(|| panic!("no table is called {caption}"))
    }

    /// Returns the amount paid in all: the last figure below a statement, a year or a graph.
    pub(crate) fn paid(&self) -> i64 {
        let mut figures = self.foot[0].iter().filter(|cell| cell.starts_with('¥'));
        yen(figures.next_back().expect("a figure"))
    }

    /// Checks a statement: each column's sum is below it.
    pub(crate) fn assert_adds_up(&self) {
        assert!(!self.body.is_empty(), "E2: a month with rows");
        let sums = (3..7).map(|column| self.body.iter().map(|row| yen(&row[column])).sum());
        let sums: Vec<i64> = sums.collect();
        let shown: Vec<i64> = self.foot[0][1..5].iter().map(|sum| yen(sum)).collect();
        assert_eq!((self.foot[0][0].as_str(), shown), ("合計", sums));
        for row in &self.body {
            assert_eq!(yen(&row[3]), yen(&row[4]) + yen(&row[5]) + yen(&row[6]), "{row:?}");
        }
    }

    /// Checks a statement on paper: all of it is there, with each row's amounts beside its person.
    pub(crate) fn assert_is_on(&self, paper: &[String]) {
        let has = |line: &str| assert!(paper.iter().any(|read| read == line), "{line}: {paper:#?}");
        for row in &self.body {
            let [month, patient, care, figures @ ..] = row.as_slice() else {
                panic!("no statement: {row:?}")
            };
            has(format!("{month} {patient} {}", figures.join(" ")).trim_end());
            care.lines().for_each(has);
        }
        has(self.foot[0].join(" ").trim_end());
    }
}

/// Joins each row's cells.
pub(crate) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    rows.iter().map(|row| row.join("|").replace('\n', " ")).collect()
}

pub(crate) fn yen(text: &str) -> i64 {
    let digits = text.strip_prefix('¥').unwrap_or_else(|| panic!("no yen: {text}"));
    digits.replace(',', "").parse().expect(text)
}
