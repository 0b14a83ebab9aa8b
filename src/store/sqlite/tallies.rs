//! Counts that servers share, in SQLite: there is one server, which counts in its memory.

use super::SqliteStore;
use crate::store::tallies::Tallies;

impl Tallies for SqliteStore {}
