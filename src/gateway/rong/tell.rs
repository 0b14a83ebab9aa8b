//! What one connection is told: events become frames for its reader.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::places::Places;
use crate::{
    model::{
        Arrival, Conversation, ConversationId, Event, Kind, Message, Millis, Seq, UserId,
        chatroom::{ChatroomEvent, ChatroomNews},
        content::names,
    },
    proto::rong::{ChrmNotifyMsg, DownStreamMessages, SyncRequestMsg},
    wire::rong::{
        answer,
        delivery::{Delivery, Tell},
        dialect::Dialect,
        down::Reader,
        frame::ServerFrame,
        place::Place,
        reply,
        topic::Telling,
    },
};

/// Pushed messages of which it is not known yet that they arrived. Beyond that the oldest are marked by the next pull.
const MOST_ON_THE_WAY: usize = 256;

/// Readers remembered; beyond that somebody's reading may be told a second time.
const MOST_READ: usize = 1024;

/// What changed, in a `ChrmNotifyMsg`: attributes of a chatroom, how the user keeps conversations, a chatroom ended.
const ATTRIBUTES: i32 = 2;
const KEPT_OTHERWISE: i32 = 3;
const ENDED: i32 = 4;

/// How one connection is told.
pub(super) struct Teller {
    pub(super) user: UserId,
    pub(super) dialect: Dialect,
    pub(super) places: Places,
    delivery: Delivery,
    /// The newest time of which the client was told: what passes is told at it, so that it does not move the client.
    known: Millis,
    /// Kept messages on their way, by their public ids.
    on_the_way: VecDeque<(String, ConversationId, Seq)>,
    /// What arrived and is to be marked, by conversation.
    arrived: HashMap<ConversationId, Seq>,
    /// How far others have read, as far as the client was told.
    read: HashMap<(ConversationId, UserId), Seq>,
}

/// What an event becomes.
pub(super) enum Told {
    /// These frames; perhaps none.
    Frames(Vec<ServerFrame>),
    /// Something must be learned first.
    Learn(Lesson),
}

/// What must be looked up before an event can be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lesson {
    /// Which conversation this is.
    Place(ConversationId),
    /// Which message stands there.
    Message(ConversationId, Seq),
    /// Ways to the files that a message names.
    Files(Arc<Message>),
}

/// What was learned. `None`: there is no such thing for this reader.
pub(super) enum Learned {
    /// Of [`Lesson::Place`].
    Place(ConversationId, Option<Place>),
    /// Of [`Lesson::Message`].
    Message(Option<Box<Message>>),
    /// Of [`Lesson::Files`]: the message with its links.
    Files(Box<Message>),
}

impl Teller {
    pub(super) fn new(user: UserId, dialect: Dialect) -> Self {
        Self {
            user,
            dialect,
            places: Places::default(),
            delivery: Delivery::default(),
            known: Millis::new(0),
            on_the_way: VecDeque::new(),
            arrived: HashMap::new(),
            read: HashMap::new(),
        }
    }

    /// Turns an event into frames, with what was learned for it.
    pub(super) fn tell(&mut self, event: &Event, learned: Option<Learned>, now: Millis) -> Told {
        let conversation = match event {
            Event::Presence(seen) => return self.mention(Telling::UserStatus, &answer::presence(seen), now),
            Event::Chatroom(news) => return self.chatroom(news, now),
            Event::Mine { .. } if self.dialect.later => return self.changed(KEPT_OTHERWISE, "", now),
            Event::Message(message) | Event::Recalled { message, .. } => message.conversation,
            Event::Receipt { conversation, .. } | Event::Typing { conversation, on: true, .. } => *conversation,
            _ => return Told::Frames(Vec::new()),
        };
        if let Some(Learned::Place(of, place)) = &learned {
            match place {
                Some(place) => self.places.keep(*of, place.clone()),
                None => return Told::Frames(Vec::new()),
            }
        }
        let Some(place) = self.places.get(conversation).cloned() else {
            return Told::Learn(Lesson::Place(conversation));
        };
        match event {
            Event::Message(message) => self.message(message, &place, learned.as_ref(), now),
            Event::Recalled { message, at } => self.recalled(message, *at, &place, now),
            Event::Typing { person, .. } => self.typing(&person.id, &place, now),
            Event::Receipt { user, read, .. } => self.receipt(conversation, user, *read, &place, learned, now),
            _ => Told::Frames(Vec::new()),
        }
    }

    fn message(&mut self, message: &Arc<Message>, place: &Place, learned: Option<&Learned>, now: Millis) -> Told {
        // The reader's watermark moved with it, and that is told: once is enough.
        if message.content.name.as_str() == names::READ && place.kind.is_pair() {
            return Told::Frames(Vec::new());
        }
        let shown = match learned {
            Some(Learned::Files(shown)) => shown,
            _ if !message.content.files().is_empty() => return Told::Learn(Lesson::Files(message.clone())),
            _ => &**message,
        };
        let down = self.reader(place).message(shown);
        if place.kind != Kind::Chatroom {
            self.known = self.known.max(message.at);
            if let Some(seq) = message.seq.filter(|_| message.from.id != self.user) {
                if self.on_the_way.len() >= MOST_ON_THE_WAY {
                    self.on_the_way.pop_front();
                }
                self.on_the_way.push_back((message.uid.to_string(), message.conversation, seq));
            }
        }
        let tell = self.delivery.message(down);
        self.frames(tell.as_ref(), now)
    }

