//! Lines of the trail as a file for a spreadsheet.

use tera::Tera;

use super::sentence::sentence;
use crate::base::spreadsheet::{BOM, harmless};
use crate::web::trail::TrailLineView;

const HEADINGS: [&str; 20] = [
    "日時",
    "操作",
    "操作した人の種類",
    "操作した人",
    "役割",
    "操作の種類",
    "対象の方",
    "対象",
    "結果",
    "拒否・失敗の理由",
    "件数",
    "目的",
    "受付番号",
    "操作の理由",
    "接続元",
    "端末",
    "リクエストID",
    "承認番号",
    "取込番号",
    "記録番号",
];

/// Writes the file. It is UTF-8 with a BOM, since Excel takes it for CP932 otherwise.
///
/// # Errors
/// A template is wrong.
///
/// # Panics
/// Never, since writing to memory doesn't fail.
pub(super) fn write(templates: &Tera, lines: &[TrailLineView]) -> Result<Vec<u8>, tera::Error> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(BOM.as_bytes().to_vec());
    writer.write_record(HEADINGS).expect("writing to memory does not fail");
    for line in lines {
        let told = sentence(templates, line)?;
        let text = |value: &Option<String>| cell(value.as_deref().unwrap_or_default());
        let rows = line.rows.map(|rows| rows.to_string());
        let cells = [
            line.at.clone(),
            cell(&told),
            cell(&line.actor_kind),
            text(&line.actor),
            text(&line.roles),
            cell(&line.action),
            text(&line.person),
            text(&line.target),
            cell(&line.outcome),
            text(&line.why),
            rows.unwrap_or_default(),
            text(&line.purpose),
            text(&line.case_no),
            text(&line.reason),
            text(&line.address),
            text(&line.device),
            text(&line.request),
            text(&line.approval),
            text(&line.batch),
            line.id.clone(),
        ];
        writer.write_record(cells).expect("writing to memory does not fail");
    }
    Ok(writer.into_inner().expect("writing to memory does not fail"))
}

/// A cell is one line, so that nobody's text passes for a line of its own, and no formula.
fn cell(text: &str) -> String {
    harmless(text.replace(char::is_control, " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::page::Pages;

    #[test]
    fn case28_no_cell_runs_as_a_formula_and_no_text_passes_for_a_line() {
        let pages = Pages::load(|_| None).unwrap();
        let line = TrailLineView {
            at: "2026年11月29日 12:00:00".to_owned(),
            actor_kind: "staff".to_owned(),
            actor: Some("＝HYPERLINK(\"http://x\")".to_owned()),
            action: "account.unlocked".to_owned(),
            outcome: "ok".to_owned(),
            reason: Some("=HYPERLINK(\"http://x\",\"<b>\")".to_owned()),
            case_no: Some("1\r\n2026年11月29日 13:00:00,偽の行".to_owned()),
            target: Some("\t@sum".to_owned()),
            ..TrailLineView::default()
        };
        let file = write(&pages.templates(), &[line]).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert!(text.starts_with("\u{feff}日時,"), "{text}");
        let mut reader = ::csv::Reader::from_reader(text.trim_start_matches(BOM).as_bytes());
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), 1, "{text}");
        let cells: Vec<&str> = records[0].iter().collect();
        assert_eq!(cells.len(), HEADINGS.len());
        for cell in &cells {
            assert!(!cell.contains(['\r', '\n']), "{cell:?}");
            let bare = cell.trim_start_matches([' ', '\t']);
            assert!(!bare.starts_with(['=', '＝', '@', '+', '-']), "{cell:?}");
        }
        assert!(text.contains("\"\"<b>\"\""), "no HTML escape in a file: {text}");
    }
}
