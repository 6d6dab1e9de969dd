//! Writes blocks as HTML, and as lines for a terminal.

use quick_xml::escape::escape;

use super::{Block, Item, Span};

/// Writes HTML for the inside of a page, whose own heading is the `h1`.
#[must_use]
pub fn html(blocks: &[Block]) -> String {
    let mut out = String::new();
    blocks.iter().for_each(|block| block_html(block, &mut out));
    out
}

fn block_html(block: &Block, out: &mut String) {
    match block {
        Block::Heading { level, line } => {
            let tag = format!("h{}", (level + 1).min(6));
            element(&tag, line, out);
        }
        Block::Paragraph(line) => element("p", line, out),
        Block::Quote(blocks) => {
            *out += "<blockquote>\n";
            blocks.iter().for_each(|block| block_html(block, out));
            *out += "</blockquote>\n";
        }
        Block::Rule => *out += "<hr>\n",
        Block::List(items) => list_html(items, out),
    }
}

fn list_html(items: &[Item], out: &mut String) {
    let is_numbered = items.iter().all(|item| number(item).is_some());
    let has_points = items.iter().all(|item| item.mark.is_empty());
    let (start, end) = match (is_numbered, has_points) {
        (true, _) => ("<ol>", "</ol>"),
        (_, true) => ("<ul>", "</ul>"),
        // The class removes the browser's own bullets, and the role keeps it a list in Safari.
        _ => ("<ul class=\"ways\" role=\"list\">", "</ul>"),
    };
    *out += &format!("{start}\n");
    for item in items {
        match number(item).filter(|_| is_numbered) {
            Some(number) => {
                *out += &format!("<li value=\"{number}\">");
                item_html("", &item.blocks, out);
            }
            None => {
                *out += "<li>";
                item_html(&item.mark, &item.blocks, out);
            }
        }
        *out += "</li>\n";
    }
    *out += &format!("{end}\n");
}

/// Returns the number of an item if a browser would write its mark the same way: 「1.」, but neither 「1)」
/// nor 「01.」.
fn number(item: &Item) -> Option<&str> {
    let number = item.mark.strip_suffix('.')?;
    (number == "0" || !number.starts_with('0')).then_some(number)
}

/// Writes an item. A single line, even with a list below it, needs no paragraph.
fn item_html(mark: &str, blocks: &[Block], out: &mut String) {
    let (line, rest) = match blocks {
        [Block::Paragraph(line), rest @ ..] => (line.as_slice(), rest),
        rest => (Default::default(), rest),
    };
    let is_paragraph = !line.is_empty() && !matches!(rest, [] | [Block::List(_)]);
    if is_paragraph {
        *out += "<p>";
    }
    if !mark.is_empty() {
        *out += &format!("{mark} ");
    }
    spans_html(line, out);
    *out += match (is_paragraph, rest) {
        (true, _) => "</p>\n",
        (false, []) => "",
        (false, _) => "\n",
    };
    rest.iter().for_each(|block| block_html(block, out));
}

fn element(tag: &str, line: &[Span], out: &mut String) {
    *out += &format!("<{tag}>");
    spans_html(line, out);
    *out += &format!("</{tag}>\n");
}

fn spans_html(spans: &[Span], out: &mut String) {
    for span in spans {
        match span {
            Span::Text(text) => *out += &escape(text.as_str()),
            Span::LineEnd => *out += "<br>\n",
            Span::Bold(spans) => {
                *out += "<strong>";
                spans_html(spans, out);
                *out += "</strong>";
            }
            Span::Link { to, label } => {
                *out += &format!("<a href=\"{}\">", escape(to.as_str()));
                spans_html(label, out);
                *out += "</a>";
            }
        }
    }
}

/// Writes lines for a terminal: ■ marks a heading, 【】 encloses bold text, ＜＞ a link's address.
#[must_use]
pub fn plain(blocks: &[Block]) -> String {
    let mut lines = Vec::new();
    lines_of(blocks, "", &mut lines);
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn lines_of(blocks: &[Block], indent: &str, lines: &mut Vec<String>) {
    for (index, block) in blocks.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        match block {
            Block::Heading { level, line } => {
                lines.push(format!("{indent}{} {}", "■".repeat((*level).into()), text(line)));
            }
            Block::Paragraph(line) => {
                lines.extend(text(line).lines().map(|line| format!("{indent}{line}")));
            }
            Block::Quote(blocks) => lines_of(blocks, &format!("{indent}| "), lines),
            Block::Rule => lines.push(format!("{indent}{}", "─".repeat(20))),
            Block::List(items) => {
                for Item { mark, blocks } in items {
                    let mark = if mark.is_empty() { "・".to_owned() } else { format!("{mark} ") };
                    let mut item = Vec::new();
                    let below = format!("{indent}    ");
                    lines_of(blocks, &below, &mut item);
                    let first = item.first().map_or("", String::as_str);
                    let text = first.strip_prefix(below.as_str()).unwrap_or(first);
                    let marked = format!("{indent}  {mark}{}", text.trim_start_matches(' '));
                    match item.first_mut() {
                        Some(first) => *first = marked,
                        None => item.push(marked),
                    }
                    lines.append(&mut item);
                }
            }
        }
    }
}

