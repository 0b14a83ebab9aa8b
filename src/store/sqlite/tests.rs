//! The conformance suite on this engine, and what is particular to it.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::{
    model::{App, AppKey, Content, Features, Kind, Role},
    store::{
        Store,
        conformance::{self, House, NOON, at, message, person, user},
    },
};

mod copies;
mod failures;
mod reopening;
mod search;
mod upkeep;

/// Options for tests: no reserve, so that a nearly full disk does not matter.
fn options() -> SqliteOptions {
    SqliteOptions { reserve_bytes: Some(0), ..SqliteOptions::default() }
}

fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(folder.path(), options()).unwrap()
}

/// An engine on an empty folder that goes with the test.
pub(super) fn fresh() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (open(&folder), folder)
}

/// A second connection to the file, for looking behind the engine's back.
pub(super) fn behind(folder: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(database_in(folder.path())).unwrap()
}

conformance::run_on!(fresh);
