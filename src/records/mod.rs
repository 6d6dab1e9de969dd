//! The common parts of all records that a union keeps of a person: expenses now; benefits, medicines and checkups later.
//!
//! | module | purpose |
//! |---|---|
//! | [`reader`] | decides who reads whose rows: one condition, in every statement that shows rows |
//! | [`notices`] | publishes a month, and withdraws it |
//! | [`filter`] | limits rows by month and person |
//! | [`updates`] | tells people of a month by mail, if they want that |
//! | [`privacy`] | keeps a person's records from the rest of the household |
//! | [`partitions`] | gives tables of records a partition for each year, in time |
//!
//! Each kind of record has a room of its own for the layout of its files, its rows and their history, its sums and its words.
//! Its rows have the columns `tenant_id`, `household_code`, `member_code`, `treatment_month` and `notice_month`, which decide
//! who reads them.

pub mod filter;
pub mod notices;
pub mod partitions;
pub mod privacy;
pub mod reader;
pub mod updates;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// 医療費情報
    Expenses,
}

impl RecordKind {
    /// Returns the kind's name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expenses => "expenses",
        }
    }
}
