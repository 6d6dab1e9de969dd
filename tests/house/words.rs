//! Splits a statement into words.

/// A part of a statement; parentheses with their content are one part.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    Word(String),
    Parameter,
    Symbol(String),
    Group(Vec<Part>),
    /// A number, a string or a quoted name.
    Other,
}

impl Part {
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }

    pub fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self, Self::Symbol(own) if own == symbol)
    }

    pub fn one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }
}

pub fn parts_of(text: &str) -> Vec<Part> {
    let mut open: Vec<Vec<Part>> = vec![Vec::new()];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |of: fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
        let until = |end: &str, from: usize| {
            rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
        };
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let (length, part) = match first {
            c if c.is_whitespace() => (run(char::is_whitespace), None),
            '-' if rest.starts_with("--") => (until("\n", 0), None),
            '\'' => (until("'", 1), Some(Part::Other)),
            '"' => (until("\"", 1), Some(Part::Other)),
            // A piece that the program inserts.
            '{' => (until("}", 1), Some(Part::Word(rest[..until("}", 1)].to_owned()))),
            '$' => (
                1 + rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1),
                Some(Part::Parameter),
            ),
            c if c.is_ascii_digit() => (run(|c| c.is_ascii_digit() || c == '.'), Some(Part::Other)),
            c if is_name(c) => {
                let length = run(|c| c.is_alphanumeric() || c == '_');
                (length, Some(Part::Word(rest[..length].to_lowercase())))
            }
            '(' => {
                open.push(Vec::new());
                (1, None)
            }
            ')' => {
                let group = open.pop().unwrap_or_default();
                (1, Some(Part::Group(group)))
            }
            '=' | '<' | '>' | '!' | ':' => {
                let length = run(|c| matches!(c, '=' | '<' | '>' | '!' | ':'));
                (length, Some(Part::Symbol(rest[..length].to_owned())))
            }
            c => (c.len_utf8(), Some(Part::Symbol(c.to_string()))),
        };
        if open.is_empty() {
            open.push(Vec::new());
        }
        open.last_mut().unwrap().extend(part);
        rest = &rest[length..];
    }
    // What is still open belongs to an incomplete statement.
    while open.len() > 1 {
        let group = open.pop().unwrap();
        open.last_mut().unwrap().push(Part::Group(group));
    }
    open.remove(0)
}
