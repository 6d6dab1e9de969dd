//! One deployment, many unions: nothing of one reaches another, and each opens and closes on its own.

pub mod crossings;
pub mod eligibility;
pub mod tenancy;
