//! Keeping a message: the hot path.

use rusqlite::{OptionalExtension, params};

use super::{
    directed,
    error::Work,
    files,
    head::{DeskSide, Read},
    ledger::Ledger,
    messages, outbox,
};
use crate::{
    model::{AppKey, Content, Message, MessageUid, Millis, Role, Seq, content::Mentions},
    store::{
        Demand, NewMessage, StoreError,
        records::{called, digest},
    },
};

/// What became of a message.
#[derive(Debug)]
pub(super) enum Placed {
    /// It is new.
    New {
        /// Its number.
        uid: MessageUid,
        /// Its place.
        seq: Seq,
        /// Its time.
        at: Millis,
    },
    /// It was there already.
    Repeated(Box<Message>),
}

/// Where a message's number and time come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbered {
    /// A new one of ours, and so does its time.
    Mint,
    /// From elsewhere, and so does its time; a new one of ours where that cannot be had.
    There(Option<i64>),
}

/// Keeps a message. Checks everything before it writes, so that a refusal leaves nothing behind.
pub(super) fn append(ledger: &mut Ledger, app: &AppKey, new: &NewMessage) -> Work<Placed> {
    append_numbered(ledger, app, new, Numbered::Mint)
}

/// The same with a number from elsewhere.
pub(super) fn append_numbered(ledger: &mut Ledger, app: &AppKey, new: &NewMessage, numbered: Numbered) -> Work<Placed> {
    let app = ledger.app(app)?;
    let sender = ledger.user(app, &new.from.id)?;
    let head = ledger.head(app, new.conversation)?;
    let place = Place {
        conversation: head.row,
        sender,
        seq: head.seq + 1,
        counted: head.counted + i64::from(new.counted && new.only.is_empty()),
        at: new.at,
    };
    let named = new.content.files();
    let refusal = match refusal(ledger, app, sender, new)? {
        None => files::missing(ledger, (app, place.conversation, sender), &named)?,
        refusal => refusal,
    };
    if let Some(refusal) = refusal {
        // What was taken before the door closed stays taken.
        return Ok(first(ledger, &place, new)?.ok_or(refusal)?);
    }
    let recipients = directed::rows(ledger, app, new)?;
    // Later messages here are later than this one, whoever gives the time.
    let moment = ledger.moment(new.conversation, new.at)?;
    let (at, uid) = match numbered {
        Numbered::Mint => (moment, ledger.uids.mint(moment)),
        Numbered::There(None) => (new.at, ledger.uids.mint(moment)),
        Numbered::There(Some(number)) => (new.at, ledger.uids.pass(number)),
    };
    let place = Place { at, ..place };
    if !insert(ledger, uid, &place, new)? {
        return Ok(first(ledger, &place, new)?.ok_or(StoreError::NoConversation)?);
    }
    advance(ledger, app, &place, new)?;
    if let Some(original) = &new.original {
        remember_original(ledger, uid, original)?;
    }
    if !new.only.is_empty() {
        let spot = (place.conversation, place.seq, place.at);
        directed::insert(ledger, spot, place.sender, &recipients, new.counted)?;
    }
    call(ledger, app, &place, &called(new))?;
    files::bind(ledger, place.conversation, uid, &named)?;
    ledger.moved(new.conversation);
    let (uid, seq) = (MessageUid::from_number(uid), messages::seq(place.seq));
    outbox::message_sent(ledger, app, new, (uid, seq, place.at))?;
    Ok(Placed::New { uid, seq, at: place.at })
}

/// Why a message is not taken, as things stand in this transaction.
fn refusal(ledger: &mut Ledger, app: i64, sender: i64, new: &NewMessage) -> Work<Option<StoreError>> {
    if new.demand == Demand::Nothing {
        return Ok(None);
    }
    if new.demand == Demand::Again {
        return Ok(Some(StoreError::Missing("message that is sent again")));
    }
    let head = ledger.head(app, new.conversation)?;
    let (ended, all_silenced) = (head.desk == DeskSide::Ended, head.silenced);
    if ended {
        return Ok(Some(StoreError::WrongStage));
    }
    if new.demand == Demand::Open {
        return Ok(None);
    }
    Ok(match ledger.member(new.conversation, sender)? {
        None => Some(StoreError::NoConversation),
        Some(member) if new.demand == Demand::MayWrite && !member.may_write(all_silenced, new.at.get()) => {
            Some(StoreError::Silenced)
        }
        Some(_) => None,
    })
}

