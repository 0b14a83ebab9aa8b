//! Whom users do not want to hear, and whom alone.

use async_trait::async_trait;
use sqlx::query;

use super::{
    PostgresStore,
    error::Work,
    rows::{all, person},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, Contacts, Millis, Person, UserId},
    store::{ContactLists, Result},
};

#[async_trait]
impl ContactLists for PostgresStore {
    async fn set_contacts(
        &self,
        app: &AppKey,
        list: Contacts,
        user: &UserId,
        others: &[UserId],
        on: bool,
        at: Millis,
    ) -> Result<()> {
        writing!(self, s => set(s, app, list, (user, others), on, at))
    }

    async fn has_contact(&self, app: &AppKey, list: Contacts, user: &UserId, other: &UserId) -> Result<bool> {
        glancing!(self, s => has(s, app, list, user, other))
    }

    async fn contacts(&self, app: &AppKey, list: Contacts, user: &UserId) -> Result<Vec<Person>> {
        glancing!(self, s => listed(s, app, list, user))
    }
}

async fn set(
    s: &mut Session<'_>,
    app: &AppKey,
    list: Contacts,
    (user, others): (&UserId, &[UserId]),
    on: bool,
    at: Millis,
) -> Work<()> {
    let app = s.app(app).await?;
    let (user, mut others) = (s.user(app, user).await?, s.users(app, others).await?);
    others.sort_unstable();
    let sql = match (list, on) {
        (Contacts::Blocked, true) => {
            "insert into blocks (user_id, other_id, at)
            select $1, w.id, $3 from unnest($2::bigint[]) as w (id)
            on conflict do nothing"
        }
        (Contacts::Allowed, true) => {
            "insert into allowances (user_id, other_id, at)
            select $1, w.id, $3 from unnest($2::bigint[]) as w (id)
            on conflict do nothing"
        }
        (Contacts::Blocked, false) => "delete from blocks where user_id = $1 and other_id = any($2) and $3 = $3",
        (Contacts::Allowed, false) => "delete from allowances where user_id = $1 and other_id = any($2) and $3 = $3",
    };
    query(sql).bind(user).bind(&others).bind(at.get()).execute(&mut *s.conn).await?;
    Ok(())
}

async fn has(s: &mut Session<'_>, app: &AppKey, list: Contacts, user: &UserId, other: &UserId) -> Work<bool> {
    let sql = match list {
        Contacts::Blocked => {
            "select 1
            from apps p
            join users u on u.app_id = p.id and u.key = $2
            join users o on o.app_id = p.id and o.key = $3
            join blocks l on l.user_id = u.id and l.other_id = o.id
            where p.key = $1"
        }
        Contacts::Allowed => {
            "select 1
            from apps p
            join users u on u.app_id = p.id and u.key = $2
            join users o on o.app_id = p.id and o.key = $3
            join allowances l on l.user_id = u.id and l.other_id = o.id
            where p.key = $1"
        }
    };
    let row =
        query(sql).bind(app.as_str()).bind(user.as_str()).bind(other.as_str()).fetch_optional(&mut *s.conn).await?;
    Ok(row.is_some())
}

async fn listed(s: &mut Session<'_>, app: &AppKey, list: Contacts, user: &UserId) -> Work<Vec<Person>> {
    let sql = match list {
        Contacts::Blocked => {
            "select o.key, o.name, o.role, o.portrait
            from apps p
            join users u on u.app_id = p.id and u.key = $2
            join blocks l on l.user_id = u.id
            join users o on o.id = l.other_id
            where p.key = $1
            order by o.key
            limit 1000"
        }
        Contacts::Allowed => {
            "select o.key, o.name, o.role, o.portrait
            from apps p
            join users u on u.app_id = p.id and u.key = $2
            join allowances l on l.user_id = u.id
            join users o on o.id = l.other_id
            where p.key = $1
            order by o.key
            limit 1000"
        }
    };
    let rows = query(sql).bind(app.as_str()).bind(user.as_str()).fetch_all(&mut *s.conn).await?;
    Ok(all(&rows, |row| person(row, 0))?)
}
