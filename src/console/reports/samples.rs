//! The page of numbers with made-up content.

use super::page::{ReportLine, ReportsPage, WeekLine};
use crate::account::gallery::Gallery;

pub(in crate::console) fn fill_in(gallery: &mut Gallery) {
    let week = |from: Option<&str>| WeekLine {
        from: from.map(str::to_owned),
        registered: "12".to_owned(),
    };
    for (symbols, weeks) in [
        (Vec::new(), Vec::new()),
        (
            vec![line("<101>", None), line("", Some("85.3"))],
            vec![week(Some("2026年11月16日")), week(None)],
        ),
    ] {
        let counted_at = "2026年11月21日 10:00".to_owned();
        gallery.show(&ReportsPage { counted_at, all: line("", None), symbols, weeks });
    }
}

fn line(name: &str, share: Option<&str>) -> ReportLine {
    ReportLine {
        name: name.to_owned(),
        members: "100".to_owned(),
        registered: "非表示".to_owned(),
        share: share.map(str::to_owned),
        unregistered: "10未満".to_owned(),
        locked: "0".to_owned(),
        undelivered: "11".to_owned(),
    }
}
