//! Seals: hashes by which anybody can tell that no line of the trail was changed, cut or inserted.
//!
//! The worker makes a seal of a union's new lines ([`make`]): it holds a hash of each line and of the seal before it. An
//! operator compares lines and seals ([`verify`]), and takes both to a place where the database's own superuser can't
//! change them ([`ship`]). The migration says which lines a seal may cover.

pub mod make;
pub mod ship;
pub mod stored;
pub mod verify;

mod seal;
