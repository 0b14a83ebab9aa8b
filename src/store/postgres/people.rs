//! Users and agents.

use sqlx::{Row, postgres::PgRow, query};

use super::{
    error::{Work, or_taken},
    rows::{get, maybe, parsed, person, role_name, whole},
    session::Session,
    users::ask_proof,
};
use crate::{
    model::{AppKey, Millis, Person, UserId},
    store::{AgentAccount, StoreError},
};

/// Makes a user, or replaces the name and portrait of one of the same role; returns the row.
pub(super) async fn save_user(s: &mut Session<'_>, app: &AppKey, person: &Person, at: Millis) -> Work<i64> {
    let app = s.app(app).await?;
    let row = query(
        "insert into users (app_id, key, role, name, portrait, created_at, changed_at)
        values ($1, $2, $3, $4, $5, $6, $6)
        on conflict (app_id, key) do update
        set name = excluded.name, portrait = excluded.portrait, changed_at = excluded.changed_at
        where users.role = excluded.role
        returning id",
    )
    .bind(app)
    .bind(person.id.as_str())
    .bind(role_name(person.role))
    .bind(&person.name)
    .bind(&person.portrait)
    .bind(at.get())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(row.ok_or(StoreError::AlreadyExists)?.try_get(0)?)
}

pub(super) async fn user(s: &mut Session<'_>, app: &AppKey, id: &UserId) -> Work<Option<Person>> {
    let row = query(
        "select u.key, u.name, u.role, u.portrait
        from users u
        join apps p on p.id = u.app_id
        where p.key = $1
          and u.key = $2",
    )
    .bind(app.as_str())
    .bind(id.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| person(row, 0))?)
}

/// Makes an agent: user and account.
pub(super) async fn create_agent(s: &mut Session<'_>, account: &AgentAccount, at: Millis) -> Work<()> {
    let app = s.app(&account.app).await?;
    if s.find_user(app, &account.person.id).await?.is_some() {
        return Err(StoreError::AlreadyExists.into());
    }
    let row = save_user(s, &account.app, &account.person, at).await?;
    query("insert into agents (user_id, email, password_hash, created_at) values ($1, $2, $3, $4)")
        .bind(row)
        .bind(&account.email)
        .bind(&account.password_hash)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await
        .map_err(or_taken)?;
    Ok(())
}

/// The account with this e-mail, any app.
pub(super) async fn agent_by_email(s: &mut Session<'_>, email: &str) -> Work<Option<AgentAccount>> {
    let row = query(
        "select u.key, u.name, u.role, u.portrait, p.key, a.email, a.password_hash
        from agents a
        join users u on u.id = a.user_id
        join apps p on p.id = u.app_id
        where a.email = $1
          and a.disabled_at is null",
    )
    .bind(email)
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), read_account)?)
}

fn read_account(row: &PgRow) -> sqlx::Result<AgentAccount> {
    Ok(AgentAccount { person: person(row, 0)?, app: parsed(row, 4)?, email: get(row, 5)?, password_hash: get(row, 6)? })
}

pub(super) async fn count_agents(s: &mut Session<'_>) -> Work<u64> {
    Ok(whole(&query("select count(*) from agents").fetch_one(&mut *s.conn).await?, 0)?)
}

/// Replaces an agent's password and ends all their logins.
pub(super) async fn set_password(s: &mut Session<'_>, app: &AppKey, agent: &UserId, password_hash: &str) -> Work<()> {
    let app = s.app(app).await?;
    let row = s.user(app, agent).await?;
    let done = query("update agents set password_hash = $2 where user_id = $1")
        .bind(row)
        .bind(password_hash)
        .execute(&mut *s.conn)
        .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Missing("agent").into());
    }
    query("delete from logins where user_id = $1").bind(row).execute(&mut *s.conn).await?;
    ask_proof(s, row).await
}
