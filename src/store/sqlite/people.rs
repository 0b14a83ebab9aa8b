//! Users and agents.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    error::{Work, or_taken},
    ledger::{Ledger, user_row},
    rows::{View, parsed, person, role_name},
    users::ask_proof,
};
use crate::{
    model::{AppKey, Millis, Person, UserId},
    store::{AgentAccount, StoreError},
};

/// Makes a user, or replaces the name and portrait of one of the same role.
pub(super) fn save_user(ledger: &mut Ledger, app: &AppKey, person: &Person, at: Millis) -> Work<()> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "insert into users (app_id, key, role, name, portrait, created_at, changed_at)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?6)
            on conflict (app_id, key) do update
            set name = excluded.name, portrait = excluded.portrait, changed_at = excluded.changed_at
            where role = excluded.role",
        )?
        .execute(params![app, person.id.as_str(), role_name(person.role), person.name, person.portrait, at.get()])?;
    if rows == 0 { Err(StoreError::AlreadyExists.into()) } else { Ok(()) }
}

pub(super) fn user(view: &View<'_>, app: &AppKey, id: &UserId) -> Work<Option<Person>> {
    let found = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait
            from users u
            join apps p on p.id = u.app_id
            where p.key = ?1
              and u.key = ?2",
        )?
        .query_row(params![app.as_str(), id.as_str()], |row| person(row, 0))
        .optional()?;
    Ok(found)
}

/// Makes an agent: user and account.
pub(super) fn create_agent(ledger: &mut Ledger, account: &AgentAccount, at: Millis) -> Work<()> {
    let app = ledger.app(&account.app)?;
    let person = &account.person;
    if user_row(&ledger.conn, app, &person.id)?.is_some() {
        return Err(StoreError::AlreadyExists.into());
    }
    save_user(ledger, &account.app, person, at)?;
    let row = ledger.conn.last_insert_rowid();
    ledger
        .conn
        .prepare_cached(
            "insert into agents (user_id, email, password_hash, created_at)
            values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![row, account.email, account.password_hash, at.get()])
        .map_err(or_taken)?;
    Ok(())
}

/// The account with this e-mail, any app.
pub(super) fn agent_by_email(view: &View<'_>, email: &str) -> Work<Option<AgentAccount>> {
    let account = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait, p.key, a.email, a.password_hash
            from agents a
            join users u on u.id = a.user_id
            join apps p on p.id = u.app_id
            where a.email = ?1
              and a.disabled_at is null",
        )?
        .query_row([email], read_account)
        .optional()?;
    Ok(account)
}

fn read_account(row: &Row<'_>) -> rusqlite::Result<AgentAccount> {
    Ok(AgentAccount { person: person(row, 0)?, app: parsed(row, 4)?, email: row.get(5)?, password_hash: row.get(6)? })
}

pub(super) fn count_agents(view: &View<'_>) -> Work<u64> {
    let count: i64 = view
        .conn
        .prepare_cached(
            "select count(*)
            from agents",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Replaces an agent's password and ends all their logins.
pub(super) fn set_password(ledger: &mut Ledger, app: &AppKey, agent: &UserId, password_hash: &str) -> Work<()> {
    let app = ledger.app(app)?;
    let row = ledger.user(app, agent)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "update agents
            set password_hash = ?2
            where user_id = ?1",
        )?
        .execute(params![row, password_hash])?;
    if rows == 0 {
        return Err(StoreError::Missing("agent").into());
    }
    ledger
        .conn
        .prepare_cached(
            "delete from logins
            where user_id = ?1",
        )?
        .execute([row])?;
    Ok(ask_proof(ledger, row)?)
}
