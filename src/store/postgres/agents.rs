//! The agents of an app, as its owner sees them.

use async_trait::async_trait;
use sqlx::{Row, query};

use super::{
    PostgresStore,
    error::Work,
    rows::{all, get, maybe_millis, millis, person},
    session::{Session, glancing, writing},
    users::ask_proof,
};
use crate::{
    model::{AppKey, Millis, UserId},
    store::{
        Result, StoreError,
        agents::{AgentEntry, Agents},
    },
};

#[async_trait]
impl Agents for PostgresStore {
    async fn agents(&self, app: &AppKey) -> Result<Vec<AgentEntry>> {
        glancing!(self, s => agents(s, app))
    }

    async fn disable_agent(&self, app: &AppKey, agent: &UserId, at: Millis) -> Result<()> {
        writing!(self, s => disable(s, app, agent, at))
    }

    async fn enable_agent(&self, app: &AppKey, agent: &UserId) -> Result<()> {
        writing!(self, s => enable(s, app, agent))
    }
}

async fn agents(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<AgentEntry>> {
    let rows = query(
        "select u.key, u.name, u.role, u.portrait, a.email, a.created_at, a.disabled_at
        from agents a
        join users u on u.id = a.user_id
        join apps p on p.id = u.app_id
        where p.key = $1
        order by u.id
        limit 1000",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    let read = |row: &sqlx::postgres::PgRow| {
        Ok(AgentEntry {
            person: person(row, 0)?,
            email: get(row, 4)?,
            created_at: millis(row, 5)?,
            disabled_at: maybe_millis(row, 6)?,
        })
    };
    Ok(all(&rows, read)?)
}

async fn disable(s: &mut Session<'_>, app: &AppKey, agent: &UserId, at: Millis) -> Work<()> {
    let row = query(
        "update agents a
        set disabled_at = coalesce(a.disabled_at, $3)
        from users u
        join apps p on p.id = u.app_id
        where u.id = a.user_id
          and p.key = $1
          and u.key = $2
        returning a.user_id",
    )
    .bind(app.as_str())
    .bind(agent.as_str())
    .bind(at.get())
    .fetch_optional(&mut *s.conn)
    .await?;
    let row: i64 = row.ok_or(StoreError::Missing("agent"))?.try_get(0)?;
    query("delete from logins where user_id = $1").bind(row).execute(&mut *s.conn).await?;
    ask_proof(s, row).await
}

async fn enable(s: &mut Session<'_>, app: &AppKey, agent: &UserId) -> Work<()> {
    let done = query(
        "update agents a
        set disabled_at = null
        from users u
        join apps p on p.id = u.app_id
        where u.id = a.user_id
          and p.key = $1
          and u.key = $2",
    )
    .bind(app.as_str())
    .bind(agent.as_str())
    .execute(&mut *s.conn)
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing("agent").into()) } else { Ok(()) }
}
