//! A filter of rows, and the choices for it.

use crate::base::month::Month;

/// Limits rows by month of treatment and person (E5). Both months are included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub from: Option<Month>,
    pub to: Option<Month>,
    /// The person's code.
    pub member: Option<String>,
}

/// The choices of a filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Months of treatment, newest first.
    pub months: Vec<Month>,
    pub family: Vec<Relative>,
}

/// A person who has rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relative {
    pub member: String,
    pub kana: String,
}
