//! The database roles, and how long a statement of each may take.

/// The role that a process acts as; see `db/roles.sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbRole {
    /// Owns the tables and runs migrations.
    Owner,
    /// Serves requests.
    Server,
    /// Delivers mail, runs jobs and cleans up.
    Worker,
    /// Runs the operator's commands.
    Operator,
}

impl DbRole {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "kosmo_owner",
            Self::Server => "kosmo_server",
            Self::Worker => "kosmo_worker",
            Self::Operator => "kosmo_operator",
        }
    }

    /// Returns a statement that sets limits for its transaction, and fails if the transaction can't write: after a
    /// query, PostgreSQL refuses to turn a read-only transaction into a writing one, and changes nothing for one that
    /// writes.
    ///
    /// A person waits for a server's answer, and a row locked for seconds holds up others; the statements of any page
    /// take far less than ten seconds. A worker and an operator import files of a million rows by one statement, but
    /// they wait for a lock only as long as an operator would look on. A transaction that idles belongs to a process
    /// that hangs: none waits for people or mail, and only imports read files in one. If a worker is killed, or closes
    /// the connection because its job was cancelled, its long statement ends within a second, with all its locks. A
    /// worker sorts the rows of a whole file.
    pub(super) const fn limits(self) -> &'static str {
        match self {
            Self::Server => {
                "select set_config('transaction_read_only', 'off', true), \
                 set_config('statement_timeout', '10s', true), set_config('lock_timeout', '3s', true), \
                 set_config('idle_in_transaction_session_timeout', '15s', true)"
            }
            Self::Worker => {
                "select set_config('transaction_read_only', 'off', true), \
                 set_config('statement_timeout', '1h', true), set_config('lock_timeout', '10s', true), \
                 set_config('client_connection_check_interval', '1s', true), \
                 set_config('idle_in_transaction_session_timeout', '5min', true), \
                 set_config('work_mem', '64MB', true)"
            }
            Self::Operator | Self::Owner => {
                "select set_config('transaction_read_only', 'off', true), \
                 set_config('statement_timeout', '1h', true), set_config('lock_timeout', '30s', true), \
                 set_config('idle_in_transaction_session_timeout', '10min', true)"
            }
        }
    }
}
