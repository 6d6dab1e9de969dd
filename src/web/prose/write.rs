//! Blocks as HTML, and as lines of a terminal.

use quick_xml::escape::escape;

use super::{Block, Item, Span};

/// HTML for the inside of a page, whose own heading is the `h1`.
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
        Block::List { numbered, items } => {
            let tag = if *numbered { "ol" } else { "ul" };
            *out += &format!("<{tag}>\n");
            for Item { number, blocks } in items {
                let value = if *numbered { format!(" value=\"{number}\"") } else { String::new() };
                *out += &format!("<li{value}>");
                item_html(blocks, out);
                *out += "</li>\n";
            }
            *out += &format!("</{tag}>\n");
        }
    }
}

/// A line alone, or with a list below it, needs no paragraph.
fn item_html(blocks: &[Block], out: &mut String) {
    let rest = match blocks {
        [Block::Paragraph(line)] => {
            spans_html(line, out);
            &[]
        }
        [Block::Paragraph(line), rest @ ..] if matches!(rest, [Block::List { .. }]) => {
            spans_html(line, out);
            *out += "\n";
            rest
        }
        blocks => blocks,
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

/// Lines for a terminal: ■ heads a heading, 【】 hold what is bold, ＜＞ where a link leads.
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
            Block::List { numbered, items } => {
                for Item { number, blocks } in items {
                    let mark = if *numbered { format!("{number}. ") } else { "・".to_owned() };
                    let mut item = Vec::new();
                    let below = format!("{indent}    ");
                    lines_of(blocks, &below, &mut item);
                    if let Some(first) = item.first_mut() {
                        *first = format!("{indent}  {mark}{}", first.trim_start());
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
    fn f3_a_line_of_hyphens_makes_no_heading() {
        assert_eq!(both("本文\n---\n").0, "<p>本文</p>\n<hr>\n");
    }
}
