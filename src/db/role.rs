//! What a process may do, and how long a statement of it may take.

/// The role that a process acts as; see `db/roles.sql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Owns the tables: migrations.
    Owner,
    /// Serves requests.
    Server,
    /// Delivers mail, tidies up.
    Worker,
    /// The operator's commands.
    Operator,
}

impl Role {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "kosmo_owner",
            Self::Server => "kosmo_server",
            Self::Worker => "kosmo_worker",
            Self::Operator => "kosmo_operator",
        }
    }

    /// A statement that limits the rest of its transaction, and fails where the transaction could not write:
    /// after a query PostgreSQL refuses to make a read-only transaction a writing one, and does nothing to one that is.
    ///
    /// A person waits for a server, and what holds a row for seconds holds up others: a statement of any page takes
    /// far less than ten seconds. A worker and an operator take in files of a million rows by one statement; but both wait
    /// for a row in vain no longer than somebody would look on. Idle within a transaction is a process that hangs:
    /// none waits for people or mail there, and only imports read files.
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
                 set_config('idle_in_transaction_session_timeout', '5min', true)"
            }
            Self::Operator | Self::Owner => {
                "select set_config('transaction_read_only', 'off', true), \
                 set_config('statement_timeout', '1h', true), set_config('lock_timeout', '30s', true), \
                 set_config('idle_in_transaction_session_timeout', '10min', true)"
            }
        }
    }
}
