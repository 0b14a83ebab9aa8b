//! What servers share besides the data, in SQLite: one server needs little of it.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{SqliteStore, error::Work, ledger::Ledger, rows::View};
use crate::store::{Result, StoreError, shared::Shared};

#[async_trait]
impl Shared for SqliteStore {
    async fn label(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let name = name.to_owned();
        self.read(move |view| label(view, &name)).await
    }

    async fn put_label(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>> {
        let name = name.to_owned();
        self.write(move |ledger| put_label(ledger, &name, &value)).await
    }
}

fn label(view: &View<'_>, name: &str) -> Work<Option<Vec<u8>>> {
    let mut select = view.conn.prepare_cached("select value from labels where name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

fn put_label(ledger: &mut Ledger, name: &str, value: &[u8]) -> Work<Vec<u8>> {
    ledger
        .conn
        .prepare_cached("insert into labels (name, value) values (?1, ?2) on conflict (name) do nothing")?
        .execute(params![name, value])?;
    Ok(label(&ledger.view(), name)?.ok_or(StoreError::Missing("label"))?)
}
