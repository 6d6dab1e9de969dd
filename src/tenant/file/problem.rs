//! Mistakes in a union's settings, as an operator reads them.

/// One mistake in a tenant file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1; `None` if the mistake concerns the whole file.
    pub line: Option<usize>,
    /// The setting: `password.min_length`.
    pub path: String,
    /// The mistake, in Japanese.
    pub message: String,
    /// The suggested remedy, in Japanese.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        self.suggestion.iter().try_for_each(|suggestion| write!(f, "（{suggestion}）"))
    }
}
