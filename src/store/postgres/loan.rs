//! A connection of the pool on which work is under way.
//!
//! Whoever asked may go in the middle of it: a client hangs up, a wait ends. Then nobody knows in what state the connection
//! is (a `begin` whose answer nobody took leaves it inside a transaction that sqlx does not know of), so it is closed and not
//! used again. The same holds for a server that answers no more.

use std::{future::Future, time::Duration};

use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction, pool::PoolConnection};

use super::error::{Trouble, Work, is_lost, of_commit};

/// Nothing takes longer: the server itself ends a statement after 30 seconds, if it is there.
const PATIENCE: Duration = Duration::from_secs(35);

/// A connection, given back to the pool after [`Loan::end`] and closed without it.
pub(super) struct Loan {
    conn: PoolConnection<Postgres>,
    may_return: bool,
}

impl Loan {
    /// Waits for a connection as long as the pool does.
    pub(super) async fn of(pool: &PgPool) -> sqlx::Result<Self> {
        Ok(Self { conn: pool.acquire().await?, may_return: false })
    }

    /// Begins a transaction, with this statement if there is one.
    pub(super) async fn begin(&mut self, with: Option<&'static str>) -> sqlx::Result<Transaction<'_, Postgres>> {
        match with {
            Some(statement) => self.conn.begin_with(statement).await,
            None => self.conn.begin().await,
        }
    }

    /// For single statements.
    pub(super) fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// The work came to its end, whichever.
    pub(super) fn end<T>(mut self, outcome: &Work<T>) {
        self.may_return = !matches!(outcome, Err(Trouble::Engine(error) | Trouble::Unknown(error)) if is_lost(error));
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if !self.may_return {
            self.conn.close_on_drop();
        }
    }
}

/// Work before the commit, within the patience that one has with a server.
pub(super) async fn in_time<T>(work: impl Future<Output = Work<T>>) -> Work<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late().into()))
}

/// Commits within the same patience.
pub(super) async fn commit(transaction: Transaction<'_, Postgres>) -> Work<()> {
    match tokio::time::timeout(PATIENCE, transaction.commit()).await {
        Ok(done) => done.map_err(of_commit),
        Err(_) => Err(Trouble::Unknown(late())),
    }
}

/// What a server that does not answer amounts to.
pub(super) fn late() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

/// Whether it was that, and not a connection that the operating system gave up.
pub(super) fn is_late(error: &sqlx::Error) -> bool {
    let sqlx::Error::Io(error) = error else { return false };
    error.kind() == std::io::ErrorKind::TimedOut && error.raw_os_error().is_none()
}
