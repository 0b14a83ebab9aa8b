//! The conformance suite on this engine, and what is particular to it.

use sqlx::{Connection, Row, query};

use super::*;
use crate::{
    model::{
        Content, ConversationId, Kind, Message, Millis, Role, Seq,
        command::{History, List},
    },
    store::{
        Appended, NewMessage, Store,
        conformance::{self, House, NOON, at, message, person},
    },
};

mod changes;
mod claims;
mod keeping;
mod meeting;
mod opening;
mod plans;
mod sealing;
pub(super) mod server;
mod sessions;
mod tallies;

use server::Database;

/// Runs statements behind the engine's back.
async fn run(database: &Database, sql: &'static str) {
    let mut conn = database.behind().await;
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

async fn open(database: &Database) -> PostgresStore {
    PostgresStore::open(PostgresOptions::at(&database.url())).await.unwrap()
}

/// An engine on an empty database of the one server that the tests of this process share.
fn fresh() -> (PostgresStore, Database) {
    tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(async {
            let database = Database::make().await;
            (open(&database).await, database)
        })
    })
}

conformance::run_on!(fresh);
