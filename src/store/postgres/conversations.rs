//! Conversations as their participants see them, and private ones.

use std::collections::HashMap;

use sqlx::{Row, postgres::PgRow, query};

use super::{
    error::Work,
    messages::{columns, seq, sound},
    rows::{
        conversation_id, get, json, key_of, maybe, maybe_millis, maybe_parsed, millis, parsed, person, small, text,
    },
    session::Session,
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Handle, Kind, Millis, Position, Service, Stage, UserId,
        command::List,
        conversation::{Context, Group, Member, Participant, Rating},
    },
    store::{StoreError, records::ended_by_named},
};

/// Content larger than this is left out where a message only stands for its conversation.
const SAMPLE_BYTES: usize = 16 << 10;

/// The row of the app's conversation.
pub(super) async fn row_of(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Option<i64>> {
    let row = query(
        "select c.id
        from conversations c
        join apps p on p.id = c.app_id
        where c.key = $1
          and p.key = $2",
    )
    .bind(&key_of(id)[..])
    .bind(app.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| get(row, 0))?)
}

/// The app's conversation with this id.
pub(super) async fn conversation(s: &mut Session<'_>, app: &AppKey, id: ConversationId) -> Work<Option<Conversation>> {
    match row_of(s, app, id).await? {
        Some(row) => load(s, row).await.map(Some),
        None => Ok(None),
    }
}

/// Where a page sorted by newest change continues.
pub(super) fn before(list: &List) -> (i64, Vec<u8>) {
    match list.before {
        Some((at, id)) => (at.get(), key_of(id).to_vec()),
        None => (i64::MAX, vec![0xFF; 17]),
    }
}

/// The conversation that the app's back end knows by this handle.
pub(super) async fn by_handle(
    s: &mut Session<'_>,
    app: &AppKey,
    kind: Kind,
    handle: &Handle,
) -> Work<Option<Conversation>> {
    let row = query(
        "select c.id
        from conversations c
        join apps p on p.id = c.app_id
        where p.key = $1
          and c.kind = $2
          and c.handle = $3",
    )
    .bind(app.as_str())
    .bind(i64::from(kind.number()))
    .bind(handle.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    match maybe(row.as_ref(), |row| get(row, 0))? {
        Some(row) => load(s, row).await.map(Some),
        None => Ok(None),
    }
}

/// The conversation of this kind between two users, if there is one.
pub(super) async fn find_pair(
    s: &mut Session<'_>,
    app: &AppKey,
    kind: Kind,
    (a, b): (&UserId, &UserId),
) -> Work<Option<Conversation>> {
    match pair_key(s, app, kind, (a, b)).await? {
        Some((row, _)) => load(s, row).await.map(Some),
        None => Ok(None),
    }
}

/// The row and the id of that conversation.
pub(super) async fn pair_key(
    s: &mut Session<'_>,
    app: &AppKey,
    kind: Kind,
    (a, b): (&UserId, &UserId),
) -> Work<Option<(i64, ConversationId)>> {
    let row = query(
        "select c.id, c.key
        from apps p
        join users a on a.app_id = p.id and a.key = $2
        join users b on b.app_id = p.id and b.key = $3
        join conversations c on c.low_user_id = least(a.id, b.id) and c.high_user_id = greatest(a.id, b.id)
        where p.key = $1
          and c.kind = $4",
    )
    .bind(app.as_str())
    .bind(a.as_str())
    .bind(b.as_str())
    .bind(i64::from(kind.number()))
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(maybe(row.as_ref(), |row| Ok((get(row, 0)?, conversation_id(row, 1)?)))?)
}

/// The conversation of this kind between two users; made when missing. Of several who make it at once one does, and the
/// others wait for that one's commit.
pub(super) async fn pair(
    s: &mut Session<'_>,
    app: &AppKey,
    kind: Kind,
    (a, b): (&UserId, &UserId),
    (id, at): (ConversationId, Millis),
) -> Work<Conversation> {
    let app_row = s.app(app).await?;
    let (low, high) = {
        let (a, b) = (s.user(app_row, a).await?, s.user(app_row, b).await?);
        (a.min(b), a.max(b))
    };
    let made = query(
        "insert into conversations (app_id, key, kind, created_at, changed_at, low_user_id, high_user_id)
        values ($1, $2, $6, $3, $3, $4, $5)
        on conflict (low_user_id, high_user_id, kind) where low_user_id is not null do nothing
        returning id",
    )
    .bind(app_row)
    .bind(&key_of(id)[..])
    .bind(at.get())
    .bind(low)
    .bind(high)
    .bind(i64::from(kind.number()))
    .fetch_optional(&mut *s.conn)
    .await
    .map_err(super::error::or_taken)?;
    let Some(made) = made else {
        return Ok(find_pair(s, app, kind, (a, b)).await?.ok_or(StoreError::NoConversation)?);
    };
    let row = made.try_get(0)?;
    join(s, row, &[low, high], at).await?;
    load(s, row).await
}

/// Makes users participants; nothing changes for those who are.
pub(super) async fn join(s: &mut Session<'_>, conversation: i64, users: &[i64], at: Millis) -> Work<()> {
    query(
        "insert into participants (conversation_id, user_id, joined_at)
        select distinct $1::bigint, w.id, $3::bigint
        from unnest($2::bigint[]) as w (id)
        on conflict (conversation_id, user_id) do nothing",
    )
    .bind(conversation)
    .bind(users)
    .bind(at.get())
    .execute(&mut *s.conn)
    .await?;
    unstir(s, conversation).await
}

/// Somebody came: the next message is to tell their row that something was said.
pub(super) async fn unstir(s: &mut Session<'_>, conversation: i64) -> Work<()> {
    query("update conversations set stirred_until = 0 where id = $1 and stirred_until > 0")
        .bind(conversation)
        .execute(&mut *s.conn)
        .await?;
    Ok(())
}

/// The conversation of a row that exists.
pub(super) async fn load(s: &mut Session<'_>, row: i64) -> Work<Conversation> {
    let mut found = load_all(s, &[row]).await?;
    Ok(found.pop().ok_or(StoreError::NoConversation)?)
}

/// The conversations of these rows, in their order: three questions, however many there are.
pub(super) async fn load_all(s: &mut Session<'_>, rows: &[i64]) -> Work<Vec<Conversation>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let heads = query(
        "select c.key, c.kind, c.seq, c.counted, c.created_at, c.changed_at, s.key, v.key, c.stage, c.stage_at,
          a.key, c.ended_by, c.waiting_since, c.context, c.rating, c.name, c.silenced, c.dismissed_at, c.handle,
          case
            when c.kind in (2, 3) then (select count(*) from participants m where m.conversation_id = c.id)
            else 0
          end,
          c.id
        from unnest($1::bigint[]) with ordinality as w (id, place)
        join conversations c on c.id = w.id
        left join sites s on s.id = c.site_id
        left join users v on v.id = c.visitor_id
        left join users a on a.id = c.agent_id
        order by w.place",
    )
    .bind(rows)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut people = participants(s, rows).await?;
    let mut last = lasts(s, rows).await?;
    let mut found = Vec::with_capacity(heads.len());
    for row in &heads {
        let mut conversation = head(row, s.epoch)?;
        let id: i64 = row.try_get(20)?;
        conversation.participants = people.remove(&id).unwrap_or_default();
        conversation.last = last.remove(&id);
        found.push(conversation);
    }
    Ok(found)
}