    fn recalled(&mut self, message: &Message, at: Millis, place: &Place, now: Millis) -> Told {
        let down = self.reader(place).recalled(message, at);
        if place.kind != Kind::Chatroom {
            self.known = self.known.max(at);
        }
        let tell = self.delivery.direct(down);
        self.frames(tell.as_ref(), now)
    }

    fn typing(&mut self, who: &UserId, place: &Place, now: Millis) -> Told {
        if !place.kind.is_pair() && place.kind != Kind::Service {
            return Told::Frames(Vec::new());
        }
        let down = self.reader(place).typing(who, self.known);
        let tell = self.delivery.message(down);
        self.frames(tell.as_ref(), now)
    }

    /// What happened in a chatroom besides messages.
    fn chatroom(&self, news: &ChatroomEvent, now: Millis) -> Told {
        match &news.what {
            ChatroomNews::Attributes { .. } => self.changed(ATTRIBUTES, news.handle.as_str(), now),
            ChatroomNews::Ended { .. } if self.dialect.later => self.changed(ENDED, news.handle.as_str(), now),
            _ => Told::Frames(Vec::new()),
        }
    }

    /// That something is to be asked for.
    fn changed(&self, what: i32, room: &str, now: Millis) -> Told {
        let notice = ChrmNotifyMsg { r#type: what, time: now.get(), chrm_id: room.to_owned() };
        self.mention(Telling::Changed, &notice, now)
    }

    fn mention<M: prost::Message + serde::Serialize>(&self, topic: Telling, body: &M, now: Millis) -> Told {
        Told::Frames(vec![reply::mentioned(topic, self.dialect.write(body), &self.user, now)])
    }

    /// Others' reading is told in private; the user's own on another device everywhere.
    fn receipt(
        &mut self,
        conversation: ConversationId,
        user: &UserId,
        read: Seq,
        place: &Place,
        learned: Option<Learned>,
        now: Millis,
    ) -> Told {
        let told = self.read.get(&(conversation, user.clone())).copied().unwrap_or_default();
        if read <= told || (*user != self.user && place.kind != Kind::Private) {
            return Told::Frames(Vec::new());
        }
        let newest = match learned {
            Some(Learned::Message(Some(newest))) => newest,
            Some(Learned::Message(None)) => return Told::Frames(Vec::new()),
            _ => return Told::Learn(Lesson::Message(conversation, read)),
        };
        if self.read.len() >= MOST_READ {
            self.read.clear();
        }
        self.read.insert((conversation, user.clone()), read);
        if *user == self.user && self.dialect.later {
            let copy = self.delivery.copy();
            let frames =
                copy.map(|id| reply::read_elsewhere(id, place, &newest, self.dialect, self.known.max(newest.at)));
            return Told::Frames(frames.into_iter().flatten().collect());
        }
        let down = self.reader(place).read(user, &newest, self.known);
        let tell = self.delivery.message(down);
        self.frames(tell.as_ref(), now)
    }

    /// The answer to a pull, and what follows it. Everything in the page counts as arrived.
    pub(super) fn pulled(
        &mut self,
        asked: &SyncRequestMsg,
        found: &[(Arc<Conversation>, Arrival)],
        more: bool,
        now: Millis,
    ) -> (DownStreamMessages, Vec<ServerFrame>) {
        let mut list = Vec::with_capacity(found.len());
        for (conversation, Arrival { message, taken_back }) in found {
            let Some(place) = Place::of(conversation, &self.user) else { continue };
            let reader = self.reader(&place);
            list.push(taken_back.map_or_else(|| reader.message(message), |at| reader.recalled(message, at)));
            if let Some(seq) = message.seq.filter(|_| message.from.id != self.user) {
                self.has_arrived(message.conversation, seq);
            }
            self.places.keep(message.conversation, place);
        }
        let (mut answer, then) = self.delivery.pulled(asked, list, more);
        answer.broadcast_sync_time = self.dialect.later.then_some(0);
        self.known = self.known.max(Millis::new(answer.sync_time));
        let frames = then.iter().map(|tell| reply::told(tell, &self.user, self.dialect, now)).collect();
        (answer, frames)
    }

    /// The client has what was pushed with this number; `false` when it says so more often than it was pushed to.
    pub(super) fn acked(&mut self, id: u16) -> bool {
        if let Some(uid) = self.delivery.acked(id)
            && let Some(at) = self.on_the_way.iter().position(|(on_the_way, ..)| on_the_way == uid)
            && let Some((_, conversation, seq)) = self.on_the_way.remove(at)
        {
            self.has_arrived(conversation, seq);
        }
        self.delivery.answered()
    }

    /// What arrived since the last call.
    pub(super) fn take_arrived(&mut self) -> HashMap<ConversationId, Seq> {
        std::mem::take(&mut self.arrived)
    }

    fn has_arrived(&mut self, conversation: ConversationId, seq: Seq) {
        let newest = self.arrived.entry(conversation).or_default();
        *newest = seq.max(*newest);
    }

    fn reader<'a>(&'a self, place: &'a Place) -> Reader<'a> {
        Reader { user: &self.user, place, dialect: self.dialect }
    }

    fn frames(&self, tell: Option<&Tell>, now: Millis) -> Told {
        Told::Frames(tell.into_iter().map(|tell| reply::told(tell, &self.user, self.dialect, now)).collect())
    }
}
