//! How each participant keeps conversations in their own list.

use sqlx::{postgres::PgRow, query};

use super::{
    conversations::{conversation, load_all, show_too},
    directed::{heard_at, own_place, unread},
    error::Work,
    hidden::{hide_last, is_inside},
    messages::{number, place_of, seq},
    rows::{all, get, key_of, maybe, millis, whole},
    session::Session,
    times,
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
              and n.seq > greatest(m.read, m.removed, m.cleared)
              and (n.user_id is null or n.user_id = m.user_id)
          )"
    };
}

/// A page of the user's list. A page continues after the conversation that the last page ended with, wherever that
/// one is pinned now.
pub(super) async fn conversations_of(
    s: &mut Session<'_>,
    app: &AppKey,
    user: &UserId,
    list: &List,
) -> Work<Vec<Conversation>> {
    let (changed_at, key) = super::conversations::before(list);
    let rows = query(concat!(
        "with me as (
          select u.id
          from users u
          join apps p on p.id = u.app_id
          where p.key = $1
            and u.key = $2
        ), own as (
          select m.*, ",
        heard_at!(),
        " as heard_at, c.key
          from participants m
          join conversations c on c.id = m.conversation_id
          where m.user_id = (select id from me)
            and greatest(c.told, ",
        own_place!(),
        ") > m.removed
            and (cardinality($6::bigint[]) = 0 or c.kind = any($6))
        ), page as (
          select *
          from own m
          where (m.pinned, m.heard_at, m.key) < (
            coalesce((
                select l.pinned
                from conversations b
                join participants l on l.conversation_id = b.id
                where b.key = $4
                  and l.user_id = (select id from me)
              ), true),
            $3,
            $4
          )
          order by m.pinned desc, m.heard_at desc, m.key desc
          limit $5
        )
        select c.id, m.pinned, m.muted, false, ",
        unread!(),
        ", m.cleared, ",
        mentions!(),
        ", m.heard_at
        from page m
        join conversations c on c.id = m.conversation_id
        order by m.pinned desc, m.heard_at desc, m.key desc"
    ))
    .bind(app.as_str())
    .bind(user.as_str())
    .bind(changed_at)
    .bind(&key)
    .bind(i64::from(list.limit))
    .bind(numbers(&list.kinds))
    .fetch_all(&mut *s.conn)
    .await?;
    let kept: Vec<(i64, Mine, Millis)> = all(&rows, |row| Ok((get(row, 0)?, mine_of(row)?, millis(row, 7)?)))?;
    let ids: Vec<i64> = kept.iter().map(|(row, ..)| *row).collect();
    let mut found = load_all(s, &ids).await?;
    for (conversation, (_, mine, changed_at)) in found.iter_mut().zip(kept) {
        (conversation.mine, conversation.changed_at) = (Some(mine), changed_at);
        show_too(s, conversation, user).await?;
        hide_last(s, app, user, conversation).await?;
    }
    Ok(found)
}

/// The conversation with this id, as this user sees it.
pub(super) async fn conversation_for(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    user: &UserId,
) -> Work<Option<Conversation>> {
    let Some(mut found) = conversation(s, app, id).await? else { return Ok(None) };
    if let Some((mine, changed_at)) = mine(s, app, id, user).await? {
        (found.mine, found.changed_at) = (Some(mine), changed_at);
        show_too(s, &mut found, user).await?;
    }
    hide_last(s, app, user, &mut found).await?;
    Ok(Some(found))
}

/// How the user keeps a conversation, and when something was last said in it that they hear.
async fn mine(s: &mut Session<'_>, app: &AppKey, id: ConversationId, user: &UserId) -> Work<Option<(Mine, Millis)>> {
    let row = query(concat!(
        "select c.id, m.pinned, m.muted, greatest(c.told, ",
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
        where c.key = $1
          and p.key = $2
          and u.key = $3"
    ))
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .bind(user.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| Ok((mine_of(row)?, millis(row, 7)?)))?)
}

/// After the row's number: pinned, muted, removed, unread, cleared, mentions.
fn mine_of(row: &PgRow) -> sqlx::Result<Mine> {
    Ok(Mine {
        pinned: get(row, 1)?,
        muted: get(row, 2)?,
        removed: get(row, 3)?,
        unread: whole(row, 4)?,
        cleared: seq(get(row, 5)?),
        mentions: whole(row, 6)?,
    })
}

/// Changes how the user keeps a conversation.
pub(super) async fn keep(
    s: &mut Session<'_>,
    app_key: &AppKey,
    id: ConversationId,
    user_id: &UserId,
    change: Keeping,
) -> Work<Mine> {
    let app = s.app(app_key).await?;
    let user = s.user(app, user_id).await?;
    let (row, newest) = place_of(s, app_key, id).await?;
    if !is_inside(s, row, user).await? {
        return Err(StoreError::NoConversation.into());
    }
    let (mut pinned, mut muted, mut removed, mut cleared) = (None, None, None, None);
    match change {
        Keeping::Pinned(on) => pinned = Some(on),
        Keeping::Muted(on) => muted = Some(on),
        Keeping::Removed => removed = Some(newest),
        Keeping::Cleared(up_to) => cleared = Some(number(up_to).min(newest)),
        Keeping::ClearedUntil(until) => cleared = Some(times::last_until(s, (row, newest), Some(until)).await?),
    }
    let dropped = match removed.or(cleared) {
        Some(place) => Some(counted_at(s, row, place).await?),
        None => None,
    };
    query(
        "update participants
        set pinned = coalesce($3, pinned), muted = coalesce($4, muted), removed = coalesce($5, removed),
          cleared = greatest(cleared, $6), dropped = greatest(dropped, $7)
        where conversation_id = $1
          and user_id = $2",
    )
    .bind(row)
    .bind(user)
    .bind(pinned)
    .bind(muted)
    .bind(removed)
    .bind(cleared)
    .bind(dropped)
    .execute(&mut *s.conn)
    .await?;
    let kept = mine(s, app_key, id, user_id).await?;
    kept.map(|(mine, _)| mine).ok_or_else(|| StoreError::NoConversation.into())
}

/// Counted messages up to a place.
pub(super) async fn counted_at(s: &mut Session<'_>, conversation: i64, seq: i64) -> Work<i64> {
    let row = query(
        "select counted
        from messages
        where conversation_id = $1
          and seq <= $2
        order by seq desc
        limit 1",
    )
    .bind(conversation)
    .bind(seq)
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| get(row, 0))?.unwrap_or(0))
}

/// What the user has not read in their list.
pub(super) async fn unread(s: &mut Session<'_>, app: &AppKey, user: &UserId, kinds: &[Kind]) -> Work<Unread> {
    let row = query(concat!(
        "select coalesce(sum(unread), 0)::bigint, coalesce(sum(unread) filter (where muted), 0)::bigint
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
              where p.key = $1
                and u.key = $2
            )
            and greatest(c.told, ",
        own_place!(),
        ") > m.removed
            and (cardinality($3::bigint[]) = 0 or c.kind = any($3))
        ) as own"
    ))
    .bind(app.as_str())
    .bind(user.as_str())
    .bind(numbers(kinds))
    .fetch_one(&mut *s.conn)
    .await?;
    Ok(Unread { total: whole(&row, 0)?, muted: whole(&row, 1)? })
}

/// Kinds as the columns keep them.
pub(super) fn numbers(kinds: &[Kind]) -> Vec<i64> {
    kinds.iter().map(|kind| i64::from(kind.number())).collect()
}
