//! Says of a failure whether it passes by itself.

/// An error that knows if the same request may succeed in a moment. The answer is then 503, not 500.
pub trait Passing {
    /// Returns true if a retry may succeed.
    fn is_passing(&self) -> bool;
}

impl Passing for sqlx::Error {
    fn is_passing(&self) -> bool {
        match self {
            Self::Io(_)
            | Self::PoolTimedOut
            | Self::PoolClosed
            | Self::WorkerCrashed
            | Self::Protocol(_)
            | Self::BeginFailed => true,
            Self::Database(error) => error.code().is_some_and(|code| is_passing(&code)),
            _ => false,
        }
    }
}

fn is_passing(code: &str) -> bool {
    // Connection exceptions, insufficient resources, operator intervention (including a statement timeout), and
    // conflicts between two transactions.
    let classes = ["08", "53", "57", "40"];
    // A lock timeout, a transaction ended because it was idle, and a read-only database after a failover.
    let codes = ["55P03", "25P03", "25P04", READ_ONLY, NOT_FOR_WRITING];
    classes.iter().any(|class| code.starts_with(class)) || codes.contains(&code)
}

/// The error of a write in a read-only transaction.
const READ_ONLY: &str = "25006";
/// The error of [`super::DbRole::limits`] in a read-only transaction.
const NOT_FOR_WRITING: &str = "25001";

/// Returns true if the connection is at fault and another one may do better: it broke, its server is going down, or
/// its server has become a standby.
pub(super) fn is_of_the_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            let codes = [READ_ONLY, NOT_FOR_WRITING];
            code.starts_with("08") || code.starts_with("57P") || codes.contains(&&*code)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_by_its_code() {
        for code in
            ["08006", "53300", "57014", "57P01", "40001", "40P01", "55P03", "25P03", "25006"]
        {
            assert!(is_passing(code), "{code}");
        }
        for code in ["23505", "42501", "42P01", "22012", "25P02", "55000"] {
            assert!(!is_passing(code), "{code}");
        }
    }
}
