//! From rows to the words of the domain.

use sqlx::{
    Decode, Postgres, Row, Type,
    postgres::{PgRow, PgValueRef},
};

pub(super) use crate::store::records::{key_of, role_name, to_json};
use crate::{
    model::{ConversationId, Millis, Person},
    store::records::role_named,
};

/// A value from a column.
pub(super) fn get<'r, T: Decode<'r, Postgres> + Type<Postgres>>(row: &'r PgRow, column: usize) -> sqlx::Result<T> {
    row.try_get(column)
}

/// A text from a column, without copying it.
pub(super) fn text(row: &PgRow, column: usize) -> sqlx::Result<&str> {
    row.try_get(column)
}

fn wrong(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(error) }
}

/// Whether a column is empty.
fn is_null(row: &PgRow, column: usize) -> sqlx::Result<bool> {
    row.try_get_raw(column).map(|value: PgValueRef<'_>| sqlx::ValueRef::is_null(&value))
}

/// A key of sixteen bytes from a column.
pub(super) fn key(row: &PgRow, column: usize) -> sqlx::Result<u128> {
    let bytes: &[u8] = row.try_get(column)?;
    <[u8; 16]>::try_from(bytes).map(u128::from_be_bytes).map_err(|error| wrong(column, error))
}

/// Thirty-two bytes from a column.
pub(super) fn hash(row: &PgRow, column: usize) -> sqlx::Result<[u8; 32]> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|error: std::array::TryFromSliceError| wrong(column, error))
}

/// A conversation's id from a column.
pub(super) fn conversation_id(row: &PgRow, column: usize) -> sqlx::Result<ConversationId> {
    key(row, column).map(ConversationId::from_u128)
}

/// A conversation's id from a column that may be empty.
pub(super) fn maybe_conversation(row: &PgRow, column: usize) -> sqlx::Result<Option<ConversationId>> {
    if is_null(row, column)? { Ok(None) } else { conversation_id(row, column).map(Some) }
}

/// An instant from a column.
pub(super) fn millis(row: &PgRow, column: usize) -> sqlx::Result<Millis> {
    get(row, column).map(Millis::new)
}

/// An instant from a column that may be empty.
pub(super) fn maybe_millis(row: &PgRow, column: usize) -> sqlx::Result<Option<Millis>> {
    get::<Option<i64>>(row, column).map(|at| at.map(Millis::new))
}

/// A number that is never negative, from a column.
pub(super) fn whole(row: &PgRow, column: usize) -> sqlx::Result<u64> {
    get(row, column).map(|number: i64| u64::try_from(number).unwrap_or(0))
}

/// A number of some smaller type from a column.
pub(super) fn small<T: TryFrom<i64>>(row: &PgRow, column: usize) -> sqlx::Result<T>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    get::<i64>(row, column)?.try_into().map_err(|error| wrong(column, error))
}

/// A number of some smaller type from a column that may be empty.
pub(super) fn maybe_small<T: TryFrom<i64>>(row: &PgRow, column: usize) -> sqlx::Result<Option<T>>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    if is_null(row, column)? { Ok(None) } else { small(row, column).map(Some) }
}

/// Anything with a text form, such as an id.
pub(super) fn parsed<T: std::str::FromStr>(row: &PgRow, column: usize) -> sqlx::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text(row, column)?.parse().map_err(|error| wrong(column, error))
}

/// Anything with a text form, or nothing.
pub(super) fn maybe_parsed<T: std::str::FromStr>(row: &PgRow, column: usize) -> sqlx::Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    if is_null(row, column)? { Ok(None) } else { parsed(row, column).map(Some) }
}

/// Something that has a name, from a column.
pub(super) fn named<T>(row: &PgRow, column: usize, from_name: impl FnOnce(&str) -> Option<T>) -> sqlx::Result<T> {
    from_name(text(row, column)?).ok_or_else(|| wrong(column, std::fmt::Error))
}

/// Anything kept as JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &PgRow, column: usize) -> sqlx::Result<T> {
    serde_json::from_str(text(row, column)?).map_err(|error| wrong(column, error))
}

/// Every row read the same way.
pub(super) fn all<T>(rows: &[PgRow], read: impl FnMut(&PgRow) -> sqlx::Result<T>) -> sqlx::Result<Vec<T>> {
    rows.iter().map(read).collect()
}

/// The row, if there is one, read.
pub(super) fn maybe<T>(row: Option<&PgRow>, read: impl FnOnce(&PgRow) -> sqlx::Result<T>) -> sqlx::Result<Option<T>> {
    row.map(read).transpose()
}

/// A person from four columns: key, name, role, portrait.
pub(super) fn person(row: &PgRow, first: usize) -> sqlx::Result<Person> {
    Ok(Person {
        id: parsed(row, first)?,
        name: get(row, first + 1)?,
        role: named(row, first + 2, role_named)?,
        portrait: get(row, first + 3)?,
    })
}