fn head(row: &PgRow, epoch: u64) -> sqlx::Result<Conversation> {
    let kind = kind(row, 1)?;
    Ok(Conversation {
        id: conversation_id(row, 0)?,
        kind,
        handle: maybe_parsed(row, 18)?,
        head: Position { epoch, seq: seq(get(row, 2)?) },
        created_at: millis(row, 4)?,
        changed_at: millis(row, 5)?,
        participants: Vec::new(),
        last: None,
        service: if kind == Kind::Service { Some(service(row)?) } else { None },
        group: if kind.has_members() { Some(group(row)?) } else { None },
        mine: None,
    })
}

/// A kind from a column.
pub(super) fn kind(row: &PgRow, column: usize) -> sqlx::Result<Kind> {
    let wrong = || sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(std::fmt::Error) };
    Kind::from_number(small(row, column)?).ok_or_else(wrong)
}

fn group(row: &PgRow) -> sqlx::Result<Group> {
    Ok(Group {
        name: get(row, 15)?,
        members: small(row, 19)?,
        silenced: get(row, 16)?,
        dismissed_at: maybe_millis(row, 17)?,
    })
}

fn service(row: &PgRow) -> sqlx::Result<Service> {
    let rated: Option<&str> = row.try_get(14)?;
    Ok(Service {
        site: parsed(row, 6)?,
        visitor: parsed(row, 7)?,
        stage: stage(row, 8)?,
        waiting_since: maybe_millis(row, 12)?,
        ahead: None,
        context: json::<Context>(row, 13)?,
        rating: if rated.is_some() { Some(json::<Rating>(row, 14)?) } else { None },
    })
}

/// From four columns: the stage's name, since when, the agent, who ended it.
pub(super) fn stage(row: &PgRow, first: usize) -> sqlx::Result<Stage> {
    let since = millis(row, first + 1)?;
    let agent: Option<UserId> = maybe_parsed(row, first + 2)?;
    Ok(match (text(row, first)?, agent) {
        ("queued", _) => Stage::Queued { since },
        ("offline", _) => Stage::Offline { since },
        ("human", Some(agent)) => Stage::Human { agent, since },
        (_, agent) => Stage::Ended { at: since, by: ended_by_named(text(row, first + 3)?), agent },
    })
}

