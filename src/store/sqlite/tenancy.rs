//! Apps and sites.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    error::{Work, or_taken},
    ledger::Ledger,
    rows::{View, json, millis, parsed, to_json},
};
use crate::{
    model::{
        App, AppKey, Features, Site, SiteKey,
        site::{Look, Origin},
    },
    store::StoreError,
};

/// Most apps or sites that one question returns.
const MOST: i64 = 1000;

/// The number of this installation; `drawn` when it has none yet.
pub(super) fn installation(ledger: &Ledger, drawn: i64) -> Work<u64> {
    ledger
        .conn
        .prepare_cached(
            "insert into meta (name, value)
            values ('installation', ?1)
            on conflict (name) do nothing",
        )?
        .execute([drawn])?;
    let found: i64 = ledger
        .conn
        .prepare_cached("select value from meta where name = 'installation'")?
        .query_row([], |row| row.get(0))?;
    Ok(found.cast_unsigned())
}

pub(super) fn create_app(ledger: &Ledger, app: &App) -> Work<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into apps (key, name, created_at, features)
            values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![app.key.as_str(), app.name, app.created_at.get(), to_json(&app.features)])
        .map_err(or_taken)?;
    Ok(())
}

pub(super) fn set_features(ledger: &mut Ledger, app: &AppKey, features: &Features) -> Work<()> {
    let rows = ledger
        .conn
        .prepare_cached(
            "update apps
            set features = ?2
            where key = ?1",
        )?
        .execute(params![app.as_str(), to_json(features)])?;
    ledger.forget_listeners();
    if rows == 0 { Err(StoreError::Missing("app").into()) } else { Ok(()) }
}

pub(super) fn app(view: &View<'_>, key: &AppKey) -> Work<Option<App>> {
    let app = view
        .conn
        .prepare_cached(
            "select key, name, created_at, features
            from apps
            where key = ?1",
        )?
        .query_row([key.as_str()], read_app)
        .optional()?;
    Ok(app)
}

pub(super) fn apps(view: &View<'_>) -> Work<Vec<App>> {
    let apps = view
        .conn
        .prepare_cached(
            "select key, name, created_at, features
            from apps
            order by id
            limit ?1",
        )?
        .query_map([MOST], read_app)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(apps)
}

fn read_app(row: &Row<'_>) -> rusqlite::Result<App> {
    Ok(App { key: parsed(row, 0)?, name: row.get(1)?, features: json(row, 3)?, created_at: millis(row, 2)? })
}

pub(super) fn create_site(ledger: &mut Ledger, site: &Site) -> Work<()> {
    let app = ledger.app(&site.app)?;
    ledger
        .conn
        .prepare_cached(
            "insert into sites (app_id, key, name, origins, look, created_at)
            values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            app,
            site.key.as_str(),
            site.name,
            to_json(&site.origins),
            to_json(&site.look),
            site.created_at.get()
        ])
        .map_err(or_taken)?;
    Ok(())
}

pub(super) fn site(view: &View<'_>, key: &SiteKey) -> Work<Option<Site>> {
    let site = view
        .conn
        .prepare_cached(
            "select s.key, p.key, s.name, s.origins, s.look, s.created_at
            from sites s
            join apps p on p.id = s.app_id
            where s.key = ?1",
        )?
        .query_row([key.as_str()], read_site)
        .optional()?;
    Ok(site)
}

pub(super) fn sites(view: &View<'_>, app: &AppKey) -> Work<Vec<Site>> {
    let sites = view
        .conn
        .prepare_cached(
            "select s.key, p.key, s.name, s.origins, s.look, s.created_at
            from sites s
            join apps p on p.id = s.app_id
            where p.key = ?1
            order by s.id
            limit ?2",
        )?
        .query_map(params![app.as_str(), MOST], read_site)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(sites)
}

fn read_site(row: &Row<'_>) -> rusqlite::Result<Site> {
    Ok(Site {
        key: parsed(row, 0)?,
        app: parsed(row, 1)?,
        name: row.get(2)?,
        origins: json(row, 3)?,
        look: json(row, 4)?,
        created_at: millis(row, 5)?,
    })
}

pub(super) fn update_site(
    ledger: &mut Ledger,
    app: &AppKey,
    site: &SiteKey,
    (name, origins, look): (&str, &[Origin], &Look),
) -> Work<()> {
    let app = ledger.app(app)?;
    let rows = ledger
        .conn
        .prepare_cached(
            "update sites
            set name = ?3, origins = ?4, look = ?5
            where key = ?1
              and app_id = ?2",
        )?
        .execute(params![site.as_str(), app, name, to_json(&origins), to_json(look)])?;
    if rows == 0 { Err(StoreError::Missing("site").into()) } else { Ok(()) }
}
