//! How far somebody got.

use rusqlite::{OptionalExtension, params};

use super::{
    error::Work,
    head::Read,
    ledger::Ledger,
    messages::{number, seq},
};
use crate::{
    model::{AppKey, ConversationId, Millis, Seq, UserId},
    store::{StoreError, Watermarks},
};

/// A receipt.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) app: AppKey,
    pub(super) conversation: ConversationId,
    pub(super) user: UserId,
    pub(super) delivered: Option<Seq>,
    pub(super) read: Option<Seq>,
    pub(super) at: Millis,
}

/// Moves somebody's watermarks forward.
pub(super) fn mark(ledger: &mut Ledger, mark: &Mark) -> Work<Watermarks> {
    let app = ledger.app(&mark.app)?;
    let user = ledger.user(app, &mark.user)?;
    let head = ledger.head(app, mark.conversation)?;
    let (row, head_seq, head_counted) = (head.row, head.seq, head.counted);
    let member = ledger.member(mark.conversation, user)?.ok_or(StoreError::NoConversation)?;
    let cut = |seq: Seq| number(seq).min(head_seq);
    let read = mark.read.map(cut).filter(|read| *read > member.read);
    let delivered = mark.delivered.map_or(0, cut).max(read.unwrap_or(0));
    let read = match read {
        Some(seq) if seq == head_seq => Some(Read { seq, counted: head_counted }),
        Some(seq) => Some(Read { seq, counted: counted_at(ledger, row, seq)? }),
        None => None,
    };
    let member = ledger.member(mark.conversation, user)?.ok_or(StoreError::NoConversation)?;
    let moved = member.advance(delivered, read, mark.at.get());
    let marks = Watermarks { delivered: seq(member.delivered), read: seq(member.read), moved };
    if moved {
        ledger.moved(mark.conversation);
    }
    Ok(marks)
}

/// Counted messages up to a place.
pub(super) fn counted_at(ledger: &Ledger, conversation: i64, seq: i64) -> rusqlite::Result<i64> {
    let counted = ledger
        .conn
        .prepare_cached(
            "select counted
            from messages
            where conversation_id = ?1
              and seq <= ?2
            order by seq desc
            limit 1",
        )?
        .query_row(params![conversation, seq], |row| row.get(0))
        .optional()?;
    Ok(counted.unwrap_or(0))
}
