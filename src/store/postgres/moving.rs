//! A database as the target of a move: how far it came, and what it looks like.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream::BoxStream};
use sqlx::{Connection, PgConnection, Row, query};

use super::{
    Company, OpenError, PostgresStats, connect,
    error::Trouble,
    found::{self, Stand},
    migrate,
    session::Session,
    written::AtOnce,
};
use crate::{
    model::{Content, Role},
    store::StoreError,
};

/// The label under which a database keeps what was moved into it.
const MOVED: &str = "moved";

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: String,
    /// Yes or no.
    pub(in crate::store) is_flag: bool,
}

/// What a message says, and where.
pub(in crate::store) struct Said {
    pub(in crate::store) id: i64,
    pub(in crate::store) conversation: i64,
    pub(in crate::store) sender: i64,
    pub(in crate::store) sent_at: i64,
    pub(in crate::store) name: String,
    pub(in crate::store) body: String,
    pub(in crate::store) app: i64,
    pub(in crate::store) kind: i64,
    pub(in crate::store) began_at: i64,
    pub(in crate::store) by_agent: bool,
}

/// What stands in a database.
pub(in crate::store) enum Found {
    /// Nothing, or a part of the same source.
    Ready(Target),
    /// All of the same source.
    Done,
    /// Something else.
    Taken,
    /// Another move works on it.
    Busy,
    /// A server runs on it.
    InUse,
}

/// A database that takes rows. Servers do not open it meanwhile.
pub(in crate::store) struct Target {
    conn: PgConnection,
}

impl Target {
    /// Connects, and makes the tables in an empty database.
    pub(in crate::store) async fn open(url: &str, source: &[u8]) -> Result<Found, OpenError> {
        let options = connect::options_of(url)?;
        let mut conn = connect::first(&options, Company::Any, Duration::from_secs(5)).await?;
        query("select set_config('statement_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)")
            .execute(&mut conn)
            .await?;
        let locked = query("select pg_try_advisory_lock(hashtextextended('parlor move ' || current_schema(), 0))");
        if !locked.fetch_one(&mut conn).await?.try_get::<bool, _>(0)? {
            return Ok(Found::Busy);
        }
        // Held as long as the move lasts: no server begins meanwhile either.
        let alone = query("select pg_try_advisory_lock(hashtextextended('parlor server ' || current_schema(), 0))");
        if !alone.fetch_one(&mut conn).await?.try_get::<bool, _>(0)? {
            return Ok(Found::InUse);
        }
        migrate::migrate(&mut conn).await?;
        if is_half(&mut conn).await? {
            let row = query("select source from parlor_moving limit 1").fetch_one(&mut conn).await?;
            let is_ours = row.try_get::<&[u8], _>(0)? == source;
            return Ok(if is_ours { Found::Ready(Self { conn }) } else { Found::Taken });
        }
        let moved = query("select value from labels where name = $1").bind(MOVED).fetch_optional(&mut conn).await?;
        if let Some(row) = moved {
            return Ok(if row.try_get::<&[u8], _>(0)? == source { Found::Done } else { Found::Taken });
        }
        if query("select 1 from apps limit 1").fetch_optional(&mut conn).await?.is_some() {
            return Ok(Found::Taken);
        }
        let mut transaction = conn.begin().await?;
        // A server that ran here once, and made no app, has left its own.
        query("delete from setup_codes").execute(&mut *transaction).await?;
        query(
            "create table parlor_moving (
              name text primary key,
              done bigint not null,
              source bytea not null
            )",
        )
        .execute(&mut *transaction)
        .await?;
        query("insert into parlor_moving (name, done, source) values ('begun', 0, $1)")
            .bind(source)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Found::Ready(Self { conn }))
    }

    /// A table's columns in their order.
    pub(in crate::store) async fn columns(&mut self, table: &str) -> sqlx::Result<Vec<Column>> {
        let rows = query(
            "select column_name::text, data_type = 'boolean'
            from information_schema.columns
            where table_schema = current_schema()
              and table_name = $1
              and is_generated = 'NEVER'
            order by ordinal_position",
        )
        .bind(table)
        .fetch_all(&mut self.conn)
        .await?;
        rows.iter().map(|row| Ok(Column { name: row.try_get(0)?, is_flag: row.try_get(1)? })).collect()
    }

    /// How many rows of a table are there.
    pub(in crate::store) async fn done(&mut self, table: &str) -> sqlx::Result<u64> {
        let row =
            query("select done from parlor_moving where name = $1").bind(table).fetch_optional(&mut self.conn).await?;
        Ok(row.map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or(0).unsigned_abs())
    }

    /// Takes rows, as lines, with what messages among them are found and counted by; `done` rows are there then. All or
    /// nothing.
    pub(in crate::store) async fn put(
        &mut self,
        table: &str,
        columns: &str,
        lines: Vec<u8>,
        said: &[Said],
        done: u64,
    ) -> sqlx::Result<()> {
        let mut transaction = self.conn.begin().await?;
        let mut copy = transaction.copy_in_raw(&format!("copy \"{table}\" ({columns}) from stdin")).await?;
        copy.send(lines).await?;
        copy.finish().await?;
        index(&mut transaction, said).await?;
        query(
            "insert into parlor_moving (name, done, source)
            select $1, $2, source from parlor_moving where name = 'begun'
            on conflict (name) do update set done = excluded.done",
        )
        .bind(table)
        .bind(i64::try_from(done).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// What a question finds, line by line.
    pub(in crate::store) async fn lines(&mut self, select: &str) -> sqlx::Result<Lines<'_>> {
        let stream = self.conn.copy_out_raw(&format!("copy ({select}) to stdout")).await?;
        Ok(Lines { stream, whole: VecDeque::new(), rest: Vec::new() })
    }

    /// Sets what goes on from here, and lets servers in. `highest`: the highest number that each table ever gave.
    pub(in crate::store) async fn open_to_servers(
        mut self,
        epoch: i64,
        highest: &[(&str, i64)],
        source: &[u8],
        key: Option<Vec<u8>>,
    ) -> sqlx::Result<()> {
        let mut transaction = self.conn.begin().await?;
        let conn = &mut *transaction;
        query("update meta set value = $1 where name = 'epoch'").bind(epoch).execute(&mut *conn).await?;
        query("update meta set value = greatest(value, (select coalesce(max(id), 0) from proofs_asked), $1) where name = 'proof'")
            .bind(highest.iter().find(|(table, _)| *table == "proofs_asked").map_or(0, |(_, highest)| *highest))
            .execute(&mut *conn)
            .await?;
        // Nobody of an app gets a time that somebody there had before (D6).
        query(
            "insert into app_moments (app_id, everybody)
            select a.id, coalesce((
                select max(greatest(m.sent_at, m.recalled_at))
                from messages m
                join conversations c on c.id = m.conversation_id
                where c.app_id = a.id
              ), 0)
            from apps a
            on conflict (app_id) do update set everybody = excluded.everybody",
        )
        .execute(&mut *conn)
        .await?;
        for (table, highest) in highest {
            go_on_behind(conn, table, *highest).await?;
        }
        for (name, value) in [(MOVED, Some(source.to_vec())), ("key", key)] {
            let Some(value) = value else { continue };
            query("insert into labels (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value")
                .bind(name)
                .bind(value)
                .execute(&mut *conn)
                .await?;
        }
        query("drop table parlor_moving").execute(&mut *conn).await?;
        transaction.commit().await?;
        query("analyze").execute(&mut self.conn).await?;
        self.conn.close().await
    }
}

