//! The log of a conversation: what was written, and what happened.

use super::{
    Face, Reader,
    face::name_of,
    time::{clock, iso},
    words::{carried_words, event_words, left_message, text_of},
};
use crate::{
    model::{Conversation, Message, Role, content::names},
    view::Locale,
};

/// One entry of the log.
#[derive(Debug)]
pub(in crate::http::console) enum Entry {
    Bubble(Bubble),
    Event(Happening),
    Slip(Slip),
}

/// What somebody wrote.
#[derive(Debug, Default)]
pub(in crate::http::console) struct Bubble {
    pub(in crate::http::console) uid: String,
    pub(in crate::http::console) side: &'static str,
    pub(in crate::http::console) author: Face,
    pub(in crate::http::console) label: String,
    /// The first of a group: name, time and face stand above it.
    pub(in crate::http::console) lead: bool,
    pub(in crate::http::console) robot: bool,
    pub(in crate::http::console) robot_word: String,
    pub(in crate::http::console) at: String,
    pub(in crate::http::console) at_iso: String,
    pub(in crate::http::console) text: String,
}

/// What happened.
#[derive(Debug, Default)]
pub(in crate::http::console) struct Happening {
    pub(in crate::http::console) uid: String,
    pub(in crate::http::console) text: String,
    pub(in crate::http::console) at: String,
    pub(in crate::http::console) at_iso: String,
}

/// A left message.
#[derive(Debug, Default)]
pub(in crate::http::console) struct Slip {
    pub(in crate::http::console) uid: String,
    pub(in crate::http::console) label: String,
    pub(in crate::http::console) title: String,
    pub(in crate::http::console) hint: String,
    pub(in crate::http::console) at: String,
    pub(in crate::http::console) at_iso: String,
    pub(in crate::http::console) text: String,
    pub(in crate::http::console) answers: Vec<(String, String)>,
}

/// The log's entries, oldest first.
pub(in crate::http::console) fn entries(
    conversation: &Conversation,
    messages: &[Message],
    reader: Reader<'_>,
) -> Vec<Entry> {
    let mut before: Option<&Message> = None;
    let mut entries = Vec::with_capacity(messages.len());
    for message in messages {
        let grouped = before.is_some_and(|before| {
            before.from.id == message.from.id
                && before.content.name == message.content.name
                && message.at.since(before.at) <= GROUP_MS
        });
        entries.push(Entry::of(message, conversation, !grouped, reader));
        before = Some(message);
    }
    entries
}

/// Words of one person within five minutes stand together.
const GROUP_MS: i64 = 5 * 60 * 1000;

impl Entry {
    fn of(message: &Message, conversation: &Conversation, lead: bool, reader: Reader<'_>) -> Self {
        match message.content.name.as_str() {
            names::TEXT | names::RICH | names::PRODUCT => Self::Bubble(Bubble::of(message, lead, reader)),
            _ if carried_words(message, reader.words).is_some() => Self::Bubble(Bubble::of(message, lead, reader)),
            names::LEAVE_MESSAGE => Self::Slip(Slip::of(message, reader)),
            _ => Self::Event(Happening {
                uid: message.uid.to_string(),
                text: event_words(message, conversation, reader),
                at: clock(message.at),
                at_iso: iso(message.at),
            }),
        }
    }
}

impl Bubble {
    fn of(message: &Message, lead: bool, reader: Reader<'_>) -> Self {
        let words = reader.words;
        let mut author = Face::of(&message.from, false, words);
        if message.from.id == *reader.me {
            author.name = words.get("console-you");
        }
        let at = clock(message.at);
        let robot = message.from.role == Role::Robot;
        let key = if robot { "console-message-robot" } else { "console-message-name" };
        Self {
            uid: message.uid.to_string(),
            side: if message.from.role.asks() { "visitor" } else { "house" },
            label: words.format(key, &[("author", author.name.as_str().into()), ("t", at.as_str().into())]),
            author,
            lead,
            robot,
            robot_word: words.get("console-robot"),
            at,
            at_iso: iso(message.at),
            text: text_of(message).or_else(|| carried_words(message, words)).unwrap_or_default(),
        }
    }

    /// The one that the browser clones.
    pub(in crate::http::console) fn blank(words: &Locale) -> Self {
        Self { robot_word: words.get("console-robot"), side: "visitor", ..Self::default() }
    }
}

impl Slip {
    fn of(message: &Message, reader: Reader<'_>) -> Self {
        let words = reader.words;
        let (text, fields) = left_message(message);
        let at = clock(message.at);
        let author = name_of(&message.from, words);
        let label =
            words.format("console-message-name", &[("author", author.as_str().into()), ("t", at.as_str().into())]);
        let known = ["msg_name", "msg_email", "msg_tel"];
        let (first, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(key, _)| known.contains(&key.as_str()));
        let first = known.iter().filter_map(|name| first.iter().find(|(key, _)| key == name)).copied();
        let answers = first
            .chain(others)
            .filter_map(|(key, value)| Some((answer_title(key, words), value.as_str()?.to_owned())))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Self { uid: message.uid.to_string(), label, at, at_iso: iso(message.at), text, answers, ..Self::blank(words) }
    }

    /// The one that the browser clones.
    pub(in crate::http::console) fn blank(words: &Locale) -> Self {
        Self { title: words.get("console-left-title"), hint: words.get("console-left-hint"), ..Self::default() }
    }
}

fn answer_title(key: &str, words: &Locale) -> String {
    match key {
        "msg_name" => words.get("console-left-name"),
        "msg_email" => words.get("console-left-email"),
        "msg_tel" => words.get("console-left-phone"),
        other => other.to_owned(),
    }
}
