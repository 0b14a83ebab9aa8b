//! What one connection of this protocol has been told, and how it is told the next thing.
//!
//! A client throws away what is pushed to it until its first pull was answered as the last page. It stores the time of
//! each message that it handles, older or newer, and pulls from there; it does not notice duplicates. So pushes are
//! held until then, and what a client has acknowledged is not listed again when it pulls. Chatrooms are told by notice
//! and pull only. Sans-IO. Source: compatible protocol, "Delivery" and "Chat rooms".

use std::collections::VecDeque;

use crate::{
    model::{Kind, Millis},
    proto::rong::{DownStreamMessage, DownStreamMessages, NotifyMsg, SyncRequestMsg},
};

#[cfg(test)]
mod tests;

/// Messages held for a client that has not pulled yet. Beyond that the stored ones are left to a further pull.
const MOST_HELD: usize = 64;
/// Pushed messages remembered until the client's pulls have passed them. Beyond that one may be listed twice.
const MOST_REMEMBERED: usize = 256;
/// In a notice: there are messages; there are messages in a chatroom.
const MESSAGES: i32 = 1;
const CHATROOM: i32 = 2;
/// Bit of a message's status: it is kept.
const STORED: i64 = 16;

/// The state of one connection.
#[derive(Debug, Default)]
pub struct Delivery {
    /// A pull was answered with its last page.
    flows: bool,
    held: VecDeque<DownStreamMessage>,
    /// Time of the newest stored message that found no room among those held.
    spilled: Option<i64>,
    pushed: VecDeque<Pushed>,
    /// What pulls listed lately, by public id and type: an event of it may come after its answer.
    listed: VecDeque<(String, String)>,
    last_id: u16,
    /// How many of the numbers given out wait for the client's answer.
    awaited: u32,
}

/// A message that was pushed.
#[derive(Debug)]
struct Pushed {
    id: u16,
    uid: String,
    name: String,
    acked: bool,
}

/// What to tell a client.
#[derive(Debug, Clone, PartialEq)]
pub enum Tell {
    /// A message, by a PUBLISH with this number that wants an answer.
    Message(u16, Box<DownStreamMessage>),
    /// That there is something to pull.
    Notice(u16, NotifyMsg),
}

/// Which messages a pull is to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Received messages newer than this. `None`: the client has none yet; what reached no device of the user.
    pub received_after: Option<Millis>,
    /// The user's own messages newer than this; `None`: none.
    pub own_after: Option<Millis>,
}

impl Window {
    /// What a client asks for. Own messages are asked for by the pull after a connect only.
    pub fn of(asked: &SyncRequestMsg) -> Self {
        let known = |time: i64| (time > 0).then(|| Millis::new(time));
        let wants_own = asked.is_pull_send.unwrap_or(false);
        Self {
            received_after: known(asked.sync_time),
            own_after: asked.send_box_sync_time.and_then(known).filter(|_| wants_own),
        }
    }

    /// Whether a message belongs to it, for a client that has received something before.
    pub fn takes(&self, at: Millis, own: bool) -> bool {
        let after = if own { self.own_after } else { self.received_after };
        after.is_some_and(|after| at > after)
    }
}

