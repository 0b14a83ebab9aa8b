//! What grows with time and is kept short beside the verbs.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgPool;

use super::{
    PostgresStats, answers, changes,
    error::Work,
    files,
    loan::{Loan, commit, in_time},
    session::Session,
    statistics, tallies,
};
use crate::store::StoreError;

/// How often counts by day are added up.
const UPKEEP: Duration = Duration::from_mins(5);
/// Rounds of adding up in one go, each of [`statistics::MOST_ADDED`] rows: more than a busy cluster counts meanwhile.
const MOST_ROUNDS: u32 = 200;

/// Keeps counts short. Ends with the pool.
pub(super) async fn upkeep(pool: PgPool, stats: Arc<PostgresStats>, epoch: u64) {
    let mut is_first = true;
    loop {
        tokio::select! {
            () = pool.close_event() => return,
            () = tokio::time::sleep(UPKEEP) => {}
        }
        let keeper = Keeper { pool: &pool, stats: &stats, epoch };
        // Each for itself: what fails, or has much to do, holds none of the others up.
        keeper.add_up(is_first).await;
        is_first = false;
        keeper.tidy("changes that all have seen", async |s| changes::forget(s).await).await;
        keeper.tidy("shared counts", async |s| tallies::forget(s).await).await;
        keeper.tidy("claims", async |s| answers::forget_claims(s).await).await;
        keeper.tidy("uploads", async |s| files::forget_uploads(s).await).await;
    }
}

/// One round of upkeep.
struct Keeper<'a> {
    pool: &'a PgPool,
    stats: &'a Arc<PostgresStats>,
    epoch: u64,
}

impl Keeper<'_> {
    /// Adds up until little is left. Counts of long ago are looked for in the first round only: there are none later.
    async fn add_up(&self, is_first: bool) {
        for _ in 0..MOST_ROUNDS {
            let round = self.tidy("counts", async |s| statistics::add_up(s, is_first).await).await;
            if round.is_none_or(|gone| gone < statistics::MOST_ADDED) {
                return;
            }
        }
    }

    /// One piece of it, in a transaction of its own; `None` when it failed.
    async fn tidy<T>(&self, what: &'static str, work: impl AsyncFnOnce(&mut Session<'_>) -> Work<T>) -> Option<T> {
        match self.in_transaction(work).await {
            Ok(done) => Some(done),
            Err(trouble) => {
                tracing::warn!(what, error = %StoreError::from(trouble), "The upkeep did not get done; the next look tries again");
                None
            }
        }
    }

    async fn in_transaction<T>(&self, work: impl AsyncFnOnce(&mut Session<'_>) -> Work<T>) -> Work<T> {
        let mut loan = Loan::of(self.pool).await?;
        let outcome = async {
            let begun = async {
                let mut transaction = loan.begin(None).await?;
                let mut session =
                    Session { conn: &mut transaction, epoch: self.epoch, stats: self.stats.clone(), recorded: false };
                let done = work(&mut session).await?;
                Ok((transaction, done))
            };
            let (transaction, done) = in_time(begun).await?;
            commit(transaction).await?;
            Ok(done)
        }
        .await;
        loan.end(&outcome);
        outcome
    }
}
