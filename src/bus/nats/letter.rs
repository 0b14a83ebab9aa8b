//! What travels between nodes, as bytes: one byte for the kind, the node, a number, and JSON.
//!
//! Nodes of this version and of the one before or behind it run together: a kind or an event that a node does not know
//! is ignored, and so are fields that it does not know. A new field must have a default. A message's body is the same
//! bytes on the other side.

use std::{ops::ControlFlow, sync::Arc};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::{
    Audience, Conversation, ConversationId, Event, Hint, Message, Millis, Mine, NodeId, Person, Question, Seq, Tidings,
    UserId, chatroom::ChatroomEvent, command::Desk, content::Flags, presence::Presence,
};

pub(super) mod bundle;

use self::bundle::Entries;
use super::slots::Saying;

/// What is in front of the JSON.
const HEAD: usize = 17;
/// Larger ones are not looked at. NATS itself takes 1 MiB as it comes, and 64 MiB at most.
const MOST_BYTES: usize = 4 << 20;
/// Largest answer, all parts together: a page of messages with small pictures in them.
const MOST_ANSWER: usize = 32 << 20;

/// One thing that a node tells.
#[derive(Debug)]
pub(super) enum Letter<'a> {
    /// Hints for people here, each with its number.
    Bundle(Entries<'a>),
    /// A hint with this number; its copies under other subjects have the same. Nodes that know all others' slots send
    /// bundles instead; when the version before that did so is gone, this kind can go.
    Hint(u64, Folded<'a>),
    /// Tidings, counted.
    Tidings(u64, Tidings),
    /// The node is there, and has told so many tidings; and what is followed there, which the version before did not say.
    Beat(u64, Option<Saying<'a>>),
    /// The same, and it wants to hear from all others at once.
    New(u64, Option<Saying<'a>>),
    /// The node stops.
    Bye,
    /// A question to this node.
    Question(Question),
}

/// A hint whose event was not read yet: most may have nobody here.
#[derive(Debug)]
pub(super) struct Folded<'a> {
    pub(super) audience: Audience,
    /// JSON.
    event: &'a str,
}

impl Folded<'_> {
    /// Reads the event; `None` when this version does not know it.
    pub(super) fn unfold(self) -> Option<Hint> {
        let Self { audience, event } = self;
        let form: Form = serde_json::from_str(event).ok()?;
        Some(Hint { audience, event: form.into() })
    }

    /// Reads for whom a hint is that travels alone.
    fn read(body: &[u8]) -> Option<Folded<'_>> {
        #[derive(Deserialize)]
        struct Open<'a> {
            audience: Audience,
            #[serde(borrow)]
            event: &'a RawValue,
        }
        let Open { audience, event } = serde_json::from_slice(body).ok()?;
        Some(Folded { audience, event: event.get() })
    }
}

/// The kinds as bytes.
mod kind {
    pub(super) const BUNDLE: u8 = b'd';
    pub(super) const HINT: u8 = b'h';
    pub(super) const TIDINGS: u8 = b't';
    pub(super) const BEAT: u8 = b'b';
    pub(super) const NEW: u8 = b'n';
    pub(super) const BYE: u8 = b'g';
    pub(super) const QUESTION: u8 = b'q';
}

/// Reads a letter and who wrote it; `None` when it is none that this version knows.
pub(super) fn read(bytes: &[u8]) -> Option<(NodeId, Letter<'_>)> {
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let (head, body) = bytes.split_first_chunk::<HEAD>()?;
    let (kind, numbers) = head.split_first()?;
    let (node, number) = numbers.split_first_chunk::<8>()?;
    let number = u64::from_be_bytes(number.try_into().ok()?);
    let letter = match *kind {
        kind::BUNDLE => Letter::Bundle(Entries(body)),
        kind::HINT => Letter::Hint(number, Folded::read(body)?),
        kind::TIDINGS => Letter::Tidings(number, serde_json::from_slice(body).ok()?),
        kind::BEAT => Letter::Beat(number, Saying::read(body)),
        kind::NEW => Letter::New(number, Saying::read(body)),
        kind::BYE => Letter::Bye,
        kind::QUESTION => Letter::Question(serde_json::from_slice(body).ok()?),
        _ => return None,
    };
    Some((NodeId(u64::from_be_bytes(*node)), letter))
}

