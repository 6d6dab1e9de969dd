//! The columns of a file, declared once.
//!
//! A layout is an enum whose variants are the columns, so that nothing asks for a column by its place. What else knows
//! the columns is held to the layout by tests: the staging table, and the README's table.

/// A column of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileColumn {
    /// The name in a mapping, and in the staging table: `treatment_month`.
    pub name: &'static str,
    /// The documented heading: 診療年月.
    pub heading: &'static str,
    pub cell: CellType,
    pub presence: Presence,
}

impl FileColumn {
    /// Returns true if a file may do without the column.
    #[must_use]
    pub const fn is_optional(&self) -> bool {
        matches!(self.presence, Presence::Optional)
    }
}

/// What a column's cells are once they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    Text,
    Date,
    /// Kept as its first day.
    Month,
    Yen,
    /// A small whole number.
    Count,
    /// One word, which is there or not.
    Flag,
    /// A password, of which nothing but a hash is kept.
    Secret,
}

impl CellType {
    /// The database's type of such a column; `None` for what isn't kept as it is read.
    #[must_use]
    pub const fn sql(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("text"),
            Self::Date | Self::Month => Some("date"),
            Self::Yen => Some("bigint"),
            Self::Count => Some("smallint"),
            Self::Flag => Some("boolean"),
            Self::Secret => None,
        }
    }
}

/// Whether a file may do without a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
}

/// The columns of a kind of file; see [`layout!`].
pub trait Layout: Copy + Send + 'static {
    /// In the order of their variants.
    const COLUMNS: &'static [FileColumn];

    /// Where the column stands in [`Layout::COLUMNS`].
    fn index(self) -> usize;

    #[must_use]
    fn column(self) -> &'static FileColumn {
        &Self::COLUMNS[self.index()]
    }
}

/// Declares a layout: a line a column, with its name, heading, type and presence.
macro_rules! layout {
    (
        $(#[$doc:meta])*
        $visibility:vis enum $layout:ident {
            $($column:ident = $name:literal $heading:literal $cell:ident $presence:ident,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $layout {
            $($column,)*
        }

        impl $crate::import::layout::Layout for $layout {
            const COLUMNS: &'static [$crate::import::layout::FileColumn] = &[
                $($crate::import::layout::FileColumn {
                    name: $name,
                    heading: $heading,
                    cell: $crate::import::layout::CellType::$cell,
                    presence: $crate::import::layout::Presence::$presence,
                },)*
            ];

            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

pub(crate) use layout;
