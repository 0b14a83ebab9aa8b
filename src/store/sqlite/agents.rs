//! The agents of an app, as its owner sees them.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, maybe_millis, millis, person},
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
impl Agents for SqliteStore {
    async fn agents(&self, app: &AppKey) -> Result<Vec<AgentEntry>> {
        let app = app.clone();
        self.read(move |view| agents(view, &app)).await
    }

    async fn disable_agent(&self, app: &AppKey, agent: &UserId, at: Millis) -> Result<()> {
        let (app, agent) = (app.clone(), agent.clone());
        self.write(move |ledger| disable(ledger, &app, &agent, at)).await
    }

    async fn enable_agent(&self, app: &AppKey, agent: &UserId) -> Result<()> {
        let (app, agent) = (app.clone(), agent.clone());
        self.write(move |ledger| enable(ledger, &app, &agent)).await
    }
}

fn agents(view: &View<'_>, app: &AppKey) -> Work<Vec<AgentEntry>> {
    let found = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait, a.email, a.created_at, a.disabled_at
            from agents a
            join users u on u.id = a.user_id
            join apps p on p.id = u.app_id
            where p.key = ?1
            order by u.id
            limit 1000",
        )?
        .query_map([app.as_str()], |row| {
            Ok(AgentEntry {
                person: person(row, 0)?,
                email: row.get(4)?,
                created_at: millis(row, 5)?,
                disabled_at: maybe_millis(row, 6)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// The row of an agent of this app.
fn agent_row(ledger: &Ledger, app: &AppKey, agent: &UserId) -> Work<i64> {
    let row = ledger
        .conn
        .prepare_cached(
            "select a.user_id
            from agents a
            join users u on u.id = a.user_id
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key = ?2",
        )?
        .query_row(params![app.as_str(), agent.as_str()], |row| row.get(0))
        .optional()?;
    row.ok_or_else(|| StoreError::Missing("agent").into())
}

fn enable(ledger: &mut Ledger, app: &AppKey, agent: &UserId) -> Work<()> {
    let row = agent_row(ledger, app, agent)?;
    ledger
        .conn
        .prepare_cached(
            "update agents
            set disabled_at = null
            where user_id = ?1",
        )?
        .execute([row])?;
    Ok(())
}

fn disable(ledger: &mut Ledger, app: &AppKey, agent: &UserId, at: Millis) -> Work<()> {
    let row = agent_row(ledger, app, agent)?;
    ledger
        .conn
        .prepare_cached(
            "update agents
            set disabled_at = coalesce(disabled_at, ?2)
            where user_id = ?1",
        )?
        .execute(params![row, at.get()])?;
    ledger
        .conn
        .prepare_cached(
            "delete from logins
            where user_id = ?1",
        )?
        .execute([row])?;
    Ok(ask_proof(ledger, row)?)
}
