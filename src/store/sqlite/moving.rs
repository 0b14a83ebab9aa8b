//! The embedded store as a source: locked, brought up to date, and read.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::{OpenError, connect, folder::Folder, migrate};

/// The label that names an embedded store where it was moved to.
const SOURCE: &str = "source";

/// A data folder that nobody else uses, or a copy of its database.
pub(in crate::store) struct Source {
    conn: Connection,
    id: Vec<u8>,
    _folder: Folder,
}

impl Source {
    /// Opens a data folder, or the database's file in one. Refuses while a server runs on it.
    pub(in crate::store) fn open(path: &Path) -> Result<Self, OpenError> {
        let (folder, file) = if path.is_dir() {
            (path.to_owned(), super::database_in(path))
        } else {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            (parent.map_or_else(|| PathBuf::from("."), Path::to_owned), path.to_owned())
        };
        if !file.try_exists()? {
            return Err(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                format!("there is no database {}", file.display()),
            )
            .into());
        }
        let folder = Folder::take(&folder)?;
        let mut conn = connect::writer(&file)?;
        migrate::check(&conn)?;
        connect::begin_writing(&conn, 16 << 10)?;
        migrate::migrate(&mut conn)?;
        // A name of its own, so that a run that was cut short knows its own work again.
        conn.execute(
            "insert into labels (name, value) values (?1, ?2) on conflict (name) do nothing",
            (SOURCE, rand::random::<[u8; 16]>()),
        )?;
        let id = conn.query_row("select value from labels where name = ?1", [SOURCE], |row| row.get(0))?;
        Ok(Self { conn, id, _folder: folder })
    }

    pub(in crate::store) fn conn(&self) -> &Connection {
        &self.conn
    }

    /// Names this store.
    pub(in crate::store) fn id(&self) -> &[u8] {
        &self.id
    }

    /// The names of all tables.
    pub(in crate::store) fn tables(&self) -> rusqlite::Result<Vec<String>> {
        let mut select = self.conn.prepare("select name from sqlite_schema where type = 'table' order by name")?;
        select.query_map([], |row| row.get(0))?.collect()
    }

    /// The names of a table's columns.
    pub(in crate::store) fn columns(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        let mut select = self.conn.prepare("select name from pragma_table_info(?1)")?;
        select.query_map([table], |row| row.get(0))?.collect()
    }

    /// How many rows a table has.
    pub(in crate::store) fn count(&self, table: &str) -> rusqlite::Result<u64> {
        let sql = format!("select count(*) from \"{table}\"");
        self.conn.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    }

    /// The highest number that a table ever gave, as far as SQLite remembers it; else 0.
    pub(in crate::store) fn highest(&self, table: &str) -> rusqlite::Result<i64> {
        let found = self
            .conn
            .query_row("select seq from sqlite_sequence where name = ?1", [table], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    /// Names the order of all conversations.
    pub(in crate::store) fn epoch(&self) -> rusqlite::Result<i64> {
        self.conn.query_row("select value from meta where name = 'epoch'", [], |row| row.get(0))
    }
}
