//! A look at a database that nothing was opened in.

use sqlx::{Connection, Row, query};

use super::{OpenError, PostgresOptions, connect, migrate};

/// What is known of a database without opening it as a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Host, port and database.
    pub place: String,
    /// The server's version.
    pub server: String,
    /// Its schema; nothing when the database is empty.
    pub schema: Option<i64>,
    /// The newest schema that this program knows.
    pub known_schema: i64,
    /// Settings with which an answered message may be lost.
    pub problems: Vec<String>,
}

/// Looks at a database and changes nothing. Must run on a thread with a runtime.
pub async fn inspect(options: &PostgresOptions) -> Result<Inspection, OpenError> {
    let connect = connect::options_of(&options.url)?;
    let mut conn = connect::first(&connect, options.company, options.patience).await?;
    let schema = migrate::version(&mut conn).await?;
    let row = query(
        "select current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes')",
    )
    .fetch_one(&mut conn)
    .await?;
    let problems = ["fsync", "full_page_writes"]
        .iter()
        .zip(1..)
        .filter(|(_, column)| row.try_get::<&str, _>(*column).is_ok_and(|value| value == "off"))
        .map(|(name, _)| format!("{name} is off: a crash of the server's machine may lose or damage data"))
        .collect();
    let found = Inspection {
        place: connect::place(&connect),
        server: row.try_get(0)?,
        schema,
        known_schema: migrate::newest(),
        problems,
    };
    conn.close().await?;
    Ok(found)
}
