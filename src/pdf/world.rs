//! The world that Typst may reach: the templates, the fonts, and the data of one document. There is no other file, no
//! network and no date.

use std::collections::{BTreeMap, HashMap};

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use super::fonts::Faces;

/// The name under which templates read their data.
const DATA: &str = "data.json";

/// The resources that all documents share; they are loaded once.
pub(super) struct Resources {
    library: LazyHash<Library>,
    pub(super) faces: Faces,
    sources: HashMap<FileId, Source>,
    data: FileId,
}

impl Resources {
    /// Parses the templates, given by name.
    pub(super) fn new(faces: Faces, templates: &BTreeMap<String, String>) -> Self {
        let sources = templates
            .iter()
            .map(|(name, text)| (file(name), Source::new(file(name), text.clone())))
            .collect();
        Self { library: LazyHash::new(Library::default()), faces, sources, data: file(DATA) }
    }

    /// Returns a template with its data, or `None` if there is no such template.
    pub(super) fn document(&self, template: &'static str, data: String) -> Option<Document<'_>> {
        let main = file(&format!("{template}.typ"));
        let known = self.sources.contains_key(&main);
        known.then(|| Document { shelf: self, main, data: Bytes::from_string(data) })
    }
}

/// One document that is being set.
pub(super) struct Document<'s> {
    shelf: &'s Resources,
    main: FileId,
    data: Bytes,
}

impl World for Document<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.shelf.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shelf.faces.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let missing = || FileError::NotFound(id.vpath().get_without_slash().into());
        self.shelf.sources.get(&id).cloned().ok_or_else(missing)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.shelf.data {
            return Ok(self.data.clone());
        }
        self.source(id).map(Bytes::from_string)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shelf.faces.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Returns Typst's id of a file. Ids are never freed, so names must come from the code alone.
fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("a template's name is a path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}