/// Where a message would go.
struct Place {
    conversation: i64,
    sender: i64,
    seq: i64,
    counted: i64,
    at: Millis,
}

/// Writes the row unless the client id was used before.
fn insert(ledger: &Ledger, uid: i64, place: &Place, new: &NewMessage) -> rusqlite::Result<bool> {
    let (name, body) = (new.content.name.as_str(), new.content.body());
    let checksum = messages::checksum(uid, place.seq, name, body);
    let rows = ledger
        .conn
        .prepare_cached(
            "insert into messages
              (id, conversation_id, seq, sender_id, client_id, sent_at, name, body, counted, checksum, directed)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
            on conflict (conversation_id, sender_id, client_id) where client_id is not null do nothing",
        )?
        .execute(params![
            uid,
            place.conversation,
            place.seq,
            place.sender,
            new.client_id.as_ref().map(crate::model::ClientId::as_str),
            place.at.get(),
            name,
            body,
            place.counted,
            checksum,
            !new.only.is_empty()
        ])?;
    Ok(rows == 1)
}

/// Notes whom the message calls by name. Ids that nobody has call nobody.
fn call(ledger: &mut Ledger, app: i64, place: &Place, mentions: &Mentions) -> Work<()> {
    let called: Vec<Option<i64>> = match mentions {
        Mentions::Nobody => return Ok(()),
        Mentions::Everybody => vec![None],
        Mentions::These(users) => users.iter().filter_map(|user| ledger.user(app, user).ok()).map(Some).collect(),
    };
    for user in called {
        ledger
            .conn
            .prepare_cached(
                "insert into mentions (conversation_id, seq, user_id)
                values (?1, ?2, ?3)",
            )?
            .execute(params![place.conversation, place.seq, user])?;
    }
    Ok(())
}

/// The message that used the client id first.
fn first(ledger: &Ledger, place: &Place, new: &NewMessage) -> Work<Option<Placed>> {
    let Some(client_id) = &new.client_id else { return Ok(None) };
    let id = ledger
        .conn
        .prepare_cached(
            "select id
            from messages
            where conversation_id = ?1
              and sender_id = ?2
              and client_id = ?3",
        )?
        .query_row(params![place.conversation, place.sender, client_id.as_str()], |row| row.get(0))
        .optional()?;
    let Some(id) = id else { return Ok(None) };
    let message = messages::by_number(&ledger.view(), id)?.ok_or(StoreError::NoConversation)?;
    if says_the_same(ledger, &message, new)? || message.content.is_gone() {
        Ok(Some(Placed::Repeated(Box::new(message))))
    } else {
        Err(StoreError::ClientIdReused.into())
    }
}

/// Whether a retry says what the kept message says, or what its sender wrote before it was changed on the way.
fn says_the_same(ledger: &Ledger, kept: &Message, new: &NewMessage) -> rusqlite::Result<bool> {
    let sent = new.original.as_ref().unwrap_or(&new.content);
    if kept.content == *sent {
        return Ok(true);
    }
    ledger
        .conn
        .prepare_cached(
            "select 1
            from rewritten
            where message_id = ?1
              and original = ?2",
        )?
        .exists(params![kept.uid.number(), digest(sent)])
}

fn remember_original(ledger: &Ledger, uid: i64, original: &Content) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "insert into rewritten (message_id, original)
            values (?1, ?2)",
        )?
        .execute(params![uid, digest(original)])
        .map(drop)
}

/// Moves the head, the sender's own watermarks and the visitor's wait.
fn advance(ledger: &mut Ledger, app: i64, place: &Place, new: &NewMessage) -> Work<()> {
    let at = place.at.get();
    if let Some(member) = ledger.member(new.conversation, place.sender)? {
        member.advance(place.seq, Some(Read { seq: place.seq, counted: place.counted }), at);
    }
    let head = ledger.head(app, new.conversation)?;
    head.seq = place.seq;
    head.counted = place.counted;
    head.said_at = at;
    if new.only.is_empty() {
        head.told = place.seq;
        head.changed_at = head.changed_at.max(at);
    }
    if head.desk == DeskSide::None || head.desk == DeskSide::Ended {
        return Ok(());
    }
    if head.visitor == Some(place.sender) {
        if head.waiting_since.is_none() {
            head.wait_since(Some(at));
        }
    } else if head.desk == DeskSide::Human && new.counted && new.from.role == Role::Agent {
        head.wait_since(None);
    }
    Ok(())
}
