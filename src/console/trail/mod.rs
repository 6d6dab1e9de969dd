//! The trail as staff read it (A8).

#[cfg(test)]
mod sentence;
