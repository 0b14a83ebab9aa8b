//! What one participant does not see, and what nobody sees any more.

use rusqlite::{OptionalExtension, params};

use super::{
    directed,
    error::Work,
    files,
    ledger::Ledger,
    messages::{self, at_place, by_number, checksum, number, page_above, place_of, seq},
    outbox,
    rows::{View, key_of},
};
use crate::{
    model::{
        AppKey, Content, Conversation, ConversationId, Message, MessageUid, Millis, Seq, UserId,
        command::{History, Page},
    },
    store::{Replaced, StoreError},
};

/// A page as this reader sees it.
pub(super) fn page_for(view: &View<'_>, app: &AppKey, reader: &UserId, query: &History) -> Work<Page> {
    let Some(reader) = Reader::of(view, app, reader, query.conversation)? else {
        return messages::page(view, app, query);
    };
    let mut page = page_above(view, app, query, reader.cleared)?;
    reader.hide(view, &mut page.messages)?;
    Ok(page)
}

/// Shows the newest message of a conversation as this user sees it: one for them and some others may be newer than
/// what everybody was told.
pub(super) fn hide_last(view: &View<'_>, app: &AppKey, user: &UserId, conversation: &mut Conversation) -> Work<()> {
    let Some(reader) = Reader::of(view, app, user, conversation.id)? else { return Ok(()) };
    let own = directed::newest(view, reader.conversation, reader.user)?;
    if conversation.last.as_ref().and_then(|last| last.seq).map_or(0, number) < own {
        conversation.last = at_place(view, reader.conversation, own)?;
    }
    let Some(last) = conversation.last.take() else { return Ok(()) };
    let mut shown = vec![last];
    shown.retain(|message| message.seq.is_none_or(|seq| number(seq) > reader.cleared));
    reader.hide(view, &mut shown)?;
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
    fn of(view: &View<'_>, app: &AppKey, user: &UserId, id: ConversationId) -> rusqlite::Result<Option<Self>> {
        view.conn
            .prepare_cached(
                "select c.id, u.id, m.cleared
                from conversations c
                join apps p on p.id = c.app_id
                join users u on u.app_id = p.id
                join participants m on m.conversation_id = c.id and m.user_id = u.id
                where c.key = ?1
                  and p.key = ?2
                  and u.key = ?3",
            )?
            .query_row(params![key_of(id), app.as_str(), user.as_str()], |row| {
                Ok(Self { conversation: row.get(0)?, user: row.get(1)?, cleared: row.get(2)? })
            })
            .optional()
    }

    /// Puts marks in the places of deleted messages, and of those for others.
    fn hide(&self, view: &View<'_>, messages: &mut [Message]) -> rusqlite::Result<()> {
        let place = |message: Option<&Message>| message.and_then(|message| message.seq).map_or(0, number);
        let (first, last) = (place(messages.first()), place(messages.last()));
        let deleted = view
            .conn
            .prepare_cached(
                "select seq
                from deleted
                where conversation_id = ?1
                  and user_id = ?2
                  and seq between ?3 and ?4",
            )?
            .query_map(params![self.conversation, self.user, first, last], |row| row.get(0).map(seq))?
            .collect::<rusqlite::Result<Vec<Seq>>>()?;
        let undisclosed = directed::undisclosed(view, self.conversation, self.user, (first, last))?;
        if deleted.is_empty() && undisclosed.is_empty() {
            return Ok(());
        }
        for message in messages.iter_mut() {
            if message.seq.is_some_and(|seq| undisclosed.contains(&number(seq))) {
                *message = message.undisclosed();
            }
        }
        let is_deleted = |message: &&mut Message| message.seq.is_some_and(|seq| deleted.contains(&seq));
        for message in messages.iter_mut().filter(is_deleted) {
            message.content = Content::deleted();
        }
        Ok(())
    }
}

/// Hides messages from one participant.
pub(super) fn delete_for(
    ledger: &mut Ledger,
    app: &AppKey,
    id: ConversationId,
    user: &UserId,
    seqs: &[Seq],
) -> Work<()> {
    let app = ledger.app(app)?;
    let user = ledger.user(app, user)?;
    let head = ledger.head(app, id)?;
    let (row, newest) = (head.row, head.seq);
    ledger.member(id, user)?.ok_or(StoreError::NoConversation)?;
    for place in seqs.iter().map(|seq| number(*seq)).filter(|place| (1..=newest).contains(place)) {
        ledger
            .conn
            .prepare_cached(
                "insert into deleted (conversation_id, user_id, seq)
                values (?1, ?2, ?3)
                on conflict do nothing",
            )?
            .execute(params![row, user, place])?;
    }
    Ok(())
}

/// Puts another content in the place of a message's own.
pub(super) fn replace_content(
    ledger: &mut Ledger,
    app: &AppKey,
    uid: MessageUid,
    content: &Content,
    at: Millis,
) -> Work<Option<Replaced>> {
    let Some(found) = messages::message(&ledger.view(), app, uid)? else { return Ok(None) };
    let (row, _) = place_of(&ledger.view(), app, found.conversation)?;
    let place = found.seq.map_or(0, number);
    let at = if content.is_gone() { moment(ledger, app, found.conversation, at)? } else { at };
    let (name, body) = (content.name.as_str(), content.body());
    ledger
        .conn
        .prepare_cached(
            "update messages
            set name = ?2, body = ?3, checksum = ?4, recalled_at = ?5
            where id = ?1",
        )?
        .execute(params![
            uid.number(),
            name,
            body,
            checksum(uid.number(), place, name, body),
            content.is_gone().then_some(at.get())
        ])?;
    ledger
        .conn
        .prepare_cached(
            "delete from mentions
            where conversation_id = ?1
              and seq = ?2",
        )?
        .execute(params![row, place])?;
    files::drop_of(ledger, uid.number())?;
    let replaced = by_number(&ledger.view(), uid.number())?;
    if let Some(now) = replaced.as_ref().filter(|now| now.content.is_gone()) {
        outbox::message_recalled(ledger, app, now, at)?;
    }
    Ok(replaced.map(|message| Replaced { message, at }))
}

/// The time of a recall: those inside ask for what is newer than what they have, so it is later than that.
fn moment(ledger: &mut Ledger, app: &AppKey, id: ConversationId, clock: Millis) -> Work<Millis> {
    let app = ledger.app(app)?;
    ledger.head(app, id)?;
    let at = ledger.moment(id, clock)?;
    ledger.stir(id, at)?;
    Ok(at)
}
