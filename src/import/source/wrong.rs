//! Makes the error of a file that can't be imported.

use std::io;

pub(super) fn wrong(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
