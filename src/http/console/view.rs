//! Conversations and messages as the templates print them.
//!
//! Pages are printed before the reader's clock is known: times stand in UTC here and are put into local words by the
//! browser before it paints.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    model::{
        Conversation, Message, Millis, Person, Role, Service, Stage, UserId,
        content::names,
        conversation::{EndedBy, View},
    },
    view::{Locale, people},
};

/// Somebody, ready to print.
#[derive(Debug, Clone, Default)]
pub(super) struct Face {
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) colour: u32,
    /// `online`, or nothing.
    pub(super) presence: &'static str,
}

impl Face {
    pub(super) fn of(person: &Person, online: bool, words: &Locale) -> Self {
        let name = name_of(person, words);
        let initials = match guest_id(person) {
            Some(id) => id.chars().take(2).collect(),
            None => first_if_east_asian(&name).unwrap_or_else(|| people::initials(&name)),
        };
        let presence = if online { "online" } else { "" };
        Self { name, initials, colour: people::colour_of(person.id.as_str()), presence }
    }
}

/// Of a Chinese, Japanese or Korean name the family name's first character (design console §5.2).
fn first_if_east_asian(name: &str) -> Option<String> {
    let first = name.chars().next()?;
    let is_east_asian = matches!(first, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{323af}');
    is_east_asian.then(|| first.to_string())
}

/// The last four symbols of a nameless visitor's id.
fn guest_id(person: &Person) -> Option<String> {
    if !person.name.is_empty() || person.role != Role::Visitor {
        return None;
    }
    let id = person.id.as_str();
    Some(id.get(id.len().saturating_sub(4)..).unwrap_or(id).to_ascii_uppercase())
}

/// The name shown; nameless visitors are guests.
pub(super) fn name_of(person: &Person, words: &Locale) -> String {
    match guest_id(person) {
        Some(id) => words.format("console-guest", &[("id", id.as_str().into())]),
        None if person.role == Role::System => words.get("console-product"),
        None => person.name.clone(),
    }
}

/// Everything a part needs to know about who looks, and when.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) me: &'a UserId,
    pub(super) words: &'a Locale,
    pub(super) now: Millis,
}

/// One row of the list.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) href: String,
    pub(super) open: bool,
    pub(super) visitor: Face,
    pub(super) assignee: Option<Face>,
    pub(super) unread: u64,
    /// How long the visitor waits; empty when they do not.
    pub(super) wait: String,
    pub(super) wait_level: &'static str,
    pub(super) at: String,
    pub(super) at_iso: String,
    pub(super) prefix: String,
    pub(super) words: String,
    pub(super) fact: String,
    pub(super) about: String,
}

