//! The kinds of file that can be imported.

/// The content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    Members,
    Expenses,
}

impl ImportKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Expenses => "expenses",
        }
    }
}
