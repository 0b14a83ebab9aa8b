//! Steps beside others who use the tables.

use super::*;
use crate::store::postgres::{PostgresOptions, PostgresStore, tests::server::Database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_gives_way_to_others_while_it_cannot_have_a_table() {
    let database = Database::make().await;
    PostgresStore::open(PostgresOptions::at(&database.url())).await.unwrap();
    let mut steps: Vec<Step> = (0..newest()).map(|_| Step { sql: "", works_from: 1 }).collect();
    steps.push(Step { sql: "alter table labels add column extra bigint", works_from: 1 });
    // As a backup does for as long as it runs.
    let mut other = database.behind().await;
    let mut backup = other.begin().await.unwrap();
    query("select 1 from labels").execute(&mut *backup).await.unwrap();
    let mut conn = database.behind().await;
    let outcome = step(&mut conn, &steps).await;
    assert!(
        matches!(&outcome, Err(OpenError::Postgres(error)) if code(error).as_deref() == Some(LOCK_NOT_AVAILABLE)),
        "{outcome:?}"
    );
    assert_eq!(version(&mut conn).await.unwrap(), Some(newest()), "nothing was done");
    backup.rollback().await.unwrap();
    assert!(step(&mut conn, &steps).await.unwrap());
    assert!(!step(&mut conn, &steps).await.unwrap(), "that was the last one");
}
