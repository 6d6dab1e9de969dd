//! The console's one search box (A2): what was typed is guessed, said, and looked for by the keys of
//! [`super::keys`].

pub mod find;
pub mod kind;
pub(super) mod normal;

#[cfg(test)]
mod tests;
