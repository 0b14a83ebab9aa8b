//! One connection to a server of this protocol, from its first frame to its end.
//!
//! The server speaks first. Once let in the client pulls, and what is pushed to it before that pull was answered is left
//! to the pull. Every time in the protocol belongs to the server; ours only measure patience.
//! Source: compatible protocol, "Connection life" and "Delivery".

use std::collections::{BTreeMap, VecDeque};

use prost::Message as _;
use serde_json::json;

use super::super::{
    frame::{Answer, BadFrame, ClientFrame, ConnAck, Push, Request, ServerFrame, read_body},
    text,
    topic::{Asking, Sending, Telling},
};
use crate::{
    model::{
        Content, Kind, Millis, ObjectName,
        content::names,
        upstream::{Peer, Seat},
    },
    proto::rong::{
        DownStreamMessage, DownStreamMessages, HistoryMessagesOuput, HistoryMsgInput, NotifyMsg, SyncRequestMsg,
        UpStreamMessage,
    },
};

pub use told::{End, Heard, Ticket, Told};

mod told;

/// How long the server may take to let us in, in milliseconds.
const GREETING: i64 = 10_000;
/// How long it may take to answer.
const ANSWER: i64 = 20_000;
/// How often it is asked whether it is there.
const PING_EVERY: i64 = 30_000;
/// How long it may take to say so.
const PONG: i64 = 10_000;
/// How often what came is asked for although nobody said that there is something.
const PULL_EVERY: i64 = 180_000;
/// Most requests that wait for an answer.
const MOST_ASKED: usize = 64;
/// Most pages that are pulled one after the other without a word of the server.
const MOST_PAGES: u32 = 100;
/// The direction of one's own messages.
const OWN: i32 = 1;
/// A notice about a chatroom.
const CHATROOM: i32 = 2;

/// What a request was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    HandedUp(Ticket),
    /// With the times that were known when it was asked: what was pushed meanwhile does not hide what is listed.
    Pull {
        pages: u32,
        received: Millis,
        sent: Millis,
    },
    History,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    /// In; the first pull is not over.
    CatchingUp,
    Live,
    Over,
}

/// One connection's state.
#[derive(Debug)]
pub struct Line {
    kind: Kind,
    peer: String,
    user: String,
    stage: Stage,
    received: Millis,
    sent: Millis,
    asked: BTreeMap<u16, (What, Millis)>,
    last_id: u16,
    greeted_by: Millis,
    ping_at: Millis,
    pong_by: Option<Millis>,
    pull_at: Millis,
    /// There is something newer than what is being pulled.
    pull_again: bool,
    frames: VecDeque<Vec<u8>>,
    told: VecDeque<Told>,
}

impl Line {
    /// A line that was just opened.
    pub fn new(peer: &Peer, seat: &Seat, now: Millis) -> Self {
        Self {
            kind: match peer {
                Peer::Service(_) => Kind::Service,
                Peer::User(_) => Kind::Private,
            },
            peer: peer.id().to_owned(),
            user: String::new(),
            stage: Stage::Greeting,
            received: seat.received_at,
            sent: seat.sent_at,
            asked: BTreeMap::new(),
            last_id: 0,
            greeted_by: after(now, GREETING),
            ping_at: after(now, PING_EVERY),
            pong_by: None,
            pull_at: after(now, PULL_EVERY),
            pull_again: false,
            frames: VecDeque::new(),
            told: VecDeque::new(),
        }
    }

    /// The next frame to send.
    pub fn frame(&mut self) -> Option<Vec<u8>> {
        self.frames.pop_front()
    }

    /// The next thing to know.
    pub fn told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// Whether it is at its end.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// Hands a message up. `false`: there is no room, or the line is over.
    pub fn say(&mut self, ticket: Ticket, content: &Content, now: Millis) -> bool {
        let flags = content.name.flags();
        let message = UpStreamMessage {
            session_id: i32::from(flags.stored) | i32::from(flags.counted) << 1,
            classname: content.name.to_string(),
            content: content.body().as_bytes().to_vec(),
            config_flag: Some(0),
            ..UpStreamMessage::default()
        };
        let (topic, target) = (Sending::to(self.kind), self.peer.clone());
        self.publish(ticket, topic, target, &message, now)
    }

    /// Takes one of our messages back. As [`Line::say`].
    pub fn recall(&mut self, ticket: Ticket, uid: &str, sent_at: Millis, now: Millis) -> bool {
        let notice = json!({
            "messageUId": uid,
            "conversationType": self.kind.number(),
            "targetId": self.peer,
            "sentTime": sent_at,
        });
        let message = UpStreamMessage {
            session_id: 1,
            classname: names::RECALLED.to_owned(),
            content: notice.to_string().into_bytes(),
            config_flag: Some(0),
            ..UpStreamMessage::default()
        };
        self.publish(ticket, Sending::Recall, self.user.clone(), &message, now)
    }

