//! Writes the form (TEG700-001.xsd) as XML, with an empty signature in it.

use std::io;

use chrono::NaiveDate;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::legible::legible;
use crate::base::month::Month;
use crate::expenses::deduction::{Deduction, DeductionLine};

/// A group (`WBD00000`) holds this many rows (`WBD00010`); a file holds a hundred groups.
pub(super) const ROWS_A_GROUP: usize = 20;

const FORM: &str = "http://xml.e-tax.nta.go.jp/XSD/kyotsu";
const GENERAL: &str = "http://xml.e-tax.nta.go.jp/XSD/general";
/// The id of the root, to which the signature refers.
const ID: &str = "TEG700";
const SOFTWARE: &str = "kosmo-web";
/// Most rows take less than this, so that a file needs one allocation.
const ROW_BYTES: usize = 512;

type Xml = Writer<Vec<u8>>;

/// The contents of one file.
pub(super) struct FormPage<'p> {
    pub deduction: &'p Deduction,
    /// The file's part of the year's lines.
    pub lines: &'p [DeductionLine],
    /// The file's number, if the year fills several files.
    pub number: Option<usize>,
    pub made: NaiveDate,
}

/// Writes a file; the template of the signature becomes the root's last child.
pub(super) fn write(page: &FormPage<'_>, signature: &str) -> io::Result<String> {
    let mut xml = Xml::new(Vec::with_capacity(page.lines.len() * ROW_BYTES));
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let insurer = legible(&page.deduction.insurer);
    let made = page.made.to_string();
    let number = page.number.map(|number| number.to_string());
    xml.create_element("TEG700")
        .with_attribute(("xmlns", FORM))
        .with_attribute(("xmlns:gen", GENERAL))
        .with_attribute(("VR", "1.0"))
        .with_attribute(("softNM", SOFTWARE))
        .with_attribute(("sakuseiNM", insurer.as_str()))
        .with_attribute(("sakuseiDay", made.as_str()))
        .with_attributes(number.as_deref().map(|number| ("page", number)))
        .with_attribute(("id", ID))
        .write_inner_content(|xml| {
            text(xml, "WBA00000", &legible(&page.deduction.insured))?;
            text(xml, "WBB00000", &insurer)?;
            for group in page.lines.chunks(ROWS_A_GROUP) {
                xml.create_element("WBD00000")
                    .write_inner_content(|xml| group.iter().try_for_each(|line| row(xml, line)))?;
            }
            xml.write_event(Event::Text(BytesText::from_escaped(signature)))
        })?;
    String::from_utf8(xml.into_inner()).map_err(io::Error::other)
}

fn row(xml: &mut Xml, line: &DeductionLine) -> io::Result<()> {
    xml.create_element("WBD00010").write_inner_content(|xml| {
        text(xml, "WBD00020", &legible(&line.patient))?;
        month(xml, "WBD00030", line.treatment_month)?;
        text(xml, "WBD00040", &legible(&line.institution))?;
        text(xml, "WBD00050", &line.paid.0.to_string())
    })?;
    Ok(())
}

fn month(xml: &mut Xml, name: &'static str, month: Month) -> io::Result<()> {
    xml.create_element(name).write_inner_content(|xml| {
        text(xml, "gen:yyyy", &month.year().to_string())?;
        text(xml, "gen:mm", &month.month().to_string())
    })?;
    Ok(())
}

/// Writes an element with a text. A blank text becomes an empty element, so that readers see the item is blank.
fn text(xml: &mut Xml, name: &'static str, text: &str) -> io::Result<()> {
    let element = xml.create_element(name);
    if text.is_empty() {
        element.write_empty()?;
    } else {
        element.write_text_content(BytesText::new(text))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::money::Yen;

    fn written(patient: &str, institution: &str, number: Option<usize>) -> String {
        let line = DeductionLine {
            treatment_month: Month::new(2025, 1).unwrap(),
            patient: patient.into(),
            institution: institution.into(),
            paid: Yen(3_420),
            computed: false,
        };
        let deduction = Deduction {
            year: 2025,
            insured: "ﾃｽﾄ ﾀﾛｳ".into(),
            insurer: "川崎汽船\"健康保険組合".into(),
            lines: vec![line],
            hides_somebody: false,
        };
        let made = NaiveDate::from_ymd_opt(2026, 2, 6).unwrap();
        let page = FormPage { deduction: &deduction, lines: &deduction.lines, number, made };
        write(&page, "<signature/>").unwrap()
    }

    #[test]
    fn d1_the_form_holds_the_six_legal_items() {
        let expected = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<TEG700 xmlns="http://xml.e-tax.nta.go.jp/XSD/kyotsu""#,
            r#" xmlns:gen="http://xml.e-tax.nta.go.jp/XSD/general" VR="1.0" softNM="kosmo-web""#,
            r#" sakuseiNM="川崎汽船&quot;健康保険組合" sakuseiDay="2026-02-06" id="TEG700">"#,
            "<WBA00000>テスト タロウ</WBA00000><WBB00000>川崎汽船&quot;健康保険組合</WBB00000>",
            "<WBD00000><WBD00010><WBD00020>テスト ハナコ</WBD00020>",
            "<WBD00030><gen:yyyy>2025</gen:yyyy><gen:mm>1</gen:mm></WBD00030>",
            "<WBD00040>さくら歯科</WBD00040><WBD00050>3420</WBD00050></WBD00010></WBD00000>",
            "<signature/></TEG700>",
        );
        assert_eq!(written("テスト ハナコ", "さくら歯科", None), expected);
        assert!(written("甲", "乙", Some(2)).contains(r#"sakuseiDay="2026-02-06" page="2" id="#));
    }

    #[test]
    fn d1_a_blank_institution_is_seen_to_be_blank() {
        assert!(written("甲", "", None).contains("</WBD00030><WBD00040/><WBD00050>"));
    }

    #[test]
    fn d1_no_name_breaks_out_of_its_element() {
        for (name, escaped) in [
            ("]]></WBD00020>", "]]&gt;&lt;/WBD00020&gt;"),
            ("<!DOCTYPE x>&lt;&#0;&e;", "&lt;!DOCTYPE x&gt;&amp;lt;&amp;#0;&amp;e;"),
            ("a\0b\u{1}", "a〓b〓"),
            ("\u{E000}𠮷", "〓〓"),
        ] {
            let xml = written(name, name, None);
            assert!(xml.contains(&format!("<WBD00020>{escaped}</WBD00020>")), "{xml}");
            assert!(xml.contains(&format!("<WBD00040>{escaped}</WBD00040>")), "{xml}");
        }
    }
}
