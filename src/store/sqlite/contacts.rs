//! Whom users do not want to hear, and whom alone.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    rows::{View, person},
};
use crate::{
    model::{AppKey, Contacts, Millis, Person, UserId},
    store::{ContactLists, Result},
};

const fn table(list: Contacts) -> &'static str {
    match list {
        Contacts::Blocked => "blocks",
        Contacts::Allowed => "allowances",
    }
}

#[async_trait]
impl ContactLists for SqliteStore {
    async fn set_contacts(
        &self,
        app: &AppKey,
        list: Contacts,
        user: &UserId,
        others: &[UserId],
        on: bool,
        at: Millis,
    ) -> Result<()> {
        let (app, user, others) = (app.clone(), user.clone(), others.to_vec());
        self.write(move |ledger| {
            others.iter().try_for_each(|other| set(ledger, &app, table(list), (&user, other), on, at))
        })
        .await
    }

    async fn has_contact(&self, app: &AppKey, list: Contacts, user: &UserId, other: &UserId) -> Result<bool> {
        let (app, user, other) = (app.clone(), user.clone(), other.clone());
        self.read(move |view| has(view, &app, table(list), &user, &other)).await
    }

    async fn contacts(&self, app: &AppKey, list: Contacts, user: &UserId) -> Result<Vec<Person>> {
        let (app, user) = (app.clone(), user.clone());
        self.read(move |view| listed(view, &app, table(list), &user)).await
    }
}

fn set(
    ledger: &mut Ledger,
    app: &AppKey,
    table: &str,
    (user, other): (&UserId, &UserId),
    on: bool,
    at: Millis,
) -> Work<()> {
    let app = ledger.app(app)?;
    let (user, other) = (ledger.user(app, user)?, ledger.user(app, other)?);
    if on {
        ledger
            .conn
            .prepare_cached(&format!(
                "insert into {table} (user_id, other_id, at)
                values (?1, ?2, ?3)
                on conflict do nothing"
            ))?
            .execute(params![user, other, at.get()])?;
    } else {
        ledger
            .conn
            .prepare_cached(&format!(
                "delete from {table}
                where user_id = ?1
                  and other_id = ?2"
            ))?
            .execute(params![user, other])?;
    }
    Ok(())
}

fn has(view: &View<'_>, app: &AppKey, table: &str, user: &UserId, other: &UserId) -> Work<bool> {
    let found = view
        .conn
        .prepare_cached(&format!(
            "select 1
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join users o on o.app_id = p.id and o.key = ?3
            join {table} l on l.user_id = u.id and l.other_id = o.id
            where p.key = ?1"
        ))?
        .exists(params![app.as_str(), user.as_str(), other.as_str()])?;
    Ok(found)
}

fn listed(view: &View<'_>, app: &AppKey, table: &str, user: &UserId) -> Work<Vec<Person>> {
    let people = view
        .conn
        .prepare_cached(&format!(
            "select o.key, o.name, o.role, o.portrait
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join {table} l on l.user_id = u.id
            join users o on o.id = l.other_id
            where p.key = ?1
            order by o.key
            limit 1000"
        ))?
        .query_map(params![app.as_str(), user.as_str()], |row| person(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(people)
}