    /// Asks for a page of what was said with the peer before an instant; 0: the newest. As [`Line::say`].
    pub fn ask_history(&mut self, before: Millis, count: u8, now: Millis) -> bool {
        let asking = match self.kind {
            Kind::Service => Asking::HistoryService,
            _ => Asking::HistoryPrivate,
        };
        let input = HistoryMsgInput {
            target_id: Some(self.peer.clone()),
            time: Some(before.get()),
            count: Some(count.into()),
            order: Some(0),
            bus_channel: None,
        };
        self.query(What::History, asking, self.peer.clone(), &input, now)
    }

    /// Hears one binary message of the server.
    pub fn hear(&mut self, bytes: &[u8], now: Millis) {
        if self.stage == Stage::Over {
            return;
        }
        if self.take(bytes, now).is_err() {
            self.end(End::Broken);
        }
    }

    /// What the passing of time asks for.
    pub fn tick(&mut self, now: Millis) {
        if self.stage == Stage::Over {
            return;
        }
        let late =
            self.asked.values().any(|(_, until)| *until <= now) || self.pong_by.is_some_and(|until| until <= now);
        if late || (self.stage == Stage::Greeting && self.greeted_by <= now) {
            self.end(End::Silent);
            return;
        }
        if self.stage == Stage::Greeting {
            return;
        }
        if self.ping_at <= now {
            self.frames.push_back(ClientFrame::Ping.encode());
            self.ping_at = after(now, PING_EVERY);
            self.pong_by.get_or_insert(after(now, PONG));
        }
        if self.pull_at <= now {
            self.pull(false, 0, now);
        }
    }

    /// When [`Line::tick`] is to be called at the latest.
    pub fn next_tick(&self) -> Millis {
        if self.stage == Stage::Greeting {
            return self.greeted_by;
        }
        let answers = self.asked.values().map(|(_, until)| *until);
        answers.chain(self.pong_by).chain([self.ping_at, self.pull_at]).min().unwrap_or(self.ping_at)
    }

    fn take(&mut self, bytes: &[u8], now: Millis) -> Result<(), BadFrame> {
        match ServerFrame::decode(bytes)? {
            ServerFrame::ConnAck(ack) => self.greeted(ack, now),
            ServerFrame::Publish(push) => self.pushed(&push, now)?,
            ServerFrame::PubAck { id, status, at, uid } => {
                if let Some((What::HandedUp(ticket), _)) = self.asked.remove(&id) {
                    // Some words were replaced, but it was sent.
                    let taken = status == 0 || (status == super::refusal::REPLACED && !uid.is_empty());
                    if taken {
                        self.sent = self.sent.max(at);
                    }
                    self.told.push_back(Told::Answered(ticket, if taken { Ok((uid, at)) } else { Err(status) }));
                }
            }
            ServerFrame::QueryAck(answer) => self.answered(&answer, now)?,
            ServerFrame::Pong => self.pong_by = None,
            ServerFrame::Disconnect(status) => self.end(match status {
                1 => End::Kicked,
                2 | 5 => End::Blocked,
                6 => End::Moved,
                _ => End::Closed,
            }),
        }
        Ok(())
    }

    fn greeted(&mut self, ack: ConnAck, now: Millis) {
        match ack {
            ConnAck::Accepted { user, .. } if self.stage == Stage::Greeting => {
                self.user = user;
                self.stage = Stage::CatchingUp;
                self.told.push_back(Told::In);
                self.pull(true, 0, now);
            }
            ConnAck::Accepted { .. } => {}
            ConnAck::Refused(status) => self.end(match status {
                2 | 4 | 5 | 10 => End::Token,
                6 => End::Moved,
                7 | 8 => End::App,
                9 => End::Blocked,
                _ => End::Closed,
            }),
        }
    }

