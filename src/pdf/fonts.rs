//! The two fonts of documents: Noto Sans CJK JP, regular and bold.
//!
//! They have all characters in use for Japanese names. They are looked for once, at start. If one is
//! missing, the server doesn't start, because a document of empty boxes would be worse.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontStyle, FontWeight};
use typst::utils::LazyHash;

use crate::base::files;

/// The family as the templates name it.
const FAMILY: &str = "Noto Sans CJK JP";

/// A face is missing.
#[derive(Debug, thiserror::Error)]
#[error(
    "PDFに使うフォント Noto Sans CJK JP {missing} が見つかりません（探した場所: {looked}）。\
     インストールするか（apt-get install fonts-noto-cjk）、ファイルの場所を設定してください: \
     KOSMO_PDF__FONTS=[/folder/NotoSansCJK-Regular.ttc,/folder/NotoSansCJK-Bold.ttc]"
)]
pub struct FontError {
    missing: &'static str,
    looked: String,
}

/// The fonts, held in memory once for all documents.
#[derive(Clone)]
pub(super) struct Faces {
    pub(super) book: LazyHash<FontBook>,
    pub(super) fonts: [Font; 2],
    /// The characters that both fonts have, sorted.
    covered: Arc<[u32]>,
}

impl Faces {
    /// Looks for the fonts in files and folders.
    pub(super) fn load(places: &[PathBuf]) -> Result<Self, FontError> {
        let mut found = FoundFonts::default();
        let mut looked = Vec::new();
        for place in places {
            if found.is_whole() {
                break;
            }
            let tried = font_files(place)
                .and_then(|files| files.iter().try_for_each(|file| found.read(file)));
            looked.push(match tried {
                Ok(()) => place.display().to_string(),
                Err(error) => format!("{} ({error})", place.display()),
            });
        }
        match (found.regular, found.bold) {
            (Some(regular), Some(bold)) => Ok(Self::of([regular, bold])),
            (regular, bold) => {
                let missing = match (regular, bold) {
                    (None, None) => "Regular and Bold",
                    (None, _) => "Regular",
                    _ => "Bold",
                };
                Err(FontError { missing, looked: looked.join(", ") })
            }
        }
    }

    fn of(fonts: [Font; 2]) -> Self {
        let [regular, bold] = &fonts;
        let of_bold: Vec<u32> = bold.info().coverage.iter().collect();
        let covered = regular
            .info()
            .coverage
            .iter()
            .filter(|letter| of_bold.binary_search(letter).is_ok())
            .collect();
        Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts, covered }
    }

    /// Returns true if both fonts have the character.
    pub(super) fn cover(&self, letter: char) -> bool {
        self.covered.binary_search(&u32::from(letter)).is_ok()
    }
}

#[derive(Default)]
struct FoundFonts {
    regular: Option<Font>,
    bold: Option<Font>,
}

impl FoundFonts {
    const fn is_whole(&self) -> bool {
        self.regular.is_some() && self.bold.is_some()
    }

    /// Takes the fonts that a file has. A collection has other countries' fonts too; only what is
    /// taken stays in memory.
    fn read(&mut self, file: &Path) -> io::Result<()> {
        if self.is_whole() {
            return Ok(());
        }
        for font in Font::iter(Bytes::new(files::read(file)?)) {
            if let Some(place) = self.place_of(&font) {
                *place = Some(font);
            }
            if self.is_whole() {
                break;
            }
        }
        Ok(())
    }

    /// Returns the empty slot that this font fits. A variable font fits none: it stands for all
    /// weights, and would be embedded once for each.
    fn place_of(&mut self, font: &Font) -> Option<&mut Option<Font>> {
        let info = font.info();
        let is_upright = info.variant.style == FontStyle::Normal && info.axes.is_empty();
        let place = match info.variant.weight {
            weight if weight == FontWeight::REGULAR => &mut self.regular,
            weight if weight == FontWeight::BOLD => &mut self.bold,
            _ => return None,
        };
        (info.family == FAMILY && is_upright && place.is_none()).then_some(place)
    }
}

/// Returns the file, or the files of a folder that may have the fonts. Its other fonts are large
/// and are not read.
fn font_files(place: &Path) -> io::Result<Vec<PathBuf>> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(place)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.file_stem().and_then(OsStr::to_str).is_some_and(may_have_a_face));
    files.sort();
    Ok(files)
}

/// Returns true for `NotoSansCJK-Bold`, `NotoSansCJKjp-Regular`, or the collection of all weights,
/// `NotoSansCJK`.
fn may_have_a_face(stem: &str) -> bool {
    let weight = stem.strip_prefix("NotoSansCJK").map(|rest| rest.split_once('-'));
    matches!(weight, Some(None | Some((_, "Regular" | "Bold"))))
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::config::PdfSettings;

    /// The faces of this machine, read once.
    pub(in crate::pdf) fn faces() -> Faces {
        static FACES: LazyLock<Faces> =
            LazyLock::new(|| Faces::load(&PdfSettings::default().fonts).unwrap());
        FACES.clone()
    }

    #[test]
    fn e6_the_faces_have_the_letters_of_names() {
        let faces = faces();
        for letter in "健髙﨑𠮷槗ｶﾞ〓¥①㈱・ー".chars() {
            assert!(faces.cover(letter), "{letter}");
        }
        for letter in ['\u{E000}', '\u{F0000}', '\u{0}', '😀', '\u{10FFFF}'] {
            assert!(!faces.cover(letter), "{letter:?}");
        }
    }

    #[test]
    fn e6_a_missing_font_is_told_with_the_way_to_get_it() {
        let nowhere = PathBuf::from("/nowhere/fonts");
        let told = Faces::load(&[nowhere]).err().unwrap().to_string();
        for part in [
            "Noto Sans CJK JP Regular and Bold",
            "/nowhere/fonts (",
            "apt-get install fonts-noto-cjk",
            "KOSMO_PDF__FONTS=",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let told = Faces::load(&[]).err().unwrap().to_string();
        assert!(told.contains("が見つかりません"), "{told}");
    }

    #[test]
    fn only_files_that_can_have_the_faces_are_read() {
        for stem in ["NotoSansCJK-Regular", "NotoSansCJK-Bold", "NotoSansCJKjp-Bold", "NotoSansCJK"]
        {
            assert!(may_have_a_face(stem), "{stem}");
        }
        for stem in
            ["NotoSerifCJK-Bold", "NotoSansCJK-Black", "NotoSansCJK-VF", "NotoSans-Bold", ""]
        {
            assert!(!may_have_a_face(stem), "{stem}");
        }
    }
}
