//! A layout declares the columns of a file once.
//!
//! A layout is an enum whose variants are the columns, so that no code asks for a column by its number. Tests hold
//! the staging table and the README's table to the layout.

/// A column of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileColumn {
    /// The name in a mapping and in the staging table, such as `treatment_month`.
    pub name: &'static str,
    /// The documented heading, such as 診療年月.
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

/// The type of a column's cells after they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellType {
    Text,
    Date,
    /// A month is kept as its first day.
    Month,
    Yen,
    /// A small whole number.
    Count,
    /// A flag is one word, which is there or not.
    Flag,
    /// Only the hash of a password is kept.
    Secret,
}

impl CellType {
    /// Returns the database's type for such a column. Returns `None` if the value is not kept as it was read.
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

/// Tells if a file must have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
}

/// The columns of one kind of file; see [`layout!`].
pub trait Layout: Copy + Send + 'static {
    /// All columns, in the order of the enum's variants.
    const COLUMNS: &'static [FileColumn];

    /// Returns the column's place in [`Layout::COLUMNS`].
    fn index(self) -> usize;

    #[must_use]
    fn column(self) -> &'static FileColumn {
        &Self::COLUMNS[self.index()]
    }
}

/// Declares a layout. Each line declares a column, with its name, heading, type and presence.
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
