//! Where a conversation stands, as the writer remembers it between messages.

use rusqlite::{Connection, OptionalExtension, params};

use super::rows::key_of;
use crate::model::ConversationId;

/// The moving part of a conversation's row, and of its participants' rows.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) row: i64,
    pub(super) app: i64,
    pub(super) seq: i64,
    pub(super) counted: i64,
    pub(super) changed_at: i64,
    pub(super) waiting_since: Option<i64>,
    pub(super) visitor: Option<i64>,
    pub(super) desk: DeskSide,
    pub(super) members: Vec<Member>,
    /// The row is behind.
    pub(super) unwritten: bool,
    waiting_since_moved: bool,
}

/// What the desk's stage means for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeskSide {
    /// Not a service conversation.
    None,
    /// Nobody has it.
    Waiting,
    /// An agent answers.
    Human,
    /// Over.
    Ended,
}

/// One participant's watermarks.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) user: i64,
    pub(super) delivered: i64,
    pub(super) read: i64,
    pub(super) read_counted: i64,
    pub(super) read_at: Option<i64>,
    unwritten: bool,
}

impl Head {
    pub(super) fn load(conn: &Connection, id: ConversationId) -> rusqlite::Result<Option<Self>> {
        let head = conn
            .prepare_cached(
                "select id, app_id, seq, counted, changed_at, waiting_since, visitor_id,
                  iif(dismissed_at is null, stage, 'ended')
                from conversations
                where key = ?1",
            )?
            .query_row([key_of(id)], |row| {
                Ok(Self {
                    row: row.get(0)?,
                    app: row.get(1)?,
                    seq: row.get(2)?,
                    counted: row.get(3)?,
                    changed_at: row.get(4)?,
                    waiting_since: row.get(5)?,
                    visitor: row.get(6)?,
                    desk: match row.get_ref(7)?.as_str_or_null()? {
                        None => DeskSide::None,
                        Some("human") => DeskSide::Human,
                        Some("ended") => DeskSide::Ended,
                        Some(_) => DeskSide::Waiting,
                    },
                    members: Vec::new(),
                    unwritten: false,
                    waiting_since_moved: false,
                })
            })
            .optional()?;
        let Some(mut head) = head else { return Ok(None) };
        head.members = conn
            .prepare_cached(
                "select user_id, delivered, read, read_counted, read_at
                from participants
                where conversation_id = ?1",
            )?
            .query_map([head.row], |row| {
                Ok(Member {
                    user: row.get(0)?,
                    delivered: row.get(1)?,
                    read: row.get(2)?,
                    read_counted: row.get(3)?,
                    read_at: row.get(4)?,
                    unwritten: false,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Some(head))
    }

    pub(super) fn member(&mut self, user: i64) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.user == user)
    }

    pub(super) fn wait_since(&mut self, since: Option<i64>) {
        if self.waiting_since != since {
            self.waiting_since = since;
            self.waiting_since_moved = true;
        }
    }

    /// Brings the rows up to what is remembered.
    pub(super) fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "update conversations
            set seq = ?2, counted = ?3, changed_at = ?4
            where id = ?1",
        )?
        .execute(params![self.row, self.seq, self.counted, self.changed_at])?;
        if self.waiting_since_moved {
            conn.prepare_cached(
                "update conversations
                set waiting_since = ?2
                where id = ?1",
            )?
            .execute(params![self.row, self.waiting_since])?;
        }
        for member in self.members.iter_mut().filter(|member| member.unwritten) {
            conn.prepare_cached(
                "update participants
                set delivered = ?3, read = ?4, read_counted = ?5, read_at = ?6
                where conversation_id = ?1
                  and user_id = ?2",
            )?
            .execute(params![
                self.row,
                member.user,
                member.delivered,
                member.read,
                member.read_counted,
                member.read_at
            ])?;
            member.unwritten = false;
        }
        self.unwritten = false;
        self.waiting_since_moved = false;
        Ok(())
    }
}

impl Member {
    /// Moves the watermarks forward; tells whether anything moved.
    pub(super) fn advance(&mut self, delivered: i64, read: Option<Read>, at: i64) -> bool {
        let mut moved = false;
        if delivered > self.delivered {
            self.delivered = delivered;
            moved = true;
        }
        if let Some(read) = read
            && read.seq > self.read
        {
            self.read = read.seq;
            self.read_counted = read.counted;
            self.read_at = Some(at);
            self.delivered = self.delivered.max(read.seq);
            moved = true;
        }
        self.unwritten |= moved;
        moved
    }
}

/// A place up to which somebody has read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) seq: i64,
    /// Counted messages up to there.
    pub(super) counted: i64,
}
