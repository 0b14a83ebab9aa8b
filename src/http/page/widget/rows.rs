//! Messages as the first page shows them: grouped by person and day, as `static/widget/models/rows.js` does later.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use super::carried::Carried;
use crate::{
    model::{Message, Person, Role, UserId, content::names, file::Link},
    view::{Locale, people},
};

/// Consecutive messages of one person this close together are one group.
const GROUP_MS: i64 = 5 * 60 * 1000;

/// How somebody looks.
pub(in crate::http) struct Face {
    /// Their letters.
    pub(in crate::http) letters: String,
    /// Their colour, 0–7.
    pub(in crate::http) colour: u32,
}

impl Face {
    /// The face of a person.
    pub(in crate::http) fn of(person: &Person) -> Self {
        Self { letters: people::initials(&person.name), colour: people::colour_of(person.id.as_str()) }
    }
}

/// One line of the log.
pub(in crate::http) enum Row {
    /// A new day begins.
    Day {
        /// The key that the browser finds it by.
        key: String,
        /// How the day is called.
        name: String,
    },
    /// The house says something.
    Note {
        /// The key that the browser finds it by.
        key: String,
        /// What.
        text: String,
    },
    /// Somebody says something.
    Message(Box<Bubble>),
}

/// One message.
pub(in crate::http) struct Bubble {
    /// The key that the browser finds it by.
    pub(in crate::http) key: String,
    /// The visitor's own.
    pub(in crate::http) own: bool,
    /// The first of its group.
    pub(in crate::http) first: bool,
    /// The last of its group.
    pub(in crate::http) last: bool,
    /// What it says.
    pub(in crate::http) text: String,
    /// What it carries besides words.
    pub(in crate::http) carried: Option<Carried>,
    /// Its time, where it shows.
    pub(in crate::http) time: String,
    /// The same for machines.
    pub(in crate::http) iso: String,
    /// Whoever reads the page aloud says this.
    pub(in crate::http) label: String,
    /// Whose.
    pub(in crate::http) face: Face,
}

/// How the reader tells the time.
pub(in crate::http) struct Reading<'a> {
    /// Whose messages are own.
    pub(in crate::http) me: &'a UserId,
    /// The language.
    pub(in crate::http) locale: &'a Locale,
    /// Where the reader's clock hangs.
    pub(in crate::http) zone: TimeZone,
    /// Twelve hours and AM or PM.
    pub(in crate::http) twelve_hours: bool,
    /// Now.
    pub(in crate::http) now: Timestamp,
    /// The files that the reader may see.
    pub(in crate::http) links: &'a [Link],
}

impl Reading<'_> {
    /// The rows of these messages, oldest first.
    pub(in crate::http) fn rows(&self, messages: &[Message]) -> Vec<Row> {
        let mut rows = Vec::with_capacity(messages.len() + 4);
        let mut before: Option<&Message> = None;
        let after = messages.iter().skip(1).map(Some).chain([None]);
        for (message, next) in messages.iter().zip(after) {
            if before.is_none_or(|before| self.day_key(before) != self.day_key(message)) {
                rows.push(Row::Day { key: format!("day-{}", self.day_key(message)), name: self.day(message) });
            }
            rows.push(self.row(message, before, next));
            before = Some(message);
        }
        rows
    }

    fn row(&self, message: &Message, before: Option<&Message>, next: Option<&Message>) -> Row {
        let own = message.from.id == *self.me;
        let key = match &message.client_id {
            // Taken back, it is another row: a note where a bubble stood.
            _ if message.content.is_recalled() => format!("{}-recalled", message.uid),
            Some(id) if own => id.to_string(),
            _ => message.uid.to_string(),
        };
        let Some(text) = spoken(message, self.locale) else { return Row::Note { key, text: self.note(message) } };
        let last = next.is_none_or(|next| !self.grouped(message, next));
        let same_minute =
            |other: &Message| self.clock(other) == self.clock(message) && spoken(other, self.locale).is_some();
        let time = self.clock(message);
        let shows_time = last && (own || next.is_none_or(|next| !same_minute(next)));
        let name = if own { self.locale.get("msg-you") } else { message.from.name.clone() };
        let label = [("name", name.as_str().into()), ("text", text.as_str().into()), ("time", time.as_str().into())];
        Row::Message(Box::new(Bubble {
            own,
            first: before.is_none_or(|before| !self.grouped(before, message)),
            last,
            label: self.locale.format("a11y-message", &label),
            time: if shows_time { time } else { String::new() },
            iso: instant(message).to_string(),
            face: Face::of(&message.from),
            carried: Carried::of(message, self.links),
            key,
            text,
        }))
    }

    fn grouped(&self, a: &Message, b: &Message) -> bool {
        a.from.id == b.from.id
            && spoken(a, self.locale).is_some() == spoken(b, self.locale).is_some()
            && b.at.since(a.at) <= GROUP_MS
            && self.day_key(a) == self.day_key(b)
    }

    /// What the house's notes say, in the reader's words.
    fn note(&self, message: &Message) -> String {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Info {
            message: String,
            extra: String,
            user: Option<Named>,
        }
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        if message.content.is_recalled() {
            let own = message.from.id == *self.me;
            let name = [("name", message.from.name.as_str().into())];
            return if own { self.locale.get("note-recalled-own") } else { self.locale.format("note-recalled", &name) };
        }
        if message.content.name.as_str() != names::INFO {
            return self.locale.get("note-unknown");
        }
        let info: Info = message.content.view().unwrap_or_default();
        match (info.extra.as_str(), &info.user) {
            ("joined", Some(user)) => self.locale.format("note-joined", &[("name", user.name.as_str().into())]),
            ("ended_by_agent" | "ended_by_visitor" | "ended_by_timeout", _) => {
                self.locale.format("note-ended", &[("time", self.clock(message).as_str().into())])
            }
            ("message_left", _) => self.locale.get("note-left-message"),
            _ => info.message,
        }
    }

    fn clock(&self, message: &Message) -> String {
        let format = if self.twelve_hours { "%-I:%M %p" } else { "%-H:%M" };
        instant(message).to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn day_key(&self, message: &Message) -> String {
        instant(message).to_zoned(self.zone.clone()).date().to_string()
    }

    /// Today and Yesterday by name; the browser, which knows the reader's calendar, names the others.
    fn day(&self, message: &Message) -> String {
        let today = self.now.to_zoned(self.zone.clone()).date();
        let date = instant(message).to_zoned(self.zone.clone()).date();
        match (today - date).get_days() {
            0 => self.locale.get("day-today"),
            1 => self.locale.get("day-yesterday"),
            _ => date.to_string(),
        }
    }
}

/// The words of a message that is a bubble, or what it carries; `None` for what is a note.
pub(in crate::http) fn spoken(message: &Message, locale: &Locale) -> Option<String> {
    #[derive(Deserialize)]
    struct Text {
        content: String,
    }
    #[derive(Deserialize)]
    struct Left {
        msg_content: String,
    }
    match message.content.name.as_str() {
        _ if message.from.role == Role::System => None,
        names::TEXT => message.content.view::<Text>().map(|text| text.content),
        names::LEAVE_MESSAGE => message.content.view::<Left>().map(|left| left.msg_content),
        names::RICH | names::PRODUCT => message.content.card(),
        _ => Carried::of(message, &[]).map(|carried| carried.words(locale)),
    }
}

fn instant(message: &Message) -> Timestamp {
    Timestamp::from_millisecond(message.at.get()).unwrap_or(Timestamp::UNIX_EPOCH)
}
