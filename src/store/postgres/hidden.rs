//! What one participant does not see, and what nobody sees any more.

use sqlx::{Row, query};

use super::{
    directed,
    error::Work,
    files, found,
    loaded::newest,
    messages::{self, at_place, checksum, number, page_above, place_of},
    outbox,
    rows::{all, get, key_of, maybe},
    session::Session,
    written::stir,
};
use crate::{
    model::{
        AppKey, Content, Conversation, ConversationId, Message, MessageUid, Millis, Seq, UserId,
        command::{History, Page},
    },
    store::{Replaced, StoreError},
};

/// A page as this reader sees it.
pub(super) async fn page_for(s: &mut Session<'_>, app: &AppKey, reader: &UserId, query: &History) -> Work<Page> {
    let Some(reader) = Reader::of(s, app, reader, query.conversation).await? else {
        return messages::page(s, app, query).await;
    };
    let mut page = page_above(s, app, query, reader.cleared).await?;
    reader.hide(s, &mut page.messages).await?;
    Ok(page)
}

/// Shows the newest message of a conversation as this user sees it: one for them and some others may be newer than
/// what everybody was told.
pub(super) async fn hide_last(
    s: &mut Session<'_>,
    app: &AppKey,
    user: &UserId,
    conversation: &mut Conversation,
) -> Work<()> {
    let Some(reader) = Reader::of(s, app, user, conversation.id).await? else { return Ok(()) };
    let own = directed::newest(s, reader.conversation, reader.user).await?;
    if conversation.last.as_ref().and_then(|last| last.seq).map_or(0, number) < own {
        conversation.last = at_place(s, reader.conversation, own).await?;
    }
    let Some(last) = conversation.last.take() else { return Ok(()) };
    let mut shown = vec![last];
    shown.retain(|message| message.seq.is_none_or(|seq| number(seq) > reader.cleared));
    reader.hide(s, &mut shown).await?;
    conversation.last = shown.pop();
    Ok(())
}

/// A participant who reads.
struct Reader {
    conversation: i64,
    user: i64,
    cleared: i64,
}

impl Reader {
    async fn of(s: &mut Session<'_>, app: &AppKey, user: &UserId, id: ConversationId) -> Work<Option<Self>> {
        let row = query(
            "select c.id, u.id, m.cleared
            from conversations c
            join apps p on p.id = c.app_id
            join users u on u.app_id = p.id
            join participants m on m.conversation_id = c.id and m.user_id = u.id
            where c.key = $1
              and p.key = $2
              and u.key = $3",
        )
        .bind(&key_of(id)[..])
        .bind(app.as_str())
        .bind(user.as_str())
        .fetch_optional(&mut *s.conn)
        .await?;
        let read = |row: &sqlx::postgres::PgRow| {
            Ok(Self { conversation: get(row, 0)?, user: get(row, 1)?, cleared: get(row, 2)? })
        };
        Ok(maybe(row.as_ref(), read)?)
    }

    /// Puts marks in the places of deleted messages, and of those for others.
    async fn hide(&self, s: &mut Session<'_>, messages: &mut [Message]) -> Work<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let place = |message: Option<&Message>| message.and_then(|message| message.seq).map_or(0, number);
        let (first, last) = (place(messages.first()), place(messages.last()));
        let rows = query(
            "select seq
            from deleted
            where conversation_id = $1
              and user_id = $2
              and seq between $3 and $4",
        )
        .bind(self.conversation)
        .bind(self.user)
        .bind(first)
        .bind(last)
        .fetch_all(&mut *s.conn)
        .await?;
        let deleted: Vec<Seq> = all(&rows, |row| get(row, 0).map(messages::seq))?;
        let undisclosed = directed::undisclosed(s, self.conversation, self.user, (first, last)).await?;
        for message in messages.iter_mut() {
            if message.seq.is_some_and(|seq| undisclosed.contains(&number(seq))) {
                *message = message.undisclosed();
            }
            if message.seq.is_some_and(|seq| deleted.contains(&seq)) {
                message.content = Content::deleted();
            }
        }
        Ok(())
    }
}

