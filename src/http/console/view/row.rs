//! One row of the list.

use super::{
    Face, Reader, agent_of,
    time::{clock, iso, wait_level, wait_text},
    words::{carried_words, event_words, left_message, text_of},
};
use crate::{
    model::{Conversation, Role, Service, Stage, content::names, conversation::View},
    view::Locale,
};

/// One row of the list.
#[derive(Debug, Default)]
pub(in crate::http::console) struct Row {
    pub(in crate::http::console) id: String,
    pub(in crate::http::console) href: String,
    pub(in crate::http::console) open: bool,
    pub(in crate::http::console) visitor: Face,
    pub(in crate::http::console) assignee: Option<Face>,
    pub(in crate::http::console) unread: u64,
    /// How long the visitor waits; empty when they do not.
    pub(in crate::http::console) wait: String,
    pub(in crate::http::console) wait_level: &'static str,
    pub(in crate::http::console) at: String,
    pub(in crate::http::console) at_iso: String,
    pub(in crate::http::console) prefix: String,
    pub(in crate::http::console) words: String,
    pub(in crate::http::console) fact: String,
    pub(in crate::http::console) about: String,
}

impl Row {
    /// A row of `view`.
    pub(in crate::http::console) fn of(
        conversation: &Conversation,
        view: View,
        open: bool,
        reader: Reader<'_>,
    ) -> Self {
        let words = reader.words;
        let Some((service, visitor)) = conversation.service.as_ref().zip(conversation.visitor()) else {
            return Self::default();
        };
        let waited = service.waiting_since.map(|since| reader.now.since(since));
        let wait = waited.map_or_else(String::new, |ms| wait_text(ms, words));
        let unread = conversation.participant(reader.me).map_or(visitor_words(conversation), |me| me.unread);
        let (prefix, said) = last_words(conversation, reader);
        let everybody = matches!(view, View::All | View::Closed);
        let row = Self {
            id: conversation.id.to_string(),
            href: format!("/console/inbox/{}/{}", view.name(), conversation.id),
            open,
            visitor: Face::of(&visitor.person, visitor.online, words),
            assignee: agent_of(conversation, service).filter(|_| everybody).map(|agent| Face::of(agent, false, words)),
            unread,
            wait_level: waited.map_or("", wait_level),
            wait,
            at: clock(conversation.changed_at),
            at_iso: iso(conversation.changed_at),
            prefix,
            words: said,
            fact: fact(conversation, service, everybody, reader),
            about: String::new(),
        };
        Self { about: row.about(words), ..row }
    }

    fn about(&self, words: &Locale) -> String {
        let waits =
            (!self.wait.is_empty()).then(|| words.format("console-row-waiting", &[("t", self.wait.as_str().into())]));
        let unread = (self.unread > 0).then(|| words.format("console-row-unread", &[("n", self.unread.into())]));
        let said = format!("{} {}", self.prefix, self.words).trim().to_owned();
        [waits, unread, Some(said)].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// While nobody has it, what the visitor wrote counts as unread for everybody.
fn visitor_words(conversation: &Conversation) -> u64 {
    let waits =
        conversation.service.as_ref().is_some_and(|s| matches!(s.stage, Stage::Queued { .. } | Stage::Offline { .. }));
    if waits { conversation.head.seq.0.min(99) } else { 0 }
}

fn last_words(conversation: &Conversation, reader: Reader<'_>) -> (String, String) {
    let words = reader.words;
    let Some(last) = &conversation.last else { return (String::new(), words.get("console-row-empty")) };
    let said = match last.content.name.as_str() {
        names::TEXT | names::RICH | names::PRODUCT => text_of(last).unwrap_or_default(),
        names::INFO | names::RECALLED => event_words(last, conversation, reader),
        names::LEAVE_MESSAGE => left_message(last).0,
        _ => carried_words(last, words).unwrap_or_else(|| words.get("console-row-unknown")),
    };
    let prefix = match last.from.role {
        Role::Agent if last.from.id == *reader.me => words.get("console-you-prefix"),
        Role::Agent => words.format("console-person-prefix", &[("name", first_name(&last.from.name).into())]),
        Role::Robot => words.get("console-robot-prefix"),
        Role::Visitor | Role::User | Role::System => String::new(),
    };
    (prefix, said)
}

fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

fn fact(conversation: &Conversation, service: &Service, everybody: bool, reader: Reader<'_>) -> String {
    let words = reader.words;
    if everybody && let Some(agent) = agent_of(conversation, service) {
        return if agent.id == *reader.me {
            words.get("console-row-with-you")
        } else {
            words.format("console-row-with", &[("name", agent.name.as_str().into())])
        };
    }
    if matches!(service.stage, Stage::Offline { .. }) {
        return words.get("console-row-left");
    }
    let title = service.context.title.as_deref();
    title.map_or_else(String::new, |title| words.format("console-row-on", &[("title", title.into())]))
}
