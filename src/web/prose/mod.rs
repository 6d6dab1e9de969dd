//! Texts that unions write with a little structure: the small part of Markdown that is promised.
//!
//! Headings, paragraphs whose lines stay lines, lists, bold, links to `https:` and `mailto:`, and rules.
//! Everything else (HTML, code, pictures, italics, `\*`, `&amp;`) is shown as the characters it was written
//! with, so that nothing that a lawyer wrote gets lost, and nothing of it acts in a browser.

mod read;
mod shelf;
mod write;

pub use self::read::read;
pub use self::shelf::Shelf;
pub use self::write::{html, plain};

/// A part that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// `level` counts from 1, the topmost that the text has.
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
    /// 「1.」 or 「1)」 as the text has it, since a legal text refers to it; empty in a list without numbers.
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
