//! Accounts that speak to many, and who follows them.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};

use super::{
    SqliteStore,
    error::Work,
    ledger::Ledger,
    people::save_user,
    rows::{View, person},
};
use crate::{
    model::{AppKey, Kind, Millis, PublicService, UserId},
    store::{Result, StoreError, public_services::PublicServices},
};

#[async_trait]
impl PublicServices for SqliteStore {
    async fn save_public_service(&self, app: &AppKey, service: PublicService, at: Millis) -> Result<()> {
        let app = app.clone();
        self.write(move |ledger| save(ledger, &app, &service, at)).await
    }

    async fn public_service(&self, app: &AppKey, id: &UserId, user: Option<&UserId>) -> Result<Option<PublicService>> {
        let (app, id, user) = (app.clone(), id.clone(), user.cloned());
        self.read(move |view| find(view, &app, &id, user.as_ref())).await
    }

    async fn public_services(
        &self,
        app: &AppKey,
        user: Option<&UserId>,
        (words, followed): (&str, bool),
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<PublicService>> {
        let (app, user, words, after) = (app.clone(), user.cloned(), words.to_owned(), after.cloned());
        self.read(move |view| search(view, &app, user.as_ref(), (&words, followed), (after.as_ref(), limit))).await
    }

    async fn follow(&self, app: &AppKey, id: &UserId, user: &UserId, on: bool, at: Millis) -> Result<()> {
        let (app, id, user) = (app.clone(), id.clone(), user.clone());
        self.write(move |ledger| follow(ledger, &app, (&id, &user), on, at)).await
    }
}

/// The columns that [`read`] reads; ?2 is the user who asks.
macro_rules! columns {
    () => {
        "select u.key, u.name, u.role, u.portrait, s.kind, s.about, s.kind = 7 or exists (
            select 1
            from follows f
            join users w on w.id = f.user_id
            where f.account_id = s.user_id
              and w.key = ?2
          ) as followed
        from public_services s
        join apps p on p.id = s.app_id
        join users u on u.id = s.user_id
        where p.key = ?1 "
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<PublicService> {
    let kind = if row.get::<_, u8>(4)? == Kind::AppService.number() { Kind::AppService } else { Kind::PublicService };
    Ok(PublicService { person: person(row, 0)?, kind, about: row.get(5)?, followed: row.get(6)? })
}

fn save(ledger: &mut Ledger, app_key: &AppKey, service: &PublicService, at: Millis) -> Work<()> {
    save_user(ledger, app_key, &service.person, at)?;
    let app = ledger.app(app_key)?;
    let user = ledger.user(app, &service.person.id)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "insert into public_services (user_id, app_id, kind, about, created_at)
            values (?1, ?2, ?3, ?4, ?5)
            on conflict (user_id) do update
            set about = excluded.about
            where kind = excluded.kind",
        )?
        .execute(params![user, app, service.kind.number(), service.about, at.get()])?;
    if rows == 0 { Err(StoreError::AlreadyExists.into()) } else { Ok(()) }
}

fn find(view: &View<'_>, app: &AppKey, id: &UserId, user: Option<&UserId>) -> Work<Option<PublicService>> {
    let found = view
        .conn
        .prepare_cached(concat!(columns!(), "and u.key = ?3"))?
        .query_row(params![app.as_str(), user.map(UserId::as_str), id.as_str()], read)
        .optional()?;
    Ok(found)
}

fn search(
    view: &View<'_>,
    app: &AppKey,
    user: Option<&UserId>,
    (words, followed): (&str, bool),
    (after, limit): (Option<&UserId>, u16),
) -> Work<Vec<PublicService>> {
    let found = view
        .conn
        .prepare_cached(concat!(
            columns!(),
            "and u.key > ?3
              and (not ?4 or followed)
              and (instr(lower(u.key), lower(?5)) > 0 or instr(lower(u.name), lower(?5)) > 0)
            order by u.key
            limit ?6"
        ))?
        .query_map(
            params![app.as_str(), user.map(UserId::as_str), after.map_or("", UserId::as_str), followed, words, limit],
            read,
        )?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

fn follow(ledger: &mut Ledger, app: &AppKey, (account, user): (&UserId, &UserId), on: bool, at: Millis) -> Work<()> {
    let app = ledger.app(app)?;
    let (account, user) = (ledger.user(app, account)?, ledger.user(app, user)?);
    if on {
        ledger
            .conn
            .prepare_cached(
                "insert into follows (account_id, user_id, at)
                values (?1, ?2, ?3)
                on conflict do nothing",
            )?
            .execute(params![account, user, at.get()])?;
    } else {
        ledger
            .conn
            .prepare_cached(
                "delete from follows
                where account_id = ?1
                  and user_id = ?2",
            )?
            .execute(params![account, user])?;
    }
    Ok(())
}
