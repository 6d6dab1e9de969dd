//! What every record that a union keeps of a person shares: expenses now, benefits, medicines and checkups later.
//!
//! | module | what it is for |
//! |---|---|
//! | [`reader`] | who reads whose rows: one condition, in every statement that shows some |
//! | [`notices`] | a month is published, and withdrawn |
//! | [`filter`] | rows narrowed down by month and person |
//! | [`updates`] | mails that tell of a month, to those who want them |
//! | [`privacy`] | a person keeps theirs from the household |
//! | [`partitions`] | a table a year, always with years to come |
//!
//! A kind of record brings its own room: the layout of its files, its rows and their history, its sums, its words. Its
//! rows carry `tenant_id`, `household_code`, `member_code`, `treatment_month` and `notice_month`, since those say who
//! reads them.

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
    /// Its name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expenses => "expenses",
        }
    }
}