impl Row {
    /// A row of `view`.
    pub(super) fn of(conversation: &Conversation, view: View, open: bool, reader: Reader<'_>) -> Self {
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

/// What a message carries besides words: the name of a file, else what it is.
fn carried_words(message: &Message, words: &Locale) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let key = match message.content.name.as_str() {
        names::IMAGE | names::GIF => "console-kind-image",
        names::VIDEO => "console-kind-video",
        names::VOICE | "RC:VcMsg" => "console-kind-voice",
        names::FILE => {
            let named = message.content.view::<Named>().map(|named| named.name).filter(|name| !name.is_empty());
            return named.or_else(|| Some(words.get("console-kind-file")));
        }
        _ => return None,
    };
    Some(words.get(key))
}

fn last_words(conversation: &Conversation, reader: Reader<'_>) -> (String, String) {
    let words = reader.words;
    let Some(last) = &conversation.last else { return (String::new(), words.get("console-row-empty")) };
    let said = match last.content.name.as_str() {
        names::TEXT => text_of(last).unwrap_or_default(),
        names::INFO | names::RECALLED => event_words(last, conversation, reader),
        names::LEAVE_MESSAGE => left_message(last).0,
        _ => carried_words(last, words).unwrap_or_else(|| words.get("console-row-unknown")),
    };
    let prefix = match last.from.role {
        Role::Agent if last.from.id == *reader.me => words.get("console-you-prefix"),
        Role::Agent | Role::User => {
            words.format("console-person-prefix", &[("name", first_name(&last.from.name).into())])
        }
        Role::Robot => words.get("console-robot-prefix"),
        Role::Visitor | Role::System => String::new(),
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

fn agent_of<'a>(conversation: &'a Conversation, service: &Service) -> Option<&'a Person> {
    conversation.participant(service.stage.agent()?).map(|participant| &participant.person)
}

/// The header's second line.
pub(super) fn stage_line(conversation: &Conversation, reader: Reader<'_>) -> String {
    let words = reader.words;
    let Some(service) = &conversation.service else { return String::new() };
    let agent = agent_of(conversation, service);
    let mine = agent.is_some_and(|agent| agent.id == *reader.me);
    let name = agent.map_or("", |agent| agent.name.as_str());
    let at = clock(service.stage.since());
    let with_time = |key| words.format(key, &[("t", at.as_str().into()), ("name", name.into())]);
    match &service.stage {
        Stage::Queued { .. } => match service.waiting_since {
            Some(since) => {
                let wait = wait_text(reader.now.since(since), words);
                words.format("console-nobody-waiting", &[("t", wait.as_str().into())])
            }
            None => words.get("console-nobody-answered"),
        },
        Stage::Offline { .. } => words.get("console-nobody-offline"),
        Stage::Human { .. } if mine => with_time("console-with-you"),
        Stage::Human { .. } => with_time("console-with-other"),
        Stage::Ended { by: EndedBy::VisitorClosed, .. } => with_time("console-closed-by-visitor"),
        Stage::Ended { by: EndedBy::VisitorTimeout, .. } => with_time("console-closed-by-timeout"),
        Stage::Ended { by: EndedBy::AgentClosed, .. } if mine || agent.is_none() => with_time("console-closed-by-you"),
        Stage::Ended { by: EndedBy::AgentClosed, .. } => with_time("console-closed-by"),
    }
}

/// One entry of the log.
#[derive(Debug)]
pub(super) enum Entry {
    Bubble(Bubble),
    Event(Happening),
    Slip(Slip),
}

/// What somebody wrote.
#[derive(Debug, Default)]
pub(super) struct Bubble {
    pub(super) uid: String,
    pub(super) side: &'static str,
    pub(super) author: Face,
    pub(super) label: String,
    /// The first of a group: name, time and face stand above it.
    pub(super) lead: bool,
    pub(super) robot: bool,
    pub(super) robot_word: String,
    pub(super) at: String,
    pub(super) at_iso: String,
    pub(super) text: String,
}

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Happening {
    pub(super) uid: String,
    pub(super) text: String,
    pub(super) at: String,
    pub(super) at_iso: String,
}

/// A left message.
#[derive(Debug, Default)]
pub(super) struct Slip {
    pub(super) uid: String,
    pub(super) label: String,
    pub(super) title: String,
    pub(super) hint: String,
    pub(super) at: String,
    pub(super) at_iso: String,
    pub(super) text: String,
    pub(super) answers: Vec<(String, String)>,
}

/// The log's entries, oldest first.
pub(super) fn entries(conversation: &Conversation, messages: &[Message], reader: Reader<'_>) -> Vec<Entry> {
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
            names::TEXT => Self::Bubble(Bubble::of(message, lead, reader)),
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
            side: if message.from.role == Role::Visitor { "visitor" } else { "house" },
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
    pub(super) fn blank(words: &Locale) -> Self {
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
    pub(super) fn blank(words: &Locale) -> Self {
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

/// The words of a left message, and the form's other answers.
fn left_message(message: &Message) -> (String, Map<String, Value>) {
    let mut fields: Map<String, Value> = message.content.view().unwrap_or_default();
    let text = fields.remove("msg_content");
    (text.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default(), fields)
}

fn text_of(message: &Message) -> Option<String> {
    #[derive(Deserialize)]
    struct Text {
        content: String,
    }
    message.content.view::<Text>().map(|text| text.content)
}

/// What a note or an unknown content says in the reader's words.
fn event_words(message: &Message, conversation: &Conversation, reader: Reader<'_>) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Info {
        message: String,
        extra: String,
        user: Option<Who>,
    }
    #[derive(Deserialize)]
    struct Who {
        id: String,
        #[serde(default)]
        name: String,
    }
    let words = reader.words;
    let visitor = conversation.visitor().map_or_else(String::new, |visitor| name_of(&visitor.person, words));
    if message.content.is_recalled() && message.from.id == *reader.me {
        return words.get("console-event-recalled-you");
    }
    if message.content.name.as_str() != names::INFO {
        let name = name_of(&message.from, words);
        if message.content.is_recalled() {
            return words.format("console-event-recalled", &[("name", name.as_str().into())]);
        }
        return words.format("console-event-unknown", &[("name", name.as_str().into())]);
    }
    let info: Info = message.content.view().unwrap_or_default();
    let mine = info.user.as_ref().is_some_and(|who| who.id == reader.me.as_str());
    let agent = info.user.map(|who| who.name).unwrap_or_default();
    let (key, name) = match info.extra.as_str() {
        "joined" if mine => ("console-event-joined-you", agent),
        "joined" => ("console-event-joined", agent),
        "ended_by_agent" if mine => ("console-event-ended-you", agent),
        "ended_by_agent" => ("console-event-ended-agent", agent),
        "ended_by_visitor" => ("console-event-ended-visitor", visitor),
        "ended_by_timeout" => ("console-event-ended-timeout", visitor),
        "message_left" => ("console-event-left", visitor),
        _ => return info.message,
    };
    words.format(key, &[("name", name.as_str().into())])
}

/// The visitor's side of the page.
#[derive(Debug, Default)]
pub(super) struct Panel {
    pub(super) began: String,
    pub(super) online: bool,
    pub(super) presence: String,
    pub(super) page: String,
    pub(super) page_href: Option<String>,
    pub(super) referrer: String,
    pub(super) local_time: String,
    pub(super) language: String,
    pub(super) device: String,
    pub(super) site: String,
    pub(super) stars: u8,
    pub(super) stars_label: String,
    pub(super) rating_about: String,
    pub(super) rating_text: String,
}

impl Panel {
    pub(super) fn of(conversation: &Conversation, site: &str, reader: Reader<'_>) -> Self {
        let words = reader.words;
        let Some((service, visitor)) = conversation.service.as_ref().zip(conversation.visitor()) else {
            return Self::default();
        };
        let context = &service.context;
        let unknown = || words.get("console-not-known");
        let known = |value: &Option<String>| value.clone().unwrap_or_else(unknown);
        let presence = if visitor.online { "console-on-site-now" } else { "console-not-on-site" };
        let rating = service.rating.as_ref();
        let solved = rating
            .and_then(|rating| rating.solved)
            .map(|solved| words.get(if solved { "console-rating-solved" } else { "console-rating-unsolved" }));
        let tags = rating.map(|rating| rating.tags.clone()).unwrap_or_default();
        Self {
            began: words.format("console-began", &[("t", clock(conversation.created_at).as_str().into())]),
            online: visitor.online,
            presence: words.get(presence),
            page: context
                .title
                .clone()
                .or_else(|| context.page.clone())
                .unwrap_or_else(|| words.get("console-page-unknown")),
            page_href: context.page.clone().filter(|page| page.starts_with("https://") || page.starts_with("http://")),
            referrer: referrer(context.referrer.as_deref(), context.page.as_deref(), words),
            local_time: local_time(context.time_zone.as_deref(), reader.now).unwrap_or_else(unknown),
            language: known(&context.language),
            device: known(&context.device),
            site: site.to_owned(),
            stars: rating.map_or(0, |rating| rating.stars),
            stars_label: rating.map_or_else(String::new, |rating| {
                words.format("console-rating-name", &[("n", u64::from(rating.stars).into())])
            }),
            rating_about: solved.into_iter().chain(tags).collect::<Vec<_>>().join(" · "),
            rating_text: rating.map(|rating| rating.text.clone()).unwrap_or_default(),
        }
    }
}

fn referrer(referrer: Option<&str>, page: Option<&str>, words: &Locale) -> String {
    let bare = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
        rest.trim_end_matches('/').to_owned()
    };
    match (referrer, page) {
        (Some(referrer), _) => words.format("console-came-from", &[("host", bare(referrer).as_str().into())]),
        (None, Some(_)) => words.get("console-came-direct"),
        (None, None) => String::new(),
    }
}

fn local_time(zone: Option<&str>, now: Millis) -> Option<String> {
    let zone = TimeZone::get(zone?).ok()?;
    let then = Timestamp::from_millisecond(now.get()).ok()?.to_zoned(zone);
    Some(format!("{:02}:{:02}", then.hour(), then.minute()))
}

/// How long somebody waits: 1:12, 1 h 12 min, 3 d.
pub(super) fn wait_text(ms: i64, words: &Locale) -> String {
    let secs = u64::try_from(ms / 1000).unwrap_or(0);
    let (minutes, hours) = (secs / 60, secs / 3600);
    match hours {
        0 => format!("{minutes}:{:02}", secs % 60),
        1..24 => words.format("console-wait-hours", &[("h", hours.into()), ("m", (minutes % 60).into())]),
        _ => words.format("console-wait-days", &[("n", (hours / 24).into())]),
    }
}

/// The target for an answer (design console §5.5).
const TARGET_MS: i64 = 2 * 60 * 1000;

const fn wait_level(ms: i64) -> &'static str {
    match ms {
        ..TARGET_MS => "",
        TARGET_MS..240_000 => "late",
        _ => "overdue",
    }
}

/// Hours and minutes, UTC.
pub(super) fn clock(at: Millis) -> String {
    let minutes = at.get().div_euclid(60_000);
    format!("{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
}

/// For `datetime` attributes.
pub(super) fn iso(at: Millis) -> String {
    Timestamp::from_millisecond(at.get()).map_or_else(|_| String::new(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::console::page::TEXTS;

    #[test]
    fn waits_read_like_a_clock_then_like_words() {
        let words = TEXTS.best(None, "en");
        let text = |secs: i64| wait_text(secs * 1000, words);
        assert_eq!([text(0), text(72), text(4320), text(3 * 86_400)], ["0:00", "1:12", "1 h 12 min", "3 d"]);
        assert_eq!([wait_level(0), wait_level(TARGET_MS), wait_level(2 * TARGET_MS)], ["", "late", "overdue"]);
    }

    #[test]
    fn a_nameless_visitor_is_a_guest() {
        let words = TEXTS.best(None, "en");
        let id: UserId = "vabc7kq4".parse().unwrap();
        let guest = Person { id, name: String::new(), role: Role::Visitor, portrait: None };
        let face = Face::of(&guest, true, words);
        assert_eq!((face.name.as_str(), face.initials.as_str(), face.presence), ("Guest 7KQ4", "7K", "online"));
    }

    #[test]
    fn the_visitors_clock_is_theirs() {
        let noon = Millis::new(1_790_000_000_000);
        assert_eq!(local_time(Some("UTC"), noon), Some(clock(noon)));
        assert_eq!(local_time(Some("Nowhere/Land"), noon), None);
    }
}
