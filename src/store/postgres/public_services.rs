//! Accounts that speak to many, and who follows them.

use async_trait::async_trait;
use sqlx::{postgres::PgRow, query};

use super::{
    PostgresStore,
    error::Work,
    people::save_user,
    rows::{all, get, maybe, person, small},
    session::{Session, glancing, writing},
};
use crate::{
    model::{AppKey, Kind, Millis, PublicService, UserId},
    store::{Result, StoreError, public_services::PublicServices},
};

#[async_trait]
impl PublicServices for PostgresStore {
    async fn save_public_service(&self, app: &AppKey, service: PublicService, at: Millis) -> Result<()> {
        writing!(self, s => save(s, app, &service, at))
    }

    async fn public_service(&self, app: &AppKey, id: &UserId, user: Option<&UserId>) -> Result<Option<PublicService>> {
        glancing!(self, s => find(s, app, id, user))
    }

    async fn public_services(
        &self,
        app: &AppKey,
        user: Option<&UserId>,
        filter: (&str, bool),
        after: Option<&UserId>,
        limit: u16,
    ) -> Result<Vec<PublicService>> {
        glancing!(self, s => search(s, app, user, filter, (after, limit)))
    }

    async fn follow(&self, app: &AppKey, id: &UserId, user: &UserId, on: bool, at: Millis) -> Result<()> {
        writing!(self, s => follow(s, app, (id, user), on, at))
    }
}

/// The columns that [`read`] reads; $2 is the user who asks.
macro_rules! columns {
    () => {
        "select u.key, u.name, u.role, u.portrait, s.kind, s.about, s.kind = 7 or follower.account_id is not null
        from public_services s
        join apps p on p.id = s.app_id
        join users u on u.id = s.user_id
        left join users w on w.app_id = p.id and w.key = $2
        left join follows follower on follower.account_id = s.user_id and follower.user_id = w.id
        where p.key = $1 "
    };
}

fn read(row: &PgRow) -> sqlx::Result<PublicService> {
    let is_app = small::<u8>(row, 4)? == Kind::AppService.number();
    let kind = if is_app { Kind::AppService } else { Kind::PublicService };
    Ok(PublicService { person: person(row, 0)?, kind, about: get(row, 5)?, followed: get(row, 6)? })
}

async fn save(s: &mut Session<'_>, app_key: &AppKey, service: &PublicService, at: Millis) -> Work<()> {
    let user = save_user(s, app_key, &service.person, at).await?;
    let app = s.app(app_key).await?;
    let done = query(
        "insert into public_services (user_id, app_id, kind, about, created_at)
        values ($1, $2, $3, $4, $5)
        on conflict (user_id) do update
        set about = excluded.about
        where public_services.kind = excluded.kind",
    )
    .bind(user)
    .bind(app)
    .bind(i64::from(service.kind.number()))
    .bind(&service.about)
    .bind(at.get())
    .execute(&mut *s.conn)
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::AlreadyExists.into()) } else { Ok(()) }
}

async fn find(s: &mut Session<'_>, app: &AppKey, id: &UserId, user: Option<&UserId>) -> Work<Option<PublicService>> {
    let row = query(concat!(columns!(), "and u.key = $3"))
        .bind(app.as_str())
        .bind(user.map(UserId::as_str))
        .bind(id.as_str())
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(maybe(row.as_ref(), read)?)
}

async fn search(
    s: &mut Session<'_>,
    app: &AppKey,
    user: Option<&UserId>,
    (words, followed): (&str, bool),
    (after, limit): (Option<&UserId>, u16),
) -> Work<Vec<PublicService>> {
    let rows = query(concat!(
        columns!(),
        "and u.key > $3
          and (not $4 or s.kind = 7 or follower.account_id is not null)
          and (strpos(lower(u.key), lower($5)) > 0 or strpos(lower(u.name), lower($5)) > 0)
        order by u.key
        limit $6"
    ))
    .bind(app.as_str())
    .bind(user.map(UserId::as_str))
    .bind(after.map_or("", UserId::as_str))
    .bind(followed)
    .bind(words)
    .bind(i64::from(limit))
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, read)?)
}

async fn follow(
    s: &mut Session<'_>,
    app: &AppKey,
    (account, user): (&UserId, &UserId),
    on: bool,
    at: Millis,
) -> Work<()> {
    let app = s.app(app).await?;
    let (account, user) = (s.user(app, account).await?, s.user(app, user).await?);
    if on {
        query("insert into follows (account_id, user_id, at) values ($1, $2, $3) on conflict do nothing")
            .bind(account)
            .bind(user)
            .bind(at.get())
            .execute(&mut *s.conn)
            .await?;
    } else {
        query("delete from follows where account_id = $1 and user_id = $2")
            .bind(account)
            .bind(user)
            .execute(&mut *s.conn)
            .await?;
    }
    Ok(())
}
