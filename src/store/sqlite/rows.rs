//! From rows to the words of the domain.

use rusqlite::{
    Connection, Row,
    types::{FromSqlError, Type},
};

use super::stats::SqliteStats;
pub(super) use crate::store::records::{key_of, role_name, to_json};
use crate::{
    model::{ConversationId, Millis, Person, Role},
    store::records::role_named,
};

/// What reading functions need: a connection inside a transaction, and what is the same for the whole store.
#[derive(Clone, Copy)]
pub(super) struct View<'c> {
    pub(super) conn: &'c Connection,
    pub(super) epoch: u64,
    pub(super) stats: &'c SqliteStats,
}

/// A conversation's id from a column.
pub(super) fn conversation_id(row: &Row<'_>, column: usize) -> rusqlite::Result<ConversationId> {
    row.get(column).map(|key| ConversationId::from_u128(u128::from_be_bytes(key)))
}

/// An instant from a column.
pub(super) fn millis(row: &Row<'_>, column: usize) -> rusqlite::Result<Millis> {
    row.get(column).map(Millis::new)
}

/// An instant from a column that may be empty.
pub(super) fn maybe_millis(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Millis>> {
    row.get::<_, Option<i64>>(column).map(|at| at.map(Millis::new))
}

/// A number that is never negative, from a column.
pub(super) fn whole(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(|number: i64| u64::try_from(number).unwrap_or(0))
}

/// Anything with a text form, such as an id.
pub(super) fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Anything with a text form, or nothing.
pub(super) fn maybe_parsed<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    if row.get_ref(column)?.as_str_or_null()?.is_some() { parsed(row, column).map(Some) } else { Ok(None) }
}

/// Anything kept as JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// A person from four columns: key, name, role, portrait.
pub(super) fn person(row: &Row<'_>, first: usize) -> rusqlite::Result<Person> {
    Ok(Person {
        id: parsed(row, first)?,
        name: row.get(first + 1)?,
        role: role(row, first + 2)?,
        portrait: row.get(first + 3)?,
    })
}

fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    let name = row.get_ref(column)?.as_str()?;
    role_named(name).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(FromSqlError::InvalidType))
    })
}
