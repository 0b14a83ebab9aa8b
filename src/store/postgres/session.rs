//! A transaction under way, and how one is begun, ended and tried again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use sqlx::{PgConnection, Row, query};

use super::{
    error::{Trouble, Work, may_try_again},
    loan::is_late,
    stats::PostgresStats,
};
use crate::{
    model::{AppKey, Millis, UserId},
    store::StoreError,
};

/// Tries of work that surely left nothing behind.
const TRIES: u32 = 4;
/// Pause before the second try; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(25);

/// What all work needs: a connection inside a transaction, and what is the same for the whole store.
pub(super) struct Session<'c> {
    pub(super) conn: &'c mut PgConnection,
    pub(super) epoch: u64,
    pub(super) stats: Arc<PostgresStats>,
    /// Something was recorded in the outbox.
    pub(super) recorded: bool,
}

impl Session<'_> {
    /// The app's row.
    pub(super) async fn app(&mut self, key: &AppKey) -> Work<i64> {
        let row =
            query("select id from apps where key = $1").bind(key.as_str()).fetch_optional(&mut *self.conn).await?;
        Ok(row.ok_or(StoreError::Missing("app"))?.try_get(0)?)
    }

    /// The app's row, locked until the end of the transaction: what is bounded per app is counted and added by one at a
    /// time.
    pub(super) async fn lock_app(&mut self, key: &AppKey) -> Work<i64> {
        let row = query("select id from apps where key = $1 for no key update")
            .bind(key.as_str())
            .fetch_optional(&mut *self.conn)
            .await?;
        Ok(row.ok_or(StoreError::Missing("app"))?.try_get(0)?)
    }

    /// The user's row.
    pub(super) async fn user(&mut self, app: i64, id: &UserId) -> Work<i64> {
        Ok(self.find_user(app, id).await?.ok_or(StoreError::Missing("user"))?)
    }

    /// The user's row, if there is one.
    pub(super) async fn find_user(&mut self, app: i64, id: &UserId) -> Work<Option<i64>> {
        let row = query("select id from users where app_id = $1 and key = $2")
            .bind(app)
            .bind(id.as_str())
            .fetch_optional(&mut *self.conn)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// The rows of users, in their order. One is unknown: [`StoreError::Missing`].
    pub(super) async fn users(&mut self, app: i64, ids: &[UserId]) -> Work<Vec<i64>> {
        let keys: Vec<&str> = ids.iter().map(UserId::as_str).collect();
        let rows = query(
            "select u.id
            from unnest($2::text[]) with ordinality as w (key, place)
            join users u on u.app_id = $1 and u.key = w.key
            order by w.place",
        )
        .bind(app)
        .bind(&keys)
        .fetch_all(&mut *self.conn)
        .await?;
        if rows.len() < ids.len() {
            return Err(StoreError::Missing("user").into());
        }
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?)
    }
}

/// Has the commit wait as long as one that writes rows, for the disk and the standby, and fail where nothing may be written:
/// PostgreSQL would take a transaction without a row for a read. It holds no row that another node would wait for.
pub(super) async fn commit_like_a_write(s: &mut Session<'_>) -> Work<()> {
    query(
        "with nothing as (
          update meta
          set value = value
          where name = 'nothing'
        )
        select pg_logical_emit_message(true, 'parlor', ''::text)::text",
    )
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// What time it is by the database's clock.
pub(super) async fn now(s: &mut Session<'_>) -> Work<Millis> {
    let row = query("select (extract(epoch from clock_timestamp()) * 1000)::bigint").fetch_one(&mut *s.conn).await?;
    Ok(Millis::new(row.try_get(0)?))
}

/// Counts the tries of one piece of work.
pub(super) struct Tries {
    made: u32,
    pause: Duration,
}

impl Tries {
    pub(super) const fn new() -> Self {
        Self { made: 0, pause: PAUSE }
    }

    /// What to answer; `None` to try again, after a pause.
    pub(super) async fn settle<T>(
        &mut self,
        outcome: Work<T>,
        stats: &PostgresStats,
    ) -> Option<crate::store::Result<T>> {
        self.made += 1;
        match outcome {
            // Who waited in vain for a server does not wait as long again.
            Err(Trouble::Engine(error)) if self.made < TRIES && may_try_again(&error) && !is_late(&error) => {
                stats.retries.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "A transaction left nothing behind and is tried again");
                tokio::time::sleep(self.pause).await;
                self.pause *= 2;
                None
            }
            Err(trouble) => {
                if let Trouble::Engine(error) | Trouble::Unknown(error) = &trouble {
                    stats.failed_commits.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(%error, "A transaction failed");
                }
                Some(Err(trouble.into()))
            }
            Ok(done) => Some(Ok(done)),
        }
    }
}

/// Reads in one state of the store: `reading!(store, session => work)`. Tried again when the connection was lost.
macro_rules! reading {
    ($store:expr, $session:ident => $work:expr) => {
        $crate::store::postgres::session::trying!($store, store, loan => {
            let work = async {
                let mut transaction =
                    loan.begin(Some("begin isolation level repeatable read read only")).await?;
                let mut session = store.session(&mut transaction);
                let $session = &mut session;
                let found = $work.await?;
                transaction.commit().await?;
                Ok::<_, $crate::store::postgres::error::Trouble>(found)
            };
            $crate::store::postgres::loan::in_time(work).await
        })
    };
}

/// Reads with one statement, which sees one state by itself: as [`reading`], with fewer ways to the server.
macro_rules! glancing {
    ($store:expr, $session:ident => $work:expr) => {
        $crate::store::postgres::session::trying!($store, store, loan => {
            let work = async {
                let mut session = store.session(loan.conn());
                let $session = &mut session;
                let found = $work.await?;
                Ok::<_, $crate::store::postgres::error::Trouble>(found)
            };
            $crate::store::postgres::loan::in_time(work).await
        })
    };
}

/// Writes in one transaction: `writing!(store, session => work)`. Tried again when it surely left nothing behind.
macro_rules! writing {
    ($store:expr, $session:ident => $work:expr) => {
        $crate::store::postgres::session::trying!($store, store, loan => {
            let work = async {
                let mut transaction = loan.begin(None).await?;
                let mut session = store.session(&mut transaction);
                let done = {
                    let $session = &mut session;
                    $work.await?
                };
                let recorded = session.recorded;
                Ok::<_, $crate::store::postgres::error::Trouble>((transaction, done, recorded))
            };
            match $crate::store::postgres::loan::in_time(work).await {
                Err(trouble) => Err(trouble),
                Ok((transaction, done, recorded)) => {
                    let committed = $crate::store::postgres::loan::commit(transaction).await;
                    if recorded && committed.is_ok() {
                        store.news.notify_one();
                    }
                    committed.map(|()| done)
                }
            }
        })
    };
}

/// Lends a connection to a piece of work, again and again while another try is due.
macro_rules! trying {
    ($given:expr, $store:ident, $loan:ident => $work:block) => {{
        let $store = $given;
        let mut tries = $crate::store::postgres::session::Tries::new();
        loop {
            let attempt = async {
                let mut lent = $crate::store::postgres::loan::Loan::of(&$store.pool).await?;
                let outcome = {
                    let $loan = &mut lent;
                    $work
                };
                lent.end(&outcome);
                outcome
            };
            let outcome = $store.engine.run(attempt).await;
            if let Some(answer) = tries.settle(outcome, &$store.stats).await {
                break answer;
            }
        }
    }};
}

pub(super) use {glancing, reading, trying, writing};
