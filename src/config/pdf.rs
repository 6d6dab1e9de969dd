//! The settings of documents for printing.

use std::path::PathBuf;

use serde::Deserialize;

/// The folders in which systems keep Noto Sans CJK: Debian, Fedora (newer, older), Arch, Alpine, macOS.
const FONT_FOLDERS: [&str; 6] = [
    "/usr/share/fonts/opentype/noto",
    "/usr/share/fonts/google-noto-sans-cjk-fonts",
    "/usr/share/fonts/google-noto-cjk",
    "/usr/share/fonts/noto-cjk",
    "/usr/share/fonts/noto",
    "/Library/Fonts",
];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PdfSettings {
    /// Font files, or folders of them. They must have Noto Sans CJK JP in regular and bold.
    pub fonts: Vec<PathBuf>,
    /// The number of documents that are typeset at the same time.
    pub at_once: usize,
    /// The number of documents that may wait for their turn. Beyond that the answer is 503.
    pub queue: usize,
}

impl Default for PdfSettings {
    fn default() -> Self {
        let of_the_person = std::env::home_dir().map(|home| home.join("Library/Fonts"));
        Self {
            fonts: FONT_FOLDERS.iter().map(PathBuf::from).chain(of_the_person).collect(),
            at_once: 2,
            queue: 32,
        }
    }
}
