//! 「医療費情報」: what the household spent (seed 001 4-1).

pub(super) mod history;
pub(super) mod overview;
pub(super) mod statement;