/// As [`read`], for tidings that this version does not know: who told them, and their number.
pub(super) fn unknown_tidings(bytes: &[u8]) -> Option<(NodeId, u64)> {
    let (head, _) = bytes.split_first_chunk::<HEAD>()?;
    let (kind, numbers) = head.split_first()?;
    let (node, number) = numbers.split_first_chunk::<8>()?;
    let number = u64::from_be_bytes(number.try_into().ok()?);
    (*kind == kind::TIDINGS).then_some((NodeId(u64::from_be_bytes(*node)), number))
}

/// A hint as bytes.
pub(super) fn hint(node: NodeId, number: u64, hint: &Hint) -> Bytes {
    #[derive(Serialize)]
    struct Open<'a> {
        audience: &'a Audience,
        event: Form,
    }
    written(kind::HINT, node, number, Some(&Open { audience: &hint.audience, event: Form::of(&hint.event) }))
}

/// Tidings as bytes.
pub(super) fn tidings(node: NodeId, number: u64, tidings: &Tidings) -> Bytes {
    written(kind::TIDINGS, node, number, Some(tidings))
}

/// A beat as bytes, and what is said of slots with it; with the wish to hear from all others. The version before does not
/// look behind the head.
pub(super) fn beat(node: NodeId, told: u64, new: bool, slots: &[u8]) -> Bytes {
    let mut bytes = head(if new { kind::NEW } else { kind::BEAT }, node, told, slots.len());
    bytes.extend_from_slice(slots);
    bytes.into()
}

/// How large a beat is that says so much of slots.
pub(super) const fn beat_length(slots: &[u8]) -> usize {
    HEAD + slots.len()
}

/// A good-bye as bytes.
pub(super) fn bye(node: NodeId) -> Bytes {
    written(kind::BYE, node, 0, None::<&()>)
}

/// A question as bytes.
pub(super) fn question(node: NodeId, question: &Question) -> Bytes {
    written(kind::QUESTION, node, 0, Some(question))
}

fn written(kind: u8, node: NodeId, number: u64, body: Option<&impl Serialize>) -> Bytes {
    let mut bytes = head(kind, node, number, if body.is_some() { 512 } else { 0 });
    if let Some(body) = body {
        serde_json::to_writer(&mut bytes, body).expect("plain data serialises into memory");
    }
    bytes.into()
}

/// The head of a letter, with room for so many bytes behind it.
fn head(kind: u8, node: NodeId, number: u64, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + room);
    bytes.push(kind);
    bytes.extend(node.0.to_be_bytes());
    bytes.extend(number.to_be_bytes());
    bytes
}

/// An answer as bytes: nothing to say, or text in parts that are not larger than `most`.
pub(super) fn answer(text: Option<&str>, most: usize) -> Vec<Bytes> {
    let Some(text) = text.map(str::as_bytes) else { return vec![Bytes::from_static(b"-")] };
    if text.len() > MOST_ANSWER {
        return vec![Bytes::from_static(b"-")];
    }
    let room = most.saturating_sub(1).max(1);
    let last = text.len().saturating_sub(1) / room;
    let part = |number: usize| {
        let bytes = text.iter().skip(number * room).take(room);
        std::iter::once(if number == last { &b'+' } else { &b'>' }).chain(bytes).copied().collect()
    };
    (0..=last).map(part).collect()
}

/// An answer of which parts came.
#[derive(Debug, Default)]
pub(super) struct Answer(Vec<u8>);

