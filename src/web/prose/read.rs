//! Parses Markdown into blocks.

use comrak::nodes::{ListType, Node, NodeCode, NodeLink, NodeValue, Sourcepos};
use comrak::{Arena, Options, parse_document};

use super::{Block, Item, Span};

// Unicode reserves these characters for a program's own use. In a prepared line they stand for
// characters that Markdown would act on anywhere: in a list, a quotation, a link or between backticks.

/// Stands for `\`, which would escape the next character and vanish.
const BACKSLASH: &str = "\u{fdd0}";
/// Stands for `&`, which may begin an entity.
const AMPERSAND: &str = "\u{fdd1}";
/// Stands for `:` after `]`: 「[注]: 別紙」 would be taken for a link's definition and not be shown at all.
const COLON: &str = "\u{fdd2}";

/// Parses a text. It may have the line ends of any system, and a byte order mark.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let written: Vec<&str> = text.lines().collect();
    let prepared: Vec<String> = written.iter().map(|line| prepared(line)).collect();
    let mut options = Options::default();
    // In Japanese, 「」 and 、 stand directly beside bold text, where CommonMark requires a space.
    options.extension.cjk_friendly_emphasis = true;
    // A line of hyphens below a paragraph doesn't make it a heading.
    options.parse.ignore_setext = true;
    let arena = Arena::new();
    let root = parse_document(&arena, &prepared.join("\n"), &options);
    let mut blocks = BlockReader { written: &written, prepared: &prepared }.blocks(root);
    let top = blocks.iter().filter_map(|block| match block {
        Block::Heading { level, .. } => Some(*level),
        _ => None,
    });
    let above = top.min().unwrap_or(1) - 1;
    for block in &mut blocks {
        if let Block::Heading { level, .. } = block {
            *level -= above;
        }
    }
    blocks
}

/// Prepares a line so that Markdown reads it as it was meant.
fn prepared(line: &str) -> String {
    let start = line.trim_start_matches(' ');
    let marks = start.len() - start.trim_start_matches('#').len();
    let line = match (marks, start[marks..].strip_prefix('\u{3000}')) {
        (1..=6, Some(heading)) => format!("{} {heading}", "#".repeat(marks)),
        _ => line.to_owned(),
    };
    line.replace('\\', BACKSLASH).replace('&', AMPERSAND).replace("]:", &format!("]{COLON}"))
}

/// Returns a part of a prepared text with its original characters.
fn restored(text: &str) -> String {
    text.replace(BACKSLASH, "\\").replace(AMPERSAND, "&").replace(COLON, ":")
}

/// Parsed positions count lines and bytes of the prepared text, which has the same lines as the
/// original.
struct BlockReader<'t> {
    written: &'t [&'t str],
    prepared: &'t [String],
}

