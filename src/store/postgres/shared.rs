//! What servers share besides the data, in PostgreSQL.

use async_trait::async_trait;
use sqlx::query;

use super::{
    PostgresStore,
    error::Work,
    rows::{self, get},
    session::{Session, glancing, writing},
};
use crate::store::{Result, StoreError, shared::Shared};

#[async_trait]
impl Shared for PostgresStore {
    async fn label(&self, name: &str) -> Result<Option<Vec<u8>>> {
        glancing!(self, s => label(s, name))
    }

    async fn put_label(&self, name: &str, value: Vec<u8>) -> Result<Vec<u8>> {
        writing!(self, s => put_label(s, name, &value))
    }
}

async fn label(s: &mut Session<'_>, name: &str) -> Work<Option<Vec<u8>>> {
    let found = query("select value from labels where name = $1").bind(name).fetch_optional(&mut *s.conn).await?;
    Ok(rows::maybe(found.as_ref(), |row| get(row, 0))?)
}

async fn put_label(s: &mut Session<'_>, name: &str, value: &[u8]) -> Work<Vec<u8>> {
    query("insert into labels (name, value) values ($1, $2) on conflict (name) do nothing")
        .bind(name)
        .bind(value)
        .execute(&mut *s.conn)
        .await?;
    Ok(label(s, name).await?.ok_or(StoreError::Missing("label"))?)
}
