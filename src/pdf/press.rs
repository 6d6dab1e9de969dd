//! Makes the bytes of a PDF from a template and its data.

use std::collections::BTreeMap;

use rust_embed::RustEmbed;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use typst::diag::{SourceDiagnostic, Warned};
use typst::foundations::Smart;
use typst::{World as _, WorldExt as _};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::error::PrintError;
use super::fonts::Faces;
use super::glyphs::make_printable;
use super::world::{Document, Resources};

/// The program that the PDF's metadata names.
const CREATOR: &str = "KOSMO Communication Web";

#[derive(RustEmbed)]
#[folder = "templates/pdf/"]
struct PdfTemplates;

/// Returns the files of `templates/pdf/` by name. They are inside the binary (a debug build reads the
/// folder).
pub(super) fn embedded() -> BTreeMap<String, String> {
    PdfTemplates::iter()
        .filter_map(|path| {
            let text = String::from_utf8(PdfTemplates::get(&path)?.data.into_owned()).ok()?;
            Some((path.into_owned(), text))
        })
        .collect()
}

/// Sets documents; several threads may use it at once.
pub(super) struct Press {
    shelf: Resources,
    standards: PdfStandards,
    /// A digest that already covers all templates.
    digest: Sha256,
}

impl Press {
    pub(super) fn new(faces: Faces, templates: &BTreeMap<String, String>) -> Self {
        let mut digest = Sha256::new();
        templates.values().for_each(|text| digest.update(text));
        Self {
            shelf: Resources::new(faces, templates),
            standards: PdfStandards::new(&[PdfStandard::Ua_1]).expect("one standard agrees"),
            digest,
        }
    }

    /// Sets one document.
    ///
    /// # Errors
    /// Fails if there is no such template, or it is wrong. A warning is an error too: it means a
    /// missing font or a layout that doesn't settle, and the document itself would not show either.
    pub(super) fn print(
        &self,
        template: &'static str,
        mut data: Value,
    ) -> Result<Vec<u8>, PrintError> {
        make_printable(&mut data, &|letter| self.shelf.faces.cover(letter));
        let data = data.to_string();
        let options = self.options(template, &data);
        let world = self.shelf.document(template, data).ok_or(PrintError::NoTemplate(template))?;
        let wrong = |diagnostics: &[SourceDiagnostic]| {
            let lines: Vec<String> = diagnostics.iter().map(|one| told(&world, one)).collect();
            PrintError::Template { template, reason: lines.join("; ") }
        };
        let Warned { output, warnings } = typst::compile::<PagedDocument>(&world);
        let document = output.map_err(|errors| wrong(&errors))?;
        if !warnings.is_empty() {
            return Err(wrong(&warnings));
        }
        typst_pdf::pdf(&document, &options).map_err(|errors| wrong(&errors))
    }

    /// The file's identity is a digest of its content, and no creation time is written, so equal
    /// data make equal bytes.
    fn options(&self, template: &str, data: &str) -> PdfOptions {
        let mut digest = self.digest.clone();
        digest.update(template);
        digest.update(data);
        let ident: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        PdfOptions {
            ident: Smart::Custom(ident),
            creator: Smart::Custom(Some(CREATOR.to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        }
    }
}

/// Formats one mistake: `statement.typ:12: unknown variable: rows`.
fn told(world: &Document<'_>, diagnostic: &SourceDiagnostic) -> String {
    // Typst quotes a value after a backquote, which may be a person's name, so the text ends there.
    let message = diagnostic.message.split('`').next().unwrap_or_default().trim_end();
    let Some(id) = diagnostic.span.id() else { return message.to_owned() };
    let line = world.range(diagnostic.span).and_then(|range| {
        world.source(id).ok().and_then(|source| source.lines().byte_to_line(range.start))
    });
    let line = line.map(|line| format!("{}:", line + 1)).unwrap_or_default();
    format!("{}:{line} {message}", id.vpath().get_without_slash())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fonts::tests::faces;
    use super::*;

    const TITLE: &str = "#set document(title: \"題名\")\n";
    const FONT: &str = "#set text(font: \"Noto Sans CJK JP\", lang: \"ja\")\n";

    fn print(template: &str) -> Result<Vec<u8>, PrintError> {
        let templates = BTreeMap::from([("sheet.typ".to_owned(), template.to_owned())]);
        let data =
            json!({ "name": "#panic() *太* $ ]]> \\ `x` <a> @b // 郎", "gaiji": "\u{E000}" });
        Press::new(faces(), &templates).print("sheet", data)
    }

    #[test]
    fn e6_data_is_never_markup() {
        let pdf = print(&format!("{TITLE}{FONT}#json(\"data.json\").name")).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
    }

    #[test]
    fn e6_a_document_is_one_for_everybody() {
        let title = "#set document(title: json(\"data.json\").gaiji + \"題名\")\n";
        let pdf = print(&format!("{title}{FONT}本文")).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        for part in ["〓題名</rdf:li>", "pdfuaid:part>1<", "/Lang(ja)", "/Marked true", CREATOR]
        {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("CreationDate"));
        let told = print(&format!("{FONT}本文")).unwrap_err().to_string();
        assert!(told.contains("missing document title"), "{told}");
    }

    #[test]
    fn e6_a_template_reaches_nothing_but_its_data() {
        for (reach, what) in [
            ("#read(\"/etc/passwd\")", "file not found"),
            ("#read(\"../kosmo.toml\")", ""),
            ("#import \"@preview/example:0.1.0\": add", ""),
            ("#datetime.today()", "unable to get the current date"),
        ] {
            let told = print(&format!("{TITLE}{FONT}{reach}")).unwrap_err().to_string();
            assert!(told.starts_with("typesetting sheet: sheet.typ:3: "), "{told}");
            assert!(told.contains(what), "{told}");
        }
    }

    #[test]
    fn e6_a_font_that_is_not_there_is_an_error() {
        let told = print(&format!("{TITLE}#set text(font: \"Gothic\")\nx")).unwrap_err();
        assert!(told.to_string().contains("unknown font family"), "{told}");
    }
}