fn text(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => text.clone(),
            Span::LineEnd => "\n".to_owned(),
            Span::Bold(spans) => format!("【{}】", text(spans)),
            Span::Link { to, label } => {
                let label = text(label);
                if label == *to { to.clone() } else { format!("{label}＜{to}＞") }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn both(source: &str) -> (String, String) {
        let blocks = read(source);
        (html(&blocks), plain(&blocks))
    }

    #[test]
    fn f3_a_text_from_any_system_keeps_its_structure() {
        let unix = "## 第1条 見出し\n\n本文一。\n二行目。\n\n## 第2条 次の見出し\n本文二。\n";
        let expected = "<h2>第1条 見出し</h2>\n<p>本文一。<br>\n二行目。</p>\n\
                        <h2>第2条 次の見出し</h2>\n<p>本文二。</p>\n";
        for source in [
            unix.to_owned(),
            unix.replace('\n', "\r\n"),
            unix.replace('\n', "\r"),
            format!("\u{feff}{unix}"),
            unix.replace("## ", "##\u{3000}"),
            unix.replace("## ", "# "),
        ] {
            assert_eq!(both(&source).0, expected, "{source:?}");
        }
    }

    #[test]
    fn f3_what_is_promised_is_shown() {
        let (html, plain) = both(concat!(
            "# 規約\n\n## 第1条\n\n利用者は、**「本規約」**に従う。[窓口](https://kenpo.example.jp/)または",
            "<mailto:kenpo@example.jp>まで。\n\n1. 一つ目\n3. 三つ目\n   - 内訳\n\n---\n\n> 引用\n",
        ));
        assert_eq!(
            html,
            concat!(
                "<h2>規約</h2>\n<h3>第1条</h3>\n<p>利用者は、<strong>「本規約」</strong>に従う。",
                "<a href=\"https://kenpo.example.jp/\">窓口</a>または",
                "<a href=\"mailto:kenpo@example.jp\">mailto:kenpo@example.jp</a>まで。</p>\n",
                "<ol>\n<li value=\"1\">一つ目</li>\n",
                "<li value=\"3\">三つ目\n<ul>\n<li>内訳</li>\n</ul>\n</li>\n</ol>\n",
                "<hr>\n<blockquote>\n<p>引用</p>\n</blockquote>\n",
            )
        );
        assert_eq!(
            plain,
            concat!(
                "■ 規約\n\n■■ 第1条\n\n利用者は、【「本規約」】に従う。窓口＜https://kenpo.example.jp/＞または",
                "mailto:kenpo@example.jpまで。\n\n  1. 一つ目\n  3. 三つ目\n\n      ・内訳\n\n",
                "────────────────────\n\n| 引用\n",
            )
        );
    }

    #[test]
    fn f3_everything_else_stays_the_characters_it_was_written_with() {
        for (source, shown) in [
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("本<b onclick=x>文</b>", "本<b onclick=x>文</b>"),
            ("<table>\n<tr>\n</table>", "<table>\n<tr>\n</table>"),
            ("<!-- 覚え -->", "<!-- 覚え -->"),
            ("[押す](javascript:alert(1))", "[押す](javascript:alert(1))"),
            ("[押す](http://example.jp \"題\")", "[押す](http://example.jp \"題\")"),
            ("[押す](/sign-out)", "[押す](/sign-out)"),
            ("![絵](https://example.jp/a.png)", "![絵](https://example.jp/a.png)"),
            ("本サービス*1及びその他*2", "本サービス*1及びその他*2"),
            ("_下線_と`符号`", "_下線_と`符号`"),
            ("[注1]: 別紙のとおり", "[注1]: 別紙のとおり"),
            ("[注\n1]: 別紙", "[注\n1]: 別紙"),
            ("    [注1]: 別紙", "[注1]: 別紙"),
            ("    C:\\a & b\n    \\[b]", "C:\\a & b\n\\[b]"),
            ("\\*印\\* と\\\n次の行\\", "\\*印\\* と\\\n次の行\\"),
            ("\\# 見出し", "\\# 見出し"),
            ("甲&amp;乙 &copy; & &#65;", "甲&amp;乙 &copy; & &#65;"),
            ("`a\\*b &amp; [c]: d`", "`a\\*b &amp; [c]: d`"),
            ("[押す](http://example.jp/?a&amp;b\\)", "[押す](http://example.jp/?a&amp;b\\)"),
            ("本文\n---- x", "本文\n---- x"),
            ("    字下げ\n    二行目", "字下げ\n二行目"),
            ("```\n符号\n```", "```\n符号\n```"),
            ("\u{3000}字下げ", "\u{3000}字下げ"),
            ("～～取消～～ ~~取消~~", "～～取消～～ ~~取消~~"),
            ("(1) 項目\n① 項目\n１．項目", "(1) 項目\n① 項目\n１．項目"),
        ] {
            let (html, plain) = both(source);
            assert_eq!(plain.trim_end(), shown, "{source}");
            let kept = shown.lines().map(|line| escape(line).into_owned()).collect::<Vec<_>>();
            assert_eq!(html, format!("<p>{}</p>\n", kept.join("<br>\n")), "{source}");
        }
    }

    #[test]
    fn f3_lists_and_quotes_lose_nothing() {
        for (source, in_html, in_plain) in [
            (
                "- [注1]: 別紙のとおり",
                "<ul>\n<li>[注1]: 別紙のとおり</li>\n</ul>\n",
                "  ・[注1]: 別紙のとおり\n",
            ),
            (
                "> [注1]: 別紙",
                "<blockquote>\n<p>[注1]: 別紙</p>\n</blockquote>\n",
                "| [注1]: 別紙\n",
            ),
            (
                "> - 1) [注1]: 別紙",
                concat!(
                    "<blockquote>\n<ul>\n<li>\n<ul class=\"ways\" role=\"list\">\n",
                    "<li>1) [注1]: 別紙</li>\n</ul>\n</li>\n</ul>\n</blockquote>\n",
                ),
                "|   ・1) [注1]: 別紙\n",
            ),
            ("-     字下げ", "<ul>\n<li>字下げ</li>\n</ul>\n", "  ・字下げ\n"),
            (
                "> ```\n> \\[符号]: x\n> ```",
                "<blockquote>\n<p>```<br>\n\\[符号]: x<br>\n```</p>\n</blockquote>\n",
                "| ```\n| \\[符号]: x\n| ```\n",
            ),
        ] {
            assert_eq!(both(source), (in_html.to_owned(), in_plain.to_owned()), "{source}");
        }
    }

    #[test]
    fn f3_an_item_keeps_the_mark_it_was_written_with() {
        for (source, in_html, in_plain) in [
            (
                "1) 項目\n2) 次",
                "<ul class=\"ways\" role=\"list\">\n<li>1) 項目</li>\n<li>2) 次</li>\n</ul>\n",
                "  1) 項目\n  2) 次\n",
            ),
            (
                "1) 項目\n\n   続き",
                concat!(
                    "<ul class=\"ways\" role=\"list\">\n",
                    "<li><p>1) 項目</p>\n<p>続き</p>\n</li>\n</ul>\n",
                ),
                "  1) 項目\n\n    続き\n",
            ),
            (
                "01. 項目",
                "<ul class=\"ways\" role=\"list\">\n<li>01. 項目</li>\n</ul>\n",
                "  01. 項目\n",
            ),
            (
                "1.\n3. 次",
                "<ol>\n<li value=\"1\"></li>\n<li value=\"3\">次</li>\n</ol>\n",
                "  1.\n  3. 次\n",
            ),
        ] {
            assert_eq!(both(source), (in_html.to_owned(), in_plain.to_owned()), "{source}");
        }
    }

    #[test]
    fn f3_an_address_is_followed_as_it_was_written() {
        assert_eq!(
            both("[窓口](https://kenpo.example.jp/?a=1&b=2) <https://[::1]:80/?a&b>").0,
            concat!(
                "<p><a href=\"https://kenpo.example.jp/?a=1&amp;b=2\">窓口</a> ",
                "<a href=\"https://[::1]:80/?a&amp;b\">https://[::1]:80/?a&amp;b</a></p>\n",
            )
        );
    }

    #[test]
    fn f3_a_line_of_hyphens_makes_no_heading() {
        assert_eq!(both("本文\n---\n").0, "<p>本文</p>\n<hr>\n");
    }
}
