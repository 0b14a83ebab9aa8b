//! Who does not want to hear from whom.

use rusqlite::params;

use super::{
    error::Work,
    ledger::Ledger,
    rows::{View, person},
};
use crate::model::{AppKey, Millis, Person, UserId};

/// Notes that a user does not want to hear from another one, or does again.
pub(super) fn block(
    ledger: &mut Ledger,
    app: &AppKey,
    (user, other): (&UserId, &UserId),
    on: bool,
    at: Millis,
) -> Work<()> {
    let app = ledger.app(app)?;
    let (user, other) = (ledger.user(app, user)?, ledger.user(app, other)?);
    if on {
        ledger
            .conn
            .prepare_cached(
                "insert into blocks (user_id, other_id, at)
                values (?1, ?2, ?3)
                on conflict do nothing",
            )?
            .execute(params![user, other, at.get()])?;
    } else {
        ledger
            .conn
            .prepare_cached(
                "delete from blocks
                where user_id = ?1
                  and other_id = ?2",
            )?
            .execute(params![user, other])?;
    }
    Ok(())
}

/// Whether a user has blocked another one.
pub(super) fn has_blocked(view: &View<'_>, app: &AppKey, user: &UserId, other: &UserId) -> Work<bool> {
    let found = view
        .conn
        .prepare_cached(
            "select 1
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join users o on o.app_id = p.id and o.key = ?3
            join blocks b on b.user_id = u.id and b.other_id = o.id
            where p.key = ?1",
        )?
        .exists(params![app.as_str(), user.as_str(), other.as_str()])?;
    Ok(found)
}

/// Whom a user has blocked.
pub(super) fn blocked_by(view: &View<'_>, app: &AppKey, user: &UserId) -> Work<Vec<Person>> {
    let people = view
        .conn
        .prepare_cached(
            "select o.key, o.name, o.role, o.portrait
            from apps p
            join users u on u.app_id = p.id and u.key = ?2
            join blocks b on b.user_id = u.id
            join users o on o.id = b.other_id
            where p.key = ?1
            order by o.key
            limit 1000",
        )?
        .query_map(params![app.as_str(), user.as_str()], |row| person(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(people)
}
