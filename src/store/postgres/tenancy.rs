//! Apps and sites.

use sqlx::{Row, postgres::PgRow, query};

use super::{
    error::{Work, or_taken},
    rows::{all, get, json, maybe, millis, parsed, to_json},
    session::Session,
};
use crate::{
    model::{
        App, AppKey, Features, Site, SiteKey,
        site::{Look, Origin},
    },
    store::StoreError,
};

/// The number of this installation; `drawn` when it has none yet.
pub(super) async fn installation(s: &mut Session<'_>, drawn: i64) -> Work<u64> {
    query("insert into meta (name, value) values ('installation', $1) on conflict (name) do nothing")
        .bind(drawn)
        .execute(&mut *s.conn)
        .await?;
    let row = query("select value from meta where name = 'installation'").fetch_one(&mut *s.conn).await?;
    Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
}

pub(super) async fn create_app(s: &mut Session<'_>, app: &App) -> Work<()> {
    query(
        "with made as (
          insert into apps (key, name, created_at, features) values ($1, $2, $3, $4) returning id
        )
        insert into app_moments (app_id, everybody)
        select id, 0 from made",
    )
    .bind(app.key.as_str())
    .bind(&app.name)
    .bind(app.created_at.get())
    .bind(to_json(&app.features))
    .execute(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    Ok(())
}

pub(super) async fn set_features(s: &mut Session<'_>, app: &AppKey, features: &Features) -> Work<()> {
    let done = query("update apps set features = $2 where key = $1")
        .bind(app.as_str())
        .bind(to_json(features))
        .execute(&mut *s.conn)
        .await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing("app").into()) } else { Ok(()) }
}

pub(super) async fn app(s: &mut Session<'_>, key: &AppKey) -> Work<Option<App>> {
    let row = query("select key, name, created_at, features from apps where key = $1")
        .bind(key.as_str())
        .fetch_optional(&mut *s.conn)
        .await?;
    Ok(maybe(row.as_ref(), read_app)?)
}

pub(super) async fn apps(s: &mut Session<'_>) -> Work<Vec<App>> {
    let rows = query("select key, name, created_at, features from apps order by id limit 1000")
        .fetch_all(&mut *s.conn)
        .await?;
    Ok(all(&rows, read_app)?)
}

fn read_app(row: &PgRow) -> sqlx::Result<App> {
    Ok(App { key: parsed(row, 0)?, name: get(row, 1)?, features: json(row, 3)?, created_at: millis(row, 2)? })
}

pub(super) async fn create_site(s: &mut Session<'_>, site: &Site) -> Work<()> {
    let app = s.app(&site.app).await?;
    query(
        "insert into sites (app_id, key, name, origins, look, created_at)
        values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(app)
    .bind(site.key.as_str())
    .bind(&site.name)
    .bind(to_json(&site.origins))
    .bind(to_json(&site.look))
    .bind(site.created_at.get())
    .execute(&mut *s.conn)
    .await
    .map_err(or_taken)?;
    Ok(())
}

pub(super) async fn site(s: &mut Session<'_>, key: &SiteKey) -> Work<Option<Site>> {
    let row = query(
        "select s.key, p.key, s.name, s.origins, s.look, s.created_at
        from sites s
        join apps p on p.id = s.app_id
        where s.key = $1",
    )
    .bind(key.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), read_site)?)
}

pub(super) async fn sites(s: &mut Session<'_>, app: &AppKey) -> Work<Vec<Site>> {
    let rows = query(
        "select s.key, p.key, s.name, s.origins, s.look, s.created_at
        from sites s
        join apps p on p.id = s.app_id
        where p.key = $1
        order by s.id
        limit 1000",
    )
    .bind(app.as_str())
    .fetch_all(&mut *s.conn)
    .await?;
    Ok(all(&rows, read_site)?)
}

fn read_site(row: &PgRow) -> sqlx::Result<Site> {
    Ok(Site {
        key: parsed(row, 0)?,
        app: parsed(row, 1)?,
        name: get(row, 2)?,
        origins: json(row, 3)?,
        look: json(row, 4)?,
        created_at: millis(row, 5)?,
    })
}

pub(super) async fn update_site(
    s: &mut Session<'_>,
    app: &AppKey,
    site: &SiteKey,
    (name, origins, look): (&str, &[Origin], &Look),
) -> Work<()> {
    let app = s.app(app).await?;
    let done = query(
        "update sites
        set name = $3, origins = $4, look = $5
        where key = $1
          and app_id = $2",
    )
    .bind(site.as_str())
    .bind(app)
    .bind(name)
    .bind(to_json(&origins))
    .bind(to_json(look))
    .execute(&mut *s.conn)
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::Missing("site").into()) } else { Ok(()) }
}
