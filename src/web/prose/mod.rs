//! Texts with a little structure: the small part of Markdown that unions are promised.
//!
//! Headings, paragraphs that keep their line ends, lists, bold, links to `https:` and `mailto:`, quotations
//! and rules. Everything else (HTML, code, pictures, italics, `\*`, `&amp;`) is shown as the characters it
//! was written with, so that nothing of a legal text gets lost, and nothing in it is active in a browser.

mod read;
mod shelf;
mod write;

pub use self::read::read;
pub use self::shelf::Shelf;
pub use self::write::{html, plain};

/// A block of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading. `level` counts from 1, which is the highest level in the text.
    Heading {
        level: u8,
        line: Vec<Span>,
    },
    Paragraph(Vec<Span>),
    List(Vec<Item>),
    Quote(Vec<Block>),
    Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// 「1.」 or 「1)」 as written, since a legal text refers to it. Empty in a list without numbers.
    pub mark: String,
    pub blocks: Vec<Block>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    Text(String),
    LineEnd,
    Bold(Vec<Span>),
    Link { to: String, label: Vec<Span> },
}
