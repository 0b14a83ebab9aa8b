//! Conversations as their participants see them, and private ones.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    error::{Work, or_taken},
    ledger::Ledger,
    messages::{at_place, seq},
    rows::{View, conversation_id, json, key_of, maybe_millis, maybe_parsed, millis, person},
};
use crate::{
    model::{
        AppKey, Conversation, ConversationId, Handle, Kind, Millis, Position, Service, Stage, UserId,
        command::List,
        conversation::{Context, Group, Member, Participant, Rating},
    },
    store::{StoreError, records::ended_by_named},
};

/// The app's conversation with this id.
pub(super) fn conversation(view: &View<'_>, app: &AppKey, id: ConversationId) -> Work<Option<Conversation>> {
    let row = view
        .conn
        .prepare_cached(
            "select c.id
            from conversations c
            join apps p on p.id = c.app_id
            where c.key = ?1
              and p.key = ?2",
        )?
        .query_row(params![key_of(id), app.as_str()], |row| row.get(0))
        .optional()?;
    row.map(|row| load(view, row)).transpose()
}

/// Where a page sorted by newest change continues.
pub(super) fn before(list: &List) -> (i64, Vec<u8>) {
    match list.before {
        Some((at, id)) => (at.get(), key_of(id).to_vec()),
        None => (i64::MAX, vec![0xFF; 17]),
    }
}

/// The conversation that the app's back end knows by this handle.
pub(super) fn by_handle(view: &View<'_>, app: &AppKey, kind: Kind, handle: &Handle) -> Work<Option<Conversation>> {
    let row = view
        .conn
        .prepare_cached(
            "select c.id
            from conversations c
            join apps p on p.id = c.app_id
            where p.key = ?1
              and c.kind = ?2
              and c.handle = ?3",
        )?
        .query_row(params![app.as_str(), kind.number(), handle.as_str()], |row| row.get(0))
        .optional()?;
    row.map(|row| load(view, row)).transpose()
}

/// The conversation of this kind between two users, if there is one.
pub(super) fn find_pair(
    view: &View<'_>,
    app: &AppKey,
    kind: Kind,
    (a, b): (&UserId, &UserId),
) -> Work<Option<Conversation>> {
    pair_key(view, app, kind, (a, b))?.map(|(row, _)| load(view, row)).transpose()
}

/// The row and the id of that conversation.
pub(super) fn pair_key(
    view: &View<'_>,
    app: &AppKey,
    kind: Kind,
    (a, b): (&UserId, &UserId),
) -> rusqlite::Result<Option<(i64, ConversationId)>> {
    view.conn
        .prepare_cached(
            "select c.id, c.key
            from conversations c
            join apps p on p.id = c.app_id and p.key = ?1
            join users a on a.app_id = p.id and a.key = ?2
            join users b on b.app_id = p.id and b.key = ?3
            where c.kind = ?4
              and c.low_user_id = min(a.id, b.id)
              and c.high_user_id = max(a.id, b.id)",
        )?
        .query_row(params![app.as_str(), a.as_str(), b.as_str(), kind.number()], |row| {
            Ok((row.get(0)?, conversation_id(row, 1)?))
        })
        .optional()
}

/// The conversation of this kind between two users; made when missing.
pub(super) fn pair(
    ledger: &mut Ledger,
    app: &AppKey,
    kind: Kind,
    (a, b): (&UserId, &UserId),
    (id, at): (ConversationId, Millis),
) -> Work<Conversation> {
    if let Some(found) = find_pair(&ledger.view(), app, kind, (a, b))? {
        return Ok(found);
    }
    let app = ledger.app(app)?;
    let (a, b) = (ledger.user(app, a)?, ledger.user(app, b)?);
    ledger
        .conn
        .prepare_cached(
            "insert into conversations (app_id, key, kind, created_at, changed_at, low_user_id, high_user_id)
            values (?1, ?2, ?6, ?3, ?3, ?4, ?5)",
        )?
        .execute(params![app, key_of(id), at.get(), a.min(b), a.max(b), kind.number()])
        .map_err(or_taken)?;
    let row = ledger.conn.last_insert_rowid();
    join(ledger, row, a, at)?;
    join(ledger, row, b, at)?;
    load(&ledger.view(), row)
}

/// Makes a user a participant; nothing changes for those who are one.
pub(super) fn join(ledger: &Ledger, conversation: i64, user: i64, at: Millis) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into participants (conversation_id, user_id, joined_at)
            values (?1, ?2, ?3)
            on conflict (conversation_id, user_id) do nothing",
        )?
        .execute(params![conversation, user, at.get()])
        .map(drop)
}

/// The conversations of these rows, in their order.
pub(super) fn load_all(view: &View<'_>, rows: &[i64]) -> Work<Vec<Conversation>> {
    rows.iter().map(|row| load(view, *row)).collect()
}

/// The conversation of a row that exists.
pub(super) fn load(view: &View<'_>, row: i64) -> Work<Conversation> {
    let (mut conversation, told, counted) = view
        .conn
        .prepare_cached(
            "select c.key, c.kind, c.seq, c.counted, c.created_at, c.changed_at, s.key, v.key, c.stage, c.stage_at,
              a.key, c.ended_by, c.waiting_since, c.context, c.rating, c.name, c.silenced, c.dismissed_at, c.handle, c.told,
              iif(c.kind in (2, 3), (select count(*) from participants m where m.conversation_id = c.id), 0)
            from conversations c
            left join sites s on s.id = c.site_id
            left join users v on v.id = c.visitor_id
            left join users a on a.id = c.agent_id
            where c.id = ?1",
        )?
        .query_row([row], |row| head(row, view.epoch))?;
    conversation.participants = participants(view, row, counted, conversation.kind)?;
    conversation.last = at_place(view, row, told)?;
    Ok(conversation)
}