impl Delivery {
    /// A message for this client. `None`: it is held.
    pub fn message(&mut self, message: DownStreamMessage) -> Option<Tell> {
        // What is not kept cannot be pulled.
        if message.r#type == i32::from(Kind::Chatroom.number()) && message.status & STORED != 0 {
            return Some(self.chatroom(&message));
        }
        self.direct(message)
    }

    /// The same for what no pull brings, wherever it was said.
    pub fn direct(&mut self, message: DownStreamMessage) -> Option<Tell> {
        if self.was_told(&message) {
            return None;
        }
        if self.flows {
            return Some(self.push(message));
        }
        if self.held.len() < MOST_HELD {
            self.held.push_back(message);
        } else if message.status & STORED != 0 {
            self.spilled = self.spilled.max(Some(message.data_time));
        }
        None
    }

    /// A pushed message of a chatroom would come a second time with the next pull: only its time is told.
    fn chatroom(&mut self, message: &DownStreamMessage) -> Tell {
        let notice = NotifyMsg { r#type: CHATROOM, time: Some(message.data_time), chrm_id: message.group_id.clone() };
        Tell::Notice(self.next_id(), notice)
    }

    /// The answer to a pull, from the messages of its window in any order, and what follows it. `more`: the window
    /// holds further messages, newer than all of these.
    pub fn pulled(
        &mut self,
        asked: &SyncRequestMsg,
        mut found: Vec<DownStreamMessage>,
        more: bool,
    ) -> (DownStreamMessages, Vec<Tell>) {
        found.sort_by_key(|message| message.data_time);
        let newest = found.last().map_or(asked.sync_time, |message| message.data_time).max(asked.sync_time);
        let is = |listed: &DownStreamMessage, held: &DownStreamMessage| {
            listed.msg_id == held.msg_id && listed.classname == held.classname
        };
        self.held.retain(|held| held.msg_id.is_none() || !found.iter().any(|listed| is(listed, held)));
        found.retain(|message| !self.has(message));
        for message in &found {
            if let Some(uid) = message.msg_id.clone() {
                if self.listed.len() >= MOST_REMEMBERED {
                    self.listed.pop_front();
                }
                self.listed.push_back((uid, message.classname.clone()));
            }
        }
        let answer =
            DownStreamMessages { list: found, sync_time: newest, finished: Some(!more), broadcast_sync_time: None };
        let then = if more { vec![self.notice(newest + 1)] } else { self.release() };
        (answer, then)
    }

    /// Everything that was held, oldest first; and a notice when there was more than could be held.
    fn release(&mut self) -> Vec<Tell> {
        self.flows = true;
        let mut held: Vec<_> = std::mem::take(&mut self.held).into();
        held.sort_by_key(|message| message.data_time);
        let mut tells: Vec<_> = held.into_iter().map(|message| self.push(message)).collect();
        if let Some(time) = self.spilled.take() {
            tells.push(self.notice(time));
        }
        tells
    }

    /// A number for a copy of what the user did on another device. `None` before the first pull was answered: the client
    /// counts nothing yet that the copy could change.
    pub fn copy(&mut self) -> Option<u16> {
        self.flows.then(|| self.next_id())
    }

    /// The client has the message with this number; tells its uid when that is known.
    pub fn acked(&mut self, id: u16) -> Option<&str> {
        let pushed = self.pushed.iter_mut().find(|pushed| pushed.id == id && !pushed.acked)?;
        pushed.acked = true;
        Some(&pushed.uid)
    }

    /// The client answers one of the numbers given out; `false` when it has answered as many as there were.
    pub fn answered(&mut self) -> bool {
        let was_awaited = self.awaited > 0;
        self.awaited = self.awaited.saturating_sub(1);
        was_awaited
    }

    /// Whether it was listed, pushed or is held: the same news may reach this server twice. A message and its recall have one
    /// id.
    fn was_told(&self, message: &DownStreamMessage) -> bool {
        let Some(id) = &message.msg_id else { return false };
        let is = |uid: &String, name: &String| uid == id && *name == message.classname;
        self.listed.iter().any(|(uid, name)| is(uid, name))
            || self.pushed.iter().any(|pushed| is(&pushed.uid, &pushed.name))
            || self.held.iter().any(|held| held.msg_id.as_ref().is_some_and(|uid| is(uid, &held.classname)))
    }

    fn has(&self, message: &DownStreamMessage) -> bool {
        let uid = message.msg_id.as_deref();
        self.pushed.iter().any(|pushed| {
            // A message and its recall have one id.
            pushed.acked && Some(pushed.uid.as_str()) == uid && pushed.name == message.classname
        })
    }

    fn push(&mut self, message: DownStreamMessage) -> Tell {
        let id = self.next_id();
        if let Some(uid) = message.msg_id.clone() {
            if self.pushed.len() >= MOST_REMEMBERED {
                self.pushed.pop_front();
            }
            self.pushed.push_back(Pushed { id, uid, name: message.classname.clone(), acked: false });
        }
        Tell::Message(id, Box::new(message))
    }

    fn notice(&mut self, time: i64) -> Tell {
        Tell::Notice(self.next_id(), NotifyMsg { r#type: MESSAGES, time: Some(time), chrm_id: None })
    }

    /// 1–65,535 and round again, without those that the client has not answered yet.
    fn next_id(&mut self) -> u16 {
        self.awaited = self.awaited.saturating_add(1);
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            let taken = self.pushed.iter().any(|pushed| pushed.id == self.last_id && !pushed.acked);
            if !taken {
                return self.last_id;
            }
        }
    }
}
