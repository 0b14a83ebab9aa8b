//! How each participant keeps conversations in their own list.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    conversations::{conversation, load, show_too},
    directed::{heard_at, own_place, unread},
    error::Work,
    hidden::hide_last,
    ledger::Ledger,
    messages::{number, seq},
    rows::{View, key_of, millis, to_json},
    times,
    watermarks::counted_at,
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Kind, Millis, Mine, UserId,
        command::List,
        conversation::{Keeping, Unread},
    },
    store::StoreError,
};

/// In a query with a `c`onversation and its `m`ember: unread messages that call the member by name.
macro_rules! mentions {
    () => {
        "(
            select count(*)
            from mentions n
            where n.conversation_id = c.id
              and n.seq > max(m.read, m.removed, m.cleared)
              and (n.user_id is null or n.user_id = m.user_id)
          )"
    };
}

/// A page of the user's list. A page continues after the conversation that the last page ended with, wherever that
/// one is pinned now.
pub(super) fn conversations_of(view: &View<'_>, app: &AppKey, user: &UserId, list: &List) -> Work<Vec<Conversation>> {
    let (changed_at, key) = list.before.map_or((i64::MAX, vec![0xFF; 17]), |(at, id)| (at.get(), key_of(id).to_vec()));
    let rows = view
        .conn
        .prepare_cached(concat!(
            "with me as (
              select u.id
              from users u
              join apps p on p.id = u.app_id
              where p.key = ?1
                and u.key = ?2
            )
            select c.id, m.pinned, m.muted, 0, ",
            unread!(),
            ", m.cleared, ",
            mentions!(),
            ", ",
            heard_at!(),
            " as heard_at
            from participants m
            join conversations c on c.id = m.conversation_id
            where m.user_id = (select id from me)
              and max(c.told, ",
            own_place!(),
            ") > m.removed
              and (?6 = '[]' or c.kind in (select value from json_each(?6)))
              and (m.pinned, heard_at, c.key) < (
                coalesce((
                    select l.pinned
                    from conversations b
                    join participants l on l.conversation_id = b.id
                    where b.key = ?4
                      and l.user_id = (select id from me)
                  ), 1),
                ?3,
                ?4
              )
            order by m.pinned desc, heard_at desc, c.key desc
            limit ?5"
        ))?
        .query_map(params![app.as_str(), user.as_str(), changed_at, key, list.limit, numbers(&list.kinds)], |row| {
            Ok((row.get(0)?, mine_of(row)?, millis(row, 7)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, Mine, Millis)>>>()?;
    let complete = |(row, mine, changed_at)| {
        let mut conversation = Conversation { mine: Some(mine), changed_at, ..load(view, row)? };
        show_too(view, &mut conversation, user)?;
        hide_last(view, app, user, &mut conversation)?;
        Ok(conversation)
    };
    rows.into_iter().map(complete).collect()
}

/// The conversation with this id, as this user sees it.
pub(super) fn conversation_for(
    view: &View<'_>,
    app: &AppKey,
    id: ConversationId,
    user: &UserId,
) -> Work<Option<Conversation>> {
    let Some(mut found) = conversation(view, app, id)? else { return Ok(None) };
    if let Some((mine, changed_at)) = mine(view, app, id, user)? {
        (found.mine, found.changed_at) = (Some(mine), changed_at);
        show_too(view, &mut found, user)?;
    }
    hide_last(view, app, user, &mut found)?;
    Ok(Some(found))
}

/// How the user keeps a conversation, and when something was last said in it that they hear.
fn mine(view: &View<'_>, app: &AppKey, id: ConversationId, user: &UserId) -> Work<Option<(Mine, Millis)>> {
    let mine = view
        .conn
        .prepare_cached(concat!(
            "select c.id, m.pinned, m.muted, max(c.told, ",
            own_place!(),
            ") <= m.removed, ",
            unread!(),
            ", m.cleared, ",
            mentions!(),
            ", ",
            heard_at!(),
            "
            from conversations c
            join apps p on p.id = c.app_id
            join users u on u.app_id = p.id
            join participants m on m.conversation_id = c.id and m.user_id = u.id
            where c.key = ?1
              and p.key = ?2
              and u.key = ?3"
        ))?
        .query_row(params![key_of(id), app.as_str(), user.as_str()], |row| Ok((mine_of(row)?, millis(row, 7)?)))
        .optional()?;
    Ok(mine)
}

/// After the row's number: pinned, muted, removed, unread, cleared, mentions.
fn mine_of(row: &Row<'_>) -> rusqlite::Result<Mine> {
    Ok(Mine {
        pinned: row.get(1)?,
        muted: row.get(2)?,
        removed: row.get(3)?,
        unread: count(row.get(4)?),
        cleared: seq(row.get(5)?),
        mentions: count(row.get(6)?),
    })
}

/// Changes how the user keeps a conversation.
pub(super) fn keep(
    ledger: &mut Ledger,
    app_key: &AppKey,
    id: ConversationId,
    user_id: &UserId,
    change: Keeping,
) -> Work<Mine> {
    let app = ledger.app(app_key)?;
    let user = ledger.user(app, user_id)?;
    let head = ledger.head(app, id)?;
    let (row, newest) = (head.row, head.seq);
    ledger.member(id, user)?.ok_or(StoreError::NoConversation)?;
    let (mut pinned, mut muted, mut removed, mut cleared) = (None, None, None, None);
    match change {
        Keeping::Pinned(on) => pinned = Some(on),
        Keeping::Muted(on) => muted = Some(on),
        Keeping::Removed => removed = Some(newest),
        Keeping::Cleared(up_to) => cleared = Some(number(up_to).min(newest)),
        Keeping::ClearedUntil(until) => cleared = Some(times::last_until(&ledger.view(), (row, newest), Some(until))?),
    }
    let dropped = removed.or(cleared).map(|place| counted_at(ledger, row, place)).transpose()?;
    ledger
        .conn
        .prepare_cached(
            "update participants
            set pinned = coalesce(?3, pinned), muted = coalesce(?4, muted), removed = coalesce(?5, removed),
              cleared = max(cleared, coalesce(?6, 0)), dropped = max(dropped, coalesce(?7, 0))
            where conversation_id = ?1
              and user_id = ?2",
        )?
        .execute(params![row, user, pinned, muted, removed, cleared, dropped])?;
    let kept = mine(&ledger.view(), app_key, id, user_id)?;
    kept.map(|(mine, _)| mine).ok_or_else(|| StoreError::NoConversation.into())
}

/// What the user has not read in their list.
pub(super) fn unread(view: &View<'_>, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Work<Unread> {
    let unread = view
        .conn
        .prepare_cached(concat!(
            "select coalesce(sum(unread), 0), coalesce(sum(unread) filter (where muted), 0)
            from (
              select ",
            unread!(),
            " as unread, m.muted
              from participants m
              join conversations c on c.id = m.conversation_id
              where m.user_id = (
                  select u.id
                  from users u
                  join apps p on p.id = u.app_id
                  where p.key = ?1
                    and u.key = ?2
                )
                and max(c.told, ",
            own_place!(),
            ") > m.removed
                and (?3 = '[]' or c.kind in (select value from json_each(?3)))
            )"
        ))?
        .query_row(params![app.as_str(), user.as_str(), numbers(kinds)], |row| {
            Ok(Unread { total: count(row.get(0)?), muted: count(row.get(1)?) })
        })?;
    Ok(unread)
}

fn numbers(kinds: &[Kind]) -> String {
    to_json(&kinds.iter().map(|kind| kind.number()).collect::<Vec<_>>())
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
