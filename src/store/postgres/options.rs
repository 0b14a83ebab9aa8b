//! How to reach a store in a PostgreSQL database.

use std::{fmt, time::Duration};

/// How to reach a store.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`. Holds a password: it is never shown.
    pub url: String,
    /// Most connections of this node, besides the one that keeps messages.
    pub connections: u32,
    /// How long a verb waits for a place in the queue or a connection.
    pub patience: Duration,
    /// Which other servers may use the database.
    pub company: Company,
}

/// Which other servers may use a database that somebody opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Whoever does: for commands, which make apps, sites, accounts and tokens beside servers.
    Any,
    /// None: this server hears of no other.
    Nobody,
    /// Those that hear of each other, as this one does.
    Nodes,
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions").field("connections", &self.connections).finish_non_exhaustive()
    }
}

impl PostgresOptions {
    /// The usual ones for a server at this address.
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), connections: 8, patience: Duration::from_secs(5), company: Company::Any }
    }
}
