//! The schema, grown by numbered steps that only go forward.

use rusqlite::{Connection, TransactionBehavior};

use super::{OpenError, connect::APPLICATION_ID};

/// Every step in order; its place is the schema version it leads to. Released steps never change.
const STEPS: [&str; 26] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_own_list.sql"),
    include_str!("migrations/0003_hidden.sql"),
    include_str!("migrations/0004_groups.sql"),
    include_str!("migrations/0005_blocks.sql"),
    include_str!("migrations/0006_kinds.sql"),
    include_str!("migrations/0007_timed_silence.sql"),
    include_str!("migrations/0008_chatrooms.sql"),
    include_str!("migrations/0009_outbox.sql"),
    include_str!("migrations/0010_users.sql"),
    include_str!("migrations/0011_back_ends.sql"),
    include_str!("migrations/0012_words.sql"),
    include_str!("migrations/0013_directed.sql"),
    include_str!("migrations/0014_search.sql"),
    include_str!("migrations/0015_files.sql"),
    include_str!("migrations/0016_retention.sql"),
    include_str!("migrations/0017_statistics.sql"),
    include_str!("migrations/0018_rewritten_go.sql"),
    include_str!("migrations/0019_pre_send.sql"),
    include_str!("migrations/0020_broadcasts.sql"),
    include_str!("migrations/0021_inbox.sql"),
    include_str!("migrations/0022_app_secrets.sql"),
    include_str!("migrations/0023_audit_begun.sql"),
    include_str!("migrations/0024_upstreams.sql"),
    include_str!("migrations/0025_labels.sql"),
    include_str!("migrations/0026_recalled.sql"),
];

/// The schema version this program knows.
pub(super) fn newest() -> i32 {
    i32::try_from(STEPS.len()).expect("there are fewer than two billion steps")
}

/// The schema version of a database.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i32> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Refuses what is not ours or is newer than this program; returns the version.
pub(super) fn check(conn: &Connection) -> Result<i32, OpenError> {
    let application: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found = version(conn)?;
    let tables: i64 = conn.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || found != 0) {
        return Err(OpenError::NotOurs);
    }
    if found > newest() {
        return Err(OpenError::Newer { found, known: newest() });
    }
    Ok(found)
}

/// Brings the schema up to date. Each step is one transaction, so an interrupted run continues where it stopped.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), OpenError> {
    let found = check(conn)?;
    let done = usize::try_from(found).unwrap_or(0);
    // A table that is made anew is missing for a moment; whether all references hold is checked at the end of each step.
    let checked: bool = conn.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
    conn.pragma_update(None, "foreign_keys", false)?;
    for (step, version) in STEPS.iter().zip(1..).skip(done) {
        run(conn, step, version)?;
    }
    conn.pragma_update(None, "foreign_keys", checked)?;
    Ok(())
}

fn run(conn: &mut Connection, step: &str, version: i32) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(step)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version)?;
    if transaction.prepare("pragma foreign_key_check")?.exists([])? {
        return Err(rusqlite::Error::IntegralValueOutOfRange(0, i64::from(version)));
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_database_gets_the_newest_schema() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn).unwrap(), newest());
        migrate(&mut conn).unwrap();
    }

    #[test]
    fn rows_and_references_survive_the_steps() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "foreign_keys", true).unwrap();
        run(&mut conn, STEPS[0], 1).unwrap();
        conn.execute_batch(
            "insert into apps (id, key, name, created_at) values (1, 'appkey', 'App', 1);
            insert into users (id, app_id, key, role, name, created_at, changed_at)
            values (1, 1, 'a', 'user', '', 1, 1), (2, 1, 'b', 'user', '', 1, 1);
            insert into conversations (id, app_id, key, kind, created_at, changed_at, low_user_id, high_user_id)
            values (7, 1, x'00000000000000000000000000000001', 1, 1, 1, 1, 2);
            insert into participants (conversation_id, user_id, joined_at) values (7, 1, 1), (7, 2, 1);",
        )
        .unwrap();
        migrate(&mut conn).unwrap();
        let rows: i64 = conn
            .query_row(
                "select count(*) from conversations c join participants m on m.conversation_id = c.id where c.id = 7",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(rows, 2);
        let stranger = "insert into participants (conversation_id, user_id, joined_at) values (8, 1, 1)";
        assert!(conn.execute_batch(stranger).is_err(), "references are checked again");
        assert!(conn.execute_batch("delete from conversations").is_err(), "and lead to the new table");
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut conn = Connection::open_in_memory().unwrap();
        assert!(run(&mut conn, "create table a (b integer); nonsense", 1).is_err());
        assert_eq!(version(&conn).unwrap(), 0);
        migrate(&mut conn).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.pragma_update(None, "user_version", newest() + 1).unwrap();
        assert!(matches!(migrate(&mut conn), Err(OpenError::Newer { .. })));
    }

    #[test]
    fn another_programs_database_is_refused() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("create table theirs (a integer)").unwrap();
        assert!(matches!(migrate(&mut conn), Err(OpenError::NotOurs)));
    }

    #[test]
    fn sqlite_is_new_enough() {
        // Older ones can corrupt the log when a checkpoint and a commit meet ("WAL-reset bug").
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }
}