impl Answer {
    /// Takes the next part. After the last one that is the answer, or that there is none.
    pub(super) fn take(&mut self, part: &[u8]) -> ControlFlow<Option<String>> {
        let Some((kind, text)) = part.split_first() else { return ControlFlow::Break(None) };
        if self.0.len() + text.len() > MOST_ANSWER {
            return ControlFlow::Break(None);
        }
        self.0.extend(text);
        match kind {
            b'>' => ControlFlow::Continue(()),
            b'+' => ControlFlow::Break(String::from_utf8(std::mem::take(&mut self.0)).ok()),
            _ => ControlFlow::Break(None),
        }
    }
}

/// An event on its way.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Message(Whole),
    Receipt { conversation: ConversationId, user: UserId, delivered: Seq, read: Seq, at: Millis },
    Typing { conversation: ConversationId, person: Person, on: bool },
    Conversation(Arc<Conversation>),
    Recalled(Whole),
    Deleted { conversation: ConversationId, seqs: Vec<Seq> },
    Mine { conversation: ConversationId, mine: Mine },
    Chatroom(Arc<ChatroomEvent>),
    Desk(Desk),
    Presence(Presence),
    ProveAgain,
    TakenOver,
}

/// A message, and what its own form leaves out.
#[derive(Debug, Serialize, Deserialize)]
struct Whole {
    message: Arc<Message>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    flags: Option<Flags>,
    /// When it was taken back. Earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
}

impl Whole {
    fn of(message: &Arc<Message>) -> Self {
        Self { message: message.clone(), flags: message.content.chosen_flags(), at: None }
    }

    fn unwrapped(self) -> Arc<Message> {
        let Some(flags) = self.flags else { return self.message };
        let message = Arc::unwrap_or_clone(self.message);
        Arc::new(Message { content: message.content.with_flags(flags), ..message })
    }
}

impl Form {
    fn of(event: &Event) -> Self {
        match event {
            Event::Message(message) => Self::Message(Whole::of(message)),
            Event::Receipt { conversation, user, delivered, read, at } => Self::Receipt {
                conversation: *conversation,
                user: user.clone(),
                delivered: *delivered,
                read: *read,
                at: *at,
            },
            Event::Typing { conversation, person, on } => {
                Self::Typing { conversation: *conversation, person: person.clone(), on: *on }
            }
            Event::Conversation(conversation) => Self::Conversation(conversation.clone()),
            Event::Recalled { message, at } => Self::Recalled(Whole { at: Some(*at), ..Whole::of(message) }),
            Event::Deleted { conversation, seqs } => Self::Deleted { conversation: *conversation, seqs: seqs.clone() },
            Event::Mine { conversation, mine } => Self::Mine { conversation: *conversation, mine: mine.clone() },
            Event::Chatroom(news) => Self::Chatroom(news.clone()),
            Event::Desk(desk) => Self::Desk(desk.clone()),
            Event::Presence(presence) => Self::Presence(presence.clone()),
            Event::ProveAgain => Self::ProveAgain,
            Event::TakenOver => Self::TakenOver,
        }
    }
}

impl From<Form> for Event {
    fn from(form: Form) -> Self {
        match form {
            Form::Message(message) => Self::Message(message.unwrapped()),
            Form::Receipt { conversation, user, delivered, read, at } => {
                Self::Receipt { conversation, user, delivered, read, at }
            }
            Form::Typing { conversation, person, on } => Self::Typing { conversation, person, on },
            Form::Conversation(conversation) => Self::Conversation(conversation),
            Form::Recalled(whole) => {
                let at = whole.at.unwrap_or(whole.message.at);
                Self::Recalled { message: whole.unwrapped(), at }
            }
            Form::Deleted { conversation, seqs } => Self::Deleted { conversation, seqs },
            Form::Mine { conversation, mine } => Self::Mine { conversation, mine },
            Form::Chatroom(news) => Self::Chatroom(news),
            Form::Desk(desk) => Self::Desk(desk),
            Form::Presence(presence) => Self::Presence(presence),
            Form::ProveAgain => Self::ProveAgain,
            Form::TakenOver => Self::TakenOver,
        }
    }
}

#[cfg(test)]
mod tests;