/// Whether only a part of a move came.
pub(super) async fn is_half(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query("select to_regclass('parlor_moving') is not null").fetch_one(conn).await?.try_get(0)
}

/// The next row gets a number that none had.
async fn go_on_behind(conn: &mut PgConnection, table: &str, highest: i64) -> sqlx::Result<()> {
    let given = query(
        "select 1
        from information_schema.columns
        where table_schema = current_schema()
          and table_name = $1
          and column_name = 'id'
          and is_identity = 'YES'",
    )
    .bind(table)
    .fetch_optional(&mut *conn)
    .await?;
    if given.is_none() {
        return Ok(());
    }
    let sql = format!(
        "select setval(pg_get_serial_sequence('\"{table}\"', 'id'),
          greatest((select coalesce(max(id), 0) from \"{table}\"), $1) + 1, false)"
    );
    query(sqlx::AssertSqlSafe(sql)).bind(highest).execute(conn).await?;
    Ok(())
}

/// Pieces of words, and figures by day.
async fn index(conn: &mut PgConnection, said: &[Said]) -> sqlx::Result<()> {
    let mut rows = AtOnce::default();
    for it in said {
        let Said { app, conversation, kind, sender, .. } = *it;
        // Only whether it is an agent matters.
        let role = if it.by_agent { Role::Agent } else { Role::User };
        rows.tally.add(app, (conversation, kind, it.began_at), (sender, role), it.sent_at);
        let content = Content::from_stored(&it.name, it.body.clone()).ok();
        let pieces = content.and_then(|content| found::pieces(Stand { app, conversation, kind, sender }, &content));
        rows.found.extend(pieces.map(|pieces| (it.id, pieces)));
    }
    let mut session = Session { conn, epoch: 0, stats: Arc::new(PostgresStats::default()), recorded: false };
    rows.write(&mut session).await.map_err(|trouble| match trouble {
        Trouble::Engine(error) | Trouble::Unknown(error) => error,
        Trouble::Refused(refused) => sqlx::Error::Protocol(StoreError::to_string(&refused)),
    })
}

/// Rows as lines, each with its end.
pub(in crate::store) struct Lines<'c> {
    stream: BoxStream<'c, sqlx::Result<bytes::Bytes>>,
    whole: VecDeque<Vec<u8>>,
    rest: Vec<u8>,
}

impl Lines<'_> {
    /// The next one; `None` behind the last.
    pub(in crate::store) async fn next(&mut self) -> sqlx::Result<Option<Vec<u8>>> {
        loop {
            if let Some(line) = self.whole.pop_front() {
                return Ok(Some(line));
            }
            let Some(bytes) = self.stream.next().await.transpose()? else { return Ok(None) };
            self.rest.extend_from_slice(&bytes);
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let behind = self.rest.split_off(end + 1);
                self.whole.push_back(std::mem::replace(&mut self.rest, behind));
            }
        }
    }
}