/// Hides messages from one participant.
pub(super) async fn delete_for(
    s: &mut Session<'_>,
    app: &AppKey,
    id: ConversationId,
    user: &UserId,
    seqs: &[Seq],
) -> Work<()> {
    let app_row = s.app(app).await?;
    let user_row = s.user(app_row, user).await?;
    let (row, newest) = place_of(s, app, id).await?;
    Reader::of(s, app, user, id).await?.ok_or(StoreError::NoConversation)?;
    let places: Vec<i64> = seqs.iter().map(|seq| number(*seq)).filter(|place| (1..=newest).contains(place)).collect();
    query(
        "insert into deleted (conversation_id, user_id, seq)
        select distinct $1::bigint, $2::bigint, w.seq
        from unnest($3::bigint[]) as w (seq)
        order by w.seq
        on conflict do nothing",
    )
    .bind(row)
    .bind(user_row)
    .bind(&places)
    .execute(&mut *s.conn)
    .await?;
    Ok(())
}

/// Puts another content in the place of a message's own.
pub(super) async fn replace_content(
    s: &mut Session<'_>,
    app: &AppKey,
    uid: MessageUid,
    content: &Content,
    at: Millis,
) -> Work<Option<Replaced>> {
    let Some(mut found) = messages::message(s, app, uid).await? else { return Ok(None) };
    let (row, _) = place_of(s, app, found.conversation).await?;
    let place = found.seq.map_or(0, number);
    let (name, body) = (content.name.as_str(), content.body());
    let at = if content.is_gone() { moment(s, app, row, at).await? } else { at };
    let done = query("update messages set name = $2, body = $3, checksum = $4, recalled_at = $5 where id = $1")
        .bind(uid.number())
        .bind(name)
        .bind(body)
        .bind(checksum(uid.number(), place, name, body))
        .bind(content.is_gone().then_some(at.get()))
        .execute(&mut *s.conn)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    query("delete from mentions where conversation_id = $1 and seq = $2")
        .bind(row)
        .bind(place)
        .execute(&mut *s.conn)
        .await?;
    files::drop_of(s, uid.number()).await?;
    found::again(s, uid.number(), content).await?;
    found.content = content.clone();
    if found.content.is_gone() {
        outbox::message_recalled(s, app, &found, at).await?;
    }
    Ok(Some(Replaced { message: found, at }))
}

/// The time of a recall: after everything that anybody of the app got, as for a large group, because recalls are few. The
/// people of the conversation know by it that something came. Locks come in the order that appends keep.
async fn moment(s: &mut Session<'_>, app: &AppKey, conversation: i64, clock: Millis) -> Work<Millis> {
    let app = s.app(app).await?;
    query("select id from conversations where id = $1 for no key update")
        .bind(conversation)
        .execute(&mut *s.conn)
        .await?;
    let everybody = query("select everybody from app_moments where app_id = $1 for update")
        .bind(app)
        .fetch_optional(&mut *s.conn)
        .await?;
    let everybody = maybe(everybody.as_ref(), |row| get::<i64>(row, 0))?.unwrap_or(0);
    let at = Millis::new(clock.get().max(everybody.max(newest(s).await?) + 1));
    query("update app_moments set everybody = $2 where app_id = $1")
        .bind(app)
        .bind(at.get())
        .execute(&mut *s.conn)
        .await?;
    stir(s, conversation, at).await?;
    Ok(at)
}

/// A participant's row is there.
pub(super) async fn is_inside(s: &mut Session<'_>, conversation: i64, user: i64) -> Work<bool> {
    let row = query("select exists (select 1 from participants where conversation_id = $1 and user_id = $2)")
        .bind(conversation)
        .bind(user)
        .fetch_one(&mut *s.conn)
        .await?;
    Ok(row.try_get(0)?)
}