    fn pushed(&mut self, push: &Push, now: Millis) -> Result<(), BadFrame> {
        if push.synced {
            // A copy of what we said elsewhere; the pull has it with its id.
            self.pull(true, 0, now);
            return Ok(());
        }
        if push.wants_answer {
            self.frames.push_back(ClientFrame::PubAck { id: push.id }.encode());
        }
        match Telling::from_name(&push.topic) {
            Some(Telling::Message) if self.stage == Stage::Live => {
                let message: DownStreamMessage = read_body(&push.body)?;
                self.told_of(message);
            }
            Some(Telling::Notice) => {
                let notice: NotifyMsg = read_body(&push.body)?;
                let news = notice.time.is_none_or(|time| time > self.received.get());
                if notice.r#type != CHATROOM && news {
                    self.pull(false, 0, now);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, answer: &Answer, now: Millis) -> Result<(), BadFrame> {
        if answer.wants_answer {
            self.frames.push_back(ClientFrame::QueryCon { id: answer.id }.encode());
        }
        match self.asked.remove(&answer.id) {
            Some((What::Pull { pages, received, sent }, _)) => self.pulled(answer, (received, sent), pages, now),
            Some((What::History, _)) if answer.status != 0 => {
                self.told.push_back(Told::History(Err(answer.status)));
                Ok(())
            }
            Some((What::History, _)) => {
                let page: HistoryMessagesOuput = read_body(&answer.body)?;
                let more = page.has_msg == 1;
                let heard = page.list.into_iter().filter_map(|message| self.with_peer(message)).collect();
                self.told.push_back(Told::History(Ok((heard, more))));
                Ok(())
            }
            Some((What::HandedUp(_), _)) | None => Ok(()),
        }
    }

    fn pulled(
        &mut self,
        answer: &Answer,
        (received, sent): (Millis, Millis),
        pages: u32,
        now: Millis,
    ) -> Result<(), BadFrame> {
        if answer.status != 0 {
            // Without it we do not know what we missed.
            self.end(End::Closed);
            return Ok(());
        }
        let mut page: DownStreamMessages = read_body(&answer.body)?;
        page.list.sort_by_key(|message| message.data_time);
        let mut news = false;
        for message in page.list {
            let known = if is_own(&message, &self.user) { sent } else { received };
            if message.data_time > known.get() {
                news = true;
                self.told_of(message);
            }
        }
        let more = page.finished == Some(false) && news && pages < MOST_PAGES;
        if more || std::mem::take(&mut self.pull_again) {
            self.pull(self.stage == Stage::CatchingUp, if more { pages + 1 } else { 0 }, now);
        } else if self.stage == Stage::CatchingUp {
            self.stage = Stage::Live;
            self.told.push_back(Told::CaughtUp);
        }
        Ok(())
    }

    /// Tells of a message with the peer, and moves the times on.
    fn told_of(&mut self, message: DownStreamMessage) {
        let (at, own) = (Millis::new(message.data_time), is_own(&message, &self.user));
        let known = if own { &mut self.sent } else { &mut self.received };
        *known = at.max(*known);
        if let Some(heard) = self.with_peer(message) {
            self.told.push_back(Told::Message(Box::new(heard)));
        }
    }

    /// A message of the conversation with the peer; others are none of the visitor's, and what has no readable content
    /// is nothing.
    fn with_peer(&self, message: DownStreamMessage) -> Option<Heard> {
        let own = is_own(&message, &self.user);
        let target = if own { message.group_id.as_deref()? } else { message.from_user_id.as_str() };
        if message.r#type != i32::from(self.kind.number()) || target != self.peer {
            return None;
        }
        let name: ObjectName = message.classname.parse().ok()?;
        let body = serde_json::value::RawValue::from_string(text::read_lossy(&message.content).into_owned()).ok()?;
        Some(Heard {
            content: Content::new(name, body).ok()?,
            from: message.from_user_id,
            own,
            uid: message.msg_id.filter(|uid| uid.len() <= 64).unwrap_or_default(),
            at: Millis::new(message.data_time),
        })
    }

    fn pull(&mut self, own_too: bool, pages: u32, now: Millis) {
        if matches!(self.stage, Stage::Greeting | Stage::Over) {
            return;
        }
        if self.asked.values().any(|(what, _)| matches!(what, What::Pull { .. })) {
            self.pull_again = true;
            return;
        }
        self.pull_at = after(now, PULL_EVERY);
        let input = SyncRequestMsg {
            sync_time: self.received.get(),
            ispolling: false,
            isweb: Some(true),
            is_pull_send: own_too.then_some(true),
            is_keeping: None,
            send_box_sync_time: Some(self.sent.get()),
            broadcast_sync_time: None,
        };
        let what = What::Pull { pages, received: self.received, sent: self.sent };
        self.query(what, Asking::Pull, self.user.clone(), &input, now);
    }

    fn publish(
        &mut self,
        ticket: Ticket,
        topic: Sending,
        target: String,
        message: &UpStreamMessage,
        now: Millis,
    ) -> bool {
        let Some(id) = self.new_id() else { return false };
        self.asked.insert(id, (What::HandedUp(ticket), after(now, ANSWER)));
        let (topic, body) = (topic.name().to_owned(), message.encode_to_vec());
        self.frames.push_back(ClientFrame::Publish(Request { topic, target, id, wants_answer: true, body }).encode());
        true
    }

    fn query(&mut self, what: What, topic: Asking, target: String, input: &impl prost::Message, now: Millis) -> bool {
        let Some(id) = self.new_id() else { return false };
        self.asked.insert(id, (what, after(now, ANSWER)));
        let (topic, body) = (topic.name().to_owned(), input.encode_to_vec());
        self.frames.push_back(ClientFrame::Query(Request { topic, target, id, wants_answer: false, body }).encode());
        true
    }

    /// 1–65,535, and none that waits for an answer.
    fn new_id(&mut self) -> Option<u16> {
        if self.asked.len() >= MOST_ASKED || matches!(self.stage, Stage::Greeting | Stage::Over) {
            return None;
        }
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.asked.contains_key(&self.last_id) {
                return Some(self.last_id);
            }
        }
    }

    fn end(&mut self, end: End) {
        self.stage = Stage::Over;
        self.asked.clear();
        self.told.push_back(Told::Over(end));
    }
}

fn is_own(message: &DownStreamMessage, user: &str) -> bool {
    message.direction == Some(OWN) || message.from_user_id == user
}

const fn after(now: Millis, millis: i64) -> Millis {
    Millis::new(now.get().saturating_add(millis))
}

#[cfg(test)]
mod tests;
