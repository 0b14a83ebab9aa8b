//! What grows with time and is kept short beside the verbs.

use std::{sync::Arc, time::Duration};

use sqlx::postgres::PgPool;

use super::{PostgresStats, answers, changes, error, files, session::Session, statistics, tallies};
use crate::store::StoreError;

/// How often counts by day are added up.
const UPKEEP: Duration = Duration::from_mins(5);

/// Keeps counts short. Ends with the pool.
pub(super) async fn upkeep(pool: PgPool, stats: Arc<PostgresStats>, epoch: u64) {
    loop {
        tokio::select! {
            () = pool.close_event() => return,
            () = tokio::time::sleep(UPKEEP) => {}
        }
        let work = async {
            let mut transaction = pool.begin().await?;
            let mut session = Session { conn: &mut transaction, epoch, stats: stats.clone(), recorded: false };
            statistics::add_up(&mut session).await?;
            changes::forget(&mut session).await?;
            tallies::forget(&mut session).await?;
            answers::forget_claims(&mut session).await?;
            files::forget_uploads(&mut session).await?;
            transaction.commit().await?;
            Ok::<_, error::Trouble>(())
        };
        if let Err(trouble) = work.await {
            tracing::warn!(error = %StoreError::from(trouble), "Counts could not be added up; the next look tries again");
        }
    }
}
