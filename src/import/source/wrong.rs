//! What is wrong with a file, as its error.

use std::io;

pub(super) fn wrong(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
