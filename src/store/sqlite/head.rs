//! Where a conversation stands, as the writer remembers it between messages.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{moments::Inside, rows::key_of};
use crate::model::ConversationId;

/// Participants remembered per conversation from one batch to the next: those who write and read now.
const REMEMBERED: usize = 64;
/// Participants' rows know when something was last said to the minute.
const STEP_MS: i64 = 60_000;

/// The moving part of a conversation's row, and of the rows of those participants who did something lately.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) row: i64,
    pub(super) app: i64,
    pub(super) seq: i64,
    /// The newest place that everybody was told of.
    pub(super) told: i64,
    pub(super) counted: i64,
    pub(super) changed_at: i64,
    /// Time of the newest message, as far as it was kept since the head is remembered.
    pub(super) said_at: i64,
    /// Nothing was said after this, as the participants' rows know.
    quiet_after: i64,
    inside: Option<Inside>,
    pub(super) waiting_since: Option<i64>,
    pub(super) visitor: Option<i64>,
    pub(super) desk: DeskSide,
    /// Only the owner and those allowed may write.
    pub(super) silenced: bool,
    members: HashMap<i64, Member>,
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

/// One participant: how far they got, and what they may do.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) delivered: i64,
    pub(super) read: i64,
    pub(super) read_counted: i64,
    pub(super) read_at: Option<i64>,
    privileged: bool,
    silenced: bool,
    silenced_until: Option<i64>,
    unwritten: bool,
}

impl Head {
    pub(super) fn load(conn: &Connection, id: ConversationId) -> rusqlite::Result<Option<Self>> {
        let head = conn
            .prepare_cached(
                "select id, app_id, seq, counted, changed_at, waiting_since, visitor_id,
                  iif(dismissed_at is null, stage, 'ended'), silenced, told
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
                    silenced: row.get(8)?,
                    told: row.get(9)?,
                    said_at: i64::MIN,
                    quiet_after: i64::MIN,
                    inside: None,
                    members: HashMap::new(),
                    unwritten: false,
                    waiting_since_moved: false,
                })
            })
            .optional()?;
        Ok(head)
    }

    /// The participant with this row. A group may have thousands: they are looked up one by one.
    pub(super) fn member(&mut self, conn: &Connection, user: i64) -> rusqlite::Result<Option<&mut Member>> {
        if !self.members.contains_key(&user) {
            let Some(member) = Member::load(conn, self.row, user)? else { return Ok(None) };
            if self.members.len() >= REMEMBERED && !self.unwritten {
                self.members.clear();
            }
            self.members.insert(user, member);
        }
        Ok(self.members.get_mut(&user))
    }

    /// Who is inside, as long as the head is remembered: whoever changes that forgets it.
    pub(super) fn inside(&mut self, conn: &Connection) -> rusqlite::Result<&Inside> {
        let inside = match self.inside.take() {
            Some(inside) => inside,
            None => people(conn, self.row)?,
        };
        Ok(self.inside.insert(inside))
    }

    pub(super) fn wait_since(&mut self, since: Option<i64>) {
        if self.waiting_since != since {
            self.waiting_since = since;
            self.waiting_since_moved = true;
        }
    }

    /// Lets the participants' rows know that something was said at this time. They are raised to the end of the minute, so
    /// that most messages touch none of them; in large groups once and for all.
    pub(super) fn stir(&mut self, conn: &Connection, at: i64) -> rusqlite::Result<()> {
        if at <= self.quiet_after {
            return Ok(());
        }
        self.quiet_after = match self.inside(conn)? {
            Inside::Many => i64::MAX,
            Inside::Few(_) => at.saturating_add(STEP_MS - 1 - at.rem_euclid(STEP_MS)),
        };
        conn.prepare_cached(
            "update participants
            set quiet_after = ?2
            where conversation_id = ?1
              and quiet_after < ?2",
        )?
        .execute(params![self.row, self.quiet_after])
        .map(drop)
    }

    /// Brings the rows up to what is remembered.
    pub(super) fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "update conversations
            set seq = ?2, counted = ?3, changed_at = ?4, told = ?5
            where id = ?1",
        )?
        .execute(params![self.row, self.seq, self.counted, self.changed_at, self.told])?;
        self.stir(conn, self.said_at)?;
        if self.waiting_since_moved {
            conn.prepare_cached(
                "update conversations
                set waiting_since = ?2
                where id = ?1",
            )?
            .execute(params![self.row, self.waiting_since])?;
        }
        for (user, member) in self.members.iter_mut().filter(|(_, member)| member.unwritten) {
            conn.prepare_cached(
                "update participants
                set delivered = ?3, read = ?4, read_counted = ?5, read_at = ?6
                where conversation_id = ?1
                  and user_id = ?2",
            )?
            .execute(params![
                self.row,
                user,
                member.delivered,
                member.read,
                member.read_counted,
                member.read_at
            ])?;
            member.unwritten = false;
        }
        if self.members.len() > REMEMBERED {
            self.members.clear();
        }
        self.unwritten = false;
        self.waiting_since_moved = false;
        Ok(())
    }
}

/// Who is inside a conversation now.
fn people(conn: &Connection, conversation: i64) -> rusqlite::Result<Inside> {
    let people: Vec<i64> = conn
        .prepare_cached(
            "select user_id
            from participants
            where conversation_id = ?1
            limit ?2",
        )?
        .query_map(params![conversation, Inside::FEW + 1], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(if people.len() > usize::from(Inside::FEW) { Inside::Many } else { Inside::Few(people.into()) })
}

impl Member {
    fn load(conn: &Connection, conversation: i64, user: i64) -> rusqlite::Result<Option<Self>> {
        conn.prepare_cached(
            "select delivered, read, read_counted, read_at, owner or allowed, silenced, silenced_until
            from participants
            where conversation_id = ?1
              and user_id = ?2",
        )?
        .query_row(params![conversation, user], |row| {
            Ok(Self {
                delivered: row.get(0)?,
                read: row.get(1)?,
                read_counted: row.get(2)?,
                read_at: row.get(3)?,
                privileged: row.get(4)?,
                silenced: row.get(5)?,
                silenced_until: row.get(6)?,
                unwritten: false,
            })
        })
        .optional()
    }

    /// Whether they may write at this instant, while all others may or may not.
    pub(super) fn may_write(&self, all_silenced: bool, at: i64) -> bool {
        let silenced = self.silenced && self.silenced_until.is_none_or(|until| at < until);
        !silenced && (!all_silenced || self.privileged)
    }

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