/// With the newest place that everybody was told of, and how many messages count.
fn head(row: &Row<'_>, epoch: u64) -> rusqlite::Result<(Conversation, i64, i64)> {
    let kind = kind(row, 1)?;
    let conversation = Conversation {
        id: conversation_id(row, 0)?,
        kind,
        handle: maybe_parsed(row, 18)?,
        head: Position { epoch, seq: seq(row.get(2)?) },
        created_at: millis(row, 4)?,
        changed_at: millis(row, 5)?,
        participants: Vec::new(),
        last: None,
        service: if kind == Kind::Service { Some(service(row)?) } else { None },
        group: if kind.has_members() { Some(group(row)?) } else { None },
        mine: None,
    };
    Ok((conversation, row.get(19)?, row.get(3)?))
}

fn kind(row: &Row<'_>, column: usize) -> rusqlite::Result<Kind> {
    let number = row.get(column)?;
    Kind::from_number(number).ok_or_else(|| rusqlite::Error::IntegralValueOutOfRange(column, i64::from(number)))
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group {
        name: row.get(15)?,
        members: row.get(20)?,
        silenced: row.get(16)?,
        dismissed_at: maybe_millis(row, 17)?,
    })
}

fn service(row: &Row<'_>) -> rusqlite::Result<Service> {
    let rating: Option<String> = row.get(14)?;
    Ok(Service {
        site: super::rows::parsed(row, 6)?,
        visitor: super::rows::parsed(row, 7)?,
        stage: stage(row)?,
        waiting_since: maybe_millis(row, 12)?,
        ahead: None,
        context: json::<Context>(row, 13)?,
        rating: if rating.is_some() { Some(json::<Rating>(row, 14)?) } else { None },
    })
}

fn stage(row: &Row<'_>) -> rusqlite::Result<Stage> {
    let since = millis(row, 9)?;
    let agent: Option<UserId> = maybe_parsed(row, 10)?;
    Ok(match (row.get_ref(8)?.as_str()?, agent) {
        ("queued", _) => Stage::Queued { since },
        ("offline", _) => Stage::Offline { since },
        ("human", Some(agent)) => Stage::Human { agent, since },
        (_, agent) => {
            let by = ended_by_named(row.get_ref(11)?.as_str()?);
            Stage::Ended { at: since, by, agent }
        }
    })
}

/// Those who take part, in the order in which they came. Of a group's members some: the owner, then who came last.
fn participants(view: &View<'_>, conversation: i64, counted: i64, kind: Kind) -> rusqlite::Result<Vec<Participant>> {
    let order = if kind.has_members() {
        "m.owner desc, m.joined_at desc, u.id"
    } else {
        "m.joined_at, u.role = 'visitor' desc, u.id"
    };
    view.conn
        .prepare_cached(&format!(
            "select u.key, u.name, u.role, u.portrait, m.delivered, m.read, m.read_at, m.read_counted, m.owner, m.silenced,
              m.silenced_until, m.allowed
            from participants m
            join users u on u.id = m.user_id
            where m.conversation_id = ?1
            order by {order}
            limit ?2"
        ))?
        .query_map(params![conversation, Group::SHOWN_MEMBERS], |row| participant(row, counted, kind.has_members()))?
        .collect()
}

/// Adds a participant whom [`load`] left out because there are so many.
pub(super) fn show_too(view: &View<'_>, found: &mut Conversation, user: &UserId) -> rusqlite::Result<()> {
    if found.group.as_ref().is_none_or(|group| group.members <= Group::SHOWN_MEMBERS) || found.has(user) {
        return Ok(());
    }
    let own = view
        .conn
        .prepare_cached(
            "select u.key, u.name, u.role, u.portrait, m.delivered, m.read, m.read_at, m.read_counted, m.owner, m.silenced,
              m.silenced_until, m.allowed, c.counted
            from conversations c
            join users u on u.app_id = c.app_id
            join participants m on m.conversation_id = c.id and m.user_id = u.id
            where c.key = ?1
              and u.key = ?2",
        )?
        .query_row(params![key_of(found.id), user.as_str()], |row| participant(row, row.get(12)?, true))
        .optional()?;
    found.participants.extend(own);
    Ok(())
}

/// From twelve columns: person, watermarks, what they are in a group.
pub(super) fn participant(row: &Row<'_>, counted: i64, is_member: bool) -> rusqlite::Result<Participant> {
    let member = Member {
        owner: row.get(8)?,
        silenced: row.get(9)?,
        silenced_until: maybe_millis(row, 10)?,
        allowed: row.get(11)?,
    };
    Ok(Participant {
        person: person(row, 0)?,
        online: false,
        delivered: seq(row.get(4)?),
        read: seq(row.get(5)?),
        read_at: maybe_millis(row, 6)?,
        unread: u64::try_from(counted - row.get::<_, i64>(7)?).unwrap_or(0),
        member: is_member.then_some(member),
    })
}

/// The row of the app's service conversation.
pub(super) fn service_row(view: &View<'_>, app: i64, id: ConversationId) -> Work<i64> {
    view.conn
        .prepare_cached(
            "select id
            from conversations
            where key = ?1
              and app_id = ?2
              and kind = 5",
        )?
        .query_row(params![key_of(id), app], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::NoConversation.into())
}