/// Those who take part, in the order in which they came. Of a group's members some: the owner, then who came last.
async fn participants(s: &mut Session<'_>, rows: &[i64]) -> Work<HashMap<i64, Vec<Participant>>> {
    let found = query(
        "select u.key, u.name, u.role, u.portrait, m.delivered, m.read, m.read_at, m.read_counted, m.owner, m.silenced,
          m.silenced_until, m.allowed, c.counted, c.kind, c.id
        from unnest($1::bigint[]) with ordinality as w (id, place)
        join conversations c on c.id = w.id
        join lateral (
          select shown.*, row_number() over () as turn
          from (
            select *
            from participants p
            where p.conversation_id = c.id
            order by
              case when c.kind in (2, 3) then p.owner end desc,
              case when c.kind in (2, 3) then p.joined_at end desc,
              p.joined_at,
              case
                when c.kind not in (2, 3) then (select v.role = 'visitor' from users v where v.id = p.user_id)
              end desc,
              p.user_id
            limit $2
          ) as shown
        ) as m on true
        join users u on u.id = m.user_id
        order by w.place, m.turn",
    )
    .bind(rows)
    .bind(i64::from(Group::SHOWN_MEMBERS))
    .fetch_all(&mut *s.conn)
    .await?;
    let mut people: HashMap<i64, Vec<Participant>> = HashMap::new();
    for row in &found {
        let with_members = kind(row, 13)?.has_members();
        people.entry(row.try_get(14)?).or_default().push(participant(row, with_members)?);
    }
    Ok(people)
}

/// The newest messages that everybody in these conversations was told of. The content of a large one is left empty:
/// lists hold many.
async fn lasts(s: &mut Session<'_>, rows: &[i64]) -> Work<HashMap<i64, crate::model::Message>> {
    let found = query(concat!(
        "select ",
        columns!(),
        ", c.id
        from conversations c
        join messages m on m.conversation_id = c.id and m.seq = c.told
        join users u on u.id = m.sender_id
        where c.id = any($1)"
    ))
    .bind(rows)
    .fetch_all(&mut *s.conn)
    .await?;
    let mut last = HashMap::new();
    for row in &found {
        // A damaged one is reported and left out.
        let Ok(mut message) = sound(s, row) else { continue };
        if message.content.body().len() > SAMPLE_BYTES {
            message.content = message.content.emptied();
        }
        last.insert(row.try_get(12)?, message);
    }
    Ok(last)
}

/// Adds a participant whom [`load`] left out because there are so many.
pub(super) async fn show_too(s: &mut Session<'_>, found: &mut Conversation, user: &UserId) -> Work<()> {
    if found.group.as_ref().is_none_or(|group| group.members <= Group::SHOWN_MEMBERS) || found.has(user) {
        return Ok(());
    }
    let own = query(
        "select u.key, u.name, u.role, u.portrait, m.delivered, m.read, m.read_at, m.read_counted, m.owner, m.silenced,
          m.silenced_until, m.allowed, c.counted
        from conversations c
        join users u on u.app_id = c.app_id
        join participants m on m.conversation_id = c.id and m.user_id = u.id
        where c.key = $1
          and u.key = $2",
    )
    .bind(&key_of(found.id)[..])
    .bind(user.as_str())
    .fetch_optional(&mut *s.conn)
    .await?;
    found.participants.extend(maybe(own.as_ref(), |row| participant(row, true))?);
    Ok(())
}

/// From thirteen columns: person, watermarks, what they are in a group, the conversation's count.
pub(super) fn participant(row: &PgRow, is_member: bool) -> sqlx::Result<Participant> {
    let member = member(row, 8)?;
    Ok(Participant {
        person: person(row, 0)?,
        online: false,
        delivered: seq(get(row, 4)?),
        read: seq(get(row, 5)?),
        read_at: maybe_millis(row, 6)?,
        unread: u64::try_from(get::<i64>(row, 12)? - get::<i64>(row, 7)?).unwrap_or(0),
        member: is_member.then_some(member),
    })
}

/// What somebody is in a group, from four columns.
pub(super) fn member(row: &PgRow, first: usize) -> sqlx::Result<Member> {
    Ok(Member {
        owner: get(row, first)?,
        silenced: get(row, first + 1)?,
        silenced_until: maybe_millis(row, first + 2)?,
        allowed: get(row, first + 3)?,
    })
}

/// The row of the app's service conversation, locked until the end of the transaction.
pub(super) async fn lock_service(s: &mut Session<'_>, app: i64, id: ConversationId) -> Work<i64> {
    let row = query(
        "select id
        from conversations
        where key = $1
          and app_id = $2
          and kind = 5
        for no key update",
    )
    .bind(&key_of(id)[..])
    .bind(app)
    .fetch_optional(&mut *s.conn)
    .await?;
    Ok(row.ok_or(StoreError::NoConversation)?.try_get(0)?)
}
