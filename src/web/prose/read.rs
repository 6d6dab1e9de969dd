//! Markdown into blocks.

use comrak::nodes::{ListType, Node, NodeCode, NodeLink, NodeValue, Sourcepos};
use comrak::{Arena, Options, parse_document};

use super::{Block, Item, Span};

/// Reads a text; line ends of any system, and a byte order mark, are no part of it.
#[must_use]
pub fn read(text: &str) -> Vec<Block> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<String> =
        text.lines().map(|line| prepared(line).unwrap_or(line.into())).collect();
    let mut options = Options::default();
    // 「」 and 、 stand right beside what is bold in Japanese, where CommonMark wants a space.
    options.extension.cjk_friendly_emphasis = true;
    // A line of hyphens below a paragraph makes no heading of it.
    options.parse.ignore_setext = true;
    let arena = Arena::new();
    let root = parse_document(&arena, &lines.join("\n"), &options);
    let mut blocks = Reader { lines: &lines }.blocks(root);
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

/// A line as it is meant where Markdown would read it otherwise.
fn prepared(line: &str) -> Option<String> {
    let start = line.trim_start_matches(' ');
    let marks = start.len() - start.trim_start_matches('#').len();
    if let (1..=6, Some(heading)) = (marks, start[marks..].strip_prefix('\u{3000}')) {
        return Some(format!("{} {heading}", "#".repeat(marks)));
    }
    // 「[注]: 別紙」 would be taken for the target of a link, and not be shown at all.
    let is_note = start.starts_with('[') && start.contains("]:");
    is_note.then(|| line.replacen('[', "\\[", 1))
}

struct Reader<'t> {
    lines: &'t [String],
}

impl Reader<'_> {
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
            NodeValue::List(list) => Block::List {
                numbered: list.list_type == ListType::Ordered,
                items: node.children().map(|item| self.item(item)).collect(),
            },
            // Code, HTML, and whatever a later parser brings.
            _ => Block::Paragraph(self.as_written(data.sourcepos)),
        }
    }

    fn item(&self, node: Node<'_>) -> Item {
        let number = match &node.data().value {
            NodeValue::Item(item) => item.start,
            _ => 1,
        };
        Item { number, blocks: self.blocks(node) }
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
                spans.push(Span::Link { to: link.url.clone(), label: self.spans(node) });
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

    /// What is inside, between the marks it was written with.
    fn marked(&self, before: &str, node: Node<'_>, after: &str, spans: &mut Vec<Span>) {
        add(spans, before);
        node.children().for_each(|child| self.span(child, spans));
        add(spans, after);
    }

    /// `*` or `_`
    fn character_at(&self, place: Sourcepos) -> &'static str {
        let line = self.lines.get(place.start.line.saturating_sub(1));
        let byte = line.and_then(|line| line.as_bytes().get(place.start.column.saturating_sub(1)));
        if byte == Some(&b'_') { "_" } else { "*" }
    }

    /// The lines of the text themselves.
    fn as_written(&self, place: Sourcepos) -> Vec<Span> {
        let last = place.end.line.min(self.lines.len());
        let mut spans = Vec::new();
        for line in &self.lines[place.start.line.saturating_sub(1).min(last)..last] {
            if !spans.is_empty() {
                spans.push(Span::LineEnd);
            }
            spans.push(Span::Text(line.trim().to_owned()));
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

/// Returns true for an address that may be followed from a page.
fn leads_out(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    url.contains(':') && ["https", "mailto"].contains(&scheme.as_str())
}

/// Text beside text is one.
fn add(spans: &mut Vec<Span>, text: &str) {
    match spans.last_mut() {
        Some(Span::Text(before)) => before.push_str(text),
        _ => spans.push(Span::Text(text.to_owned())),
    }
}