impl BlockReader<'_> {
    fn blocks(&self, parent: Node<'_>) -> Vec<Block> {
        parent.children().map(|node| self.block(node)).collect()
    }

    fn block(&self, node: Node<'_>) -> Block {
        let data = node.data();
        match &data.value {
            NodeValue::Heading(heading) => {
                Block::Heading { level: heading.level, line: self.spans(node) }
            }
            NodeValue::Paragraph => Block::Paragraph(self.spans(node)),
            NodeValue::BlockQuote => Block::Quote(self.blocks(node)),
            NodeValue::ThematicBreak => Block::Rule,
            NodeValue::List(_) => {
                Block::List(node.children().map(|item| self.item(item)).collect())
            }
            // Code, HTML, and whatever a later version of the parser adds.
            _ => Block::Paragraph(self.as_written(node, data.sourcepos)),
        }
    }

    fn item(&self, node: Node<'_>) -> Item {
        let data = node.data();
        let mark = match &data.value {
            NodeValue::Item(list) if list.list_type == ListType::Ordered => {
                let line = self.prepared_from(data.sourcepos);
                line.split_inclusive(['.', ')']).next().unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        Item { mark, blocks: self.blocks(node) }
    }

    fn spans(&self, parent: Node<'_>) -> Vec<Span> {
        let mut spans = Vec::new();
        parent.children().for_each(|node| self.span(node, &mut spans));
        spans
    }

    fn span(&self, node: Node<'_>, spans: &mut Vec<Span>) {
        let data = node.data();
        match &data.value {
            NodeValue::Text(text) => add(spans, text),
            NodeValue::SoftBreak | NodeValue::LineBreak => spans.push(Span::LineEnd),
            NodeValue::Strong => spans.push(Span::Bold(self.spans(node))),
            NodeValue::Link(link) if leads_out(&link.url) => {
                spans.push(Span::Link { to: restored(&link.url), label: self.spans(node) });
            }
            NodeValue::Link(link) => self.marked("[", node, &end_of(link), spans),
            NodeValue::Image(link) => self.marked("![", node, &end_of(link), spans),
            NodeValue::Emph => {
                let mark = self.character_at(data.sourcepos);
                self.marked(mark, node, mark, spans);
            }
            NodeValue::Code(NodeCode { num_backticks, literal }) => {
                let mark = "`".repeat(*num_backticks);
                add(spans, &format!("{mark}{literal}{mark}"));
            }
            NodeValue::HtmlInline(text) => {
                for (index, line) in text.split('\n').enumerate() {
                    if index > 0 {
                        spans.push(Span::LineEnd);
                    }
                    add(spans, line);
                }
            }
            _ => node.children().for_each(|child| self.span(child, spans)),
        }
    }

    /// Adds the content of a node between the marks it was written with.
    fn marked(&self, before: &str, node: Node<'_>, after: &str, spans: &mut Vec<Span>) {
        add(spans, before);
        node.children().for_each(|child| self.span(child, spans));
        add(spans, after);
    }

    /// Returns the mark it was written with: `*` or `_`.
    fn character_at(&self, place: Sourcepos) -> &'static str {
        if self.prepared_from(place).starts_with('_') { "_" } else { "*" }
    }

    /// Returns the prepared line from the position on.
    fn prepared_from(&self, place: Sourcepos) -> &str {
        let line = self.prepared.get(place.start.line.saturating_sub(1));
        let rest = line.and_then(|line| line.get(place.start.column.saturating_sub(1)..));
        rest.unwrap_or_default()
    }

    /// Returns the original lines, without the marks of the lists and quotations around them.
    fn as_written(&self, node: Node<'_>, place: Sourcepos) -> Vec<Span> {
        let quotes = node
            .ancestors()
            .filter(|above| matches!(above.data().value, NodeValue::BlockQuote))
            .count();
        let last = place.end.line.min(self.written.len());
        let mut spans = Vec::new();
        for &line in &self.written[place.start.line.saturating_sub(1).min(last)..last] {
            let text = if spans.is_empty() {
                // Only marks stand before the block, and preparing doesn't change their length.
                line.get(place.start.column.saturating_sub(1)..).unwrap_or(line)
            } else {
                spans.push(Span::LineEnd);
                (0..quotes).fold(line, |rest, _| {
                    let rest = rest.trim_ascii_start();
                    rest.strip_prefix('>').unwrap_or(rest)
                })
            };
            spans.push(Span::Text(text.trim_ascii().to_owned()));
        }
        spans
    }
}

fn end_of(link: &NodeLink) -> String {
    match link.title.as_str() {
        "" => format!("]({})", link.url),
        title => format!("]({} \"{title}\")", link.url),
    }
}

/// Returns true for an address that a page may link to.
fn leads_out(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    url.contains(':') && ["https", "mailto"].contains(&scheme.as_str())
}

/// Adds text, joined to the text before it.
fn add(spans: &mut Vec<Span>, text: &str) {
    let text = restored(text);
    match spans.last_mut() {
        Some(Span::Text(before)) => before.push_str(&text),
        _ => spans.push(Span::Text(text)),
    }
}
