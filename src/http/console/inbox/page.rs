//! The inbox as its template prints it.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    Found,
    begin::Begin,
    frame::{KeyGroup, StatusChoice, ThemeChoice, ViewLink, count, keys, statuses, summary, themes, view_key, views},
};
use crate::{
    config::Config,
    http::console::{
        page::{self, Page},
        session::Agent,
        setup::demo_address,
        view::{Bubble, Entry, Face, Happening, Panel, Reader, Row, Slip, entries, stage_line},
    },
    model::{Conversation, Fault, Message, Stage, conversation::View},
    view::Locale,
};

const ICONS: &[&str] = &[
    "alert",
    "arrow-down",
    "bell",
    "check",
    "check-double",
    "chevron-start",
    "clock",
    "close",
    "done",
    "end",
    "external",
    "globe",
    "inbox",
    "info",
    "layers",
    "mail",
    "offline",
    "panel",
    "attach",
    "emoji",
    "image",
    "download",
    "play",
    "pause",
    "send",
    "sound",
    "sound-off",
    "star",
    "unfold",
];

#[derive(Template)]
#[template(path = "console/inbox.html")]
pub(super) struct InboxPage {
    page: Page,
    inbox: Inbox,
}

struct Inbox {
    app_name: String,
    me: Face,
    visitor: Face,
    status_word: String,
    statuses: Vec<StatusChoice>,
    themes: Vec<ThemeChoice>,
    view: &'static str,
    view_title: String,
    views: Vec<ViewLink>,
    count: String,
    summary: String,
    order: String,
    rows: Vec<Row>,
    empty_title: String,
    empty_fact: String,
    open: Option<Open>,
    stage: Option<(Stage, bool)>,
    panel: Panel,
    placeholder: String,
    instead: String,
    choose_title: String,
    choose_fact: String,
    waiting: u64,
    next_waiting: String,
    demo: Option<String>,
    keys: Vec<KeyGroup>,
    blank_row: Row,
    blank_bubble: Bubble,
    blank_event: Happening,
    blank_slip: Slip,
}

struct Open {
    id: String,
    label: String,
    stage: String,
    more: bool,
    messages: Vec<Entry>,
}

impl Inbox {
    fn may_take(&self) -> bool {
        matches!(self.stage, Some((Stage::Queued { .. } | Stage::Offline { .. }, _)))
    }

    fn may_write(&self) -> bool {
        matches!(self.stage, Some((Stage::Human { .. }, true)))
    }

    fn may_end(&self) -> bool {
        self.may_write() || matches!(self.stage, Some((Stage::Offline { .. }, _)))
    }
}

impl InboxPage {
    pub(super) fn of(request: &HttpRequest, agent: &Agent, found: Found, config: &Config) -> Self {
        let words = page::locale(request);
        let mut page = Page::new("inbox", view_key(found.view), ICONS, words);
        page.carry(&Begin::of(agent, &found, config), Some(&agent.secret), |key| {
            !["console-setup-", "console-login-", "console-door-", "console-key"].iter().any(|no| key.starts_with(no))
                || key == "console-keyboard"
        });
        Self { page, inbox: Inbox::of(agent, found, words, config) }
    }

    pub(super) fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, Fault> {
        self.page.answer(request, StatusCode::OK, self)
    }
}

impl Inbox {
    fn of(agent: &Agent, found: Found, words: &'static Locale, config: &Config) -> Self {
        let reader = Reader { me: agent.caller().id(), words, now: found.now };
        let view = found.view;
        let listed = |conversation: &Conversation| {
            let is_open = found.open.as_ref().is_some_and(|(open, _)| open.id == conversation.id);
            Row::of(conversation, view, is_open, reader)
        };
        let rows: Vec<Row> = found.list.conversations.iter().map(listed).collect();
        let waiting_for_you = rows.iter().filter(|row| !row.wait.is_empty()).count() as u64;
        let suffix = |part: &str| words.get(&format!("console-empty-{}{part}", view.name()));
        let open = found.open.as_ref();
        Self {
            app_name: found.app_name,
            me: Face { presence: "online", ..Face::of(&agent.caller().person, true, words) },
            visitor: open.map(|(conversation, _)| visitor(conversation, words)).unwrap_or_default(),
            status_word: words.get("console-status-online"),
            statuses: statuses(words),
            themes: themes(words),
            view: view.name(),
            view_title: words.get(view_key(view)),
            views: views(&found.desk, view, words),
            count: count(&found.desk, view),
            summary: summary(view, waiting_for_you, found.desk.waiting, words),
            order: words.get(if matches!(view, View::Waiting | View::Mine) {
                "console-order-longest"
            } else {
                "console-order-newest"
            }),
            empty_title: suffix("-list"),
            empty_fact: suffix("-fact"),
            choose_title: if rows.is_empty() { suffix("") } else { words.get("console-choose") },
            choose_fact: words.get(if rows.is_empty() { "console-quiet-online" } else { "console-choose-fact" }),
            waiting: found.desk.waiting,
            next_waiting: words.format("console-next-waiting", &[("n", found.desk.waiting.into())]),
            rows,
            stage: open.and_then(|(conversation, _)| {
                let stage = conversation.service.as_ref()?.stage.clone();
                let mine = stage.agent() == Some(reader.me);
                Some((stage, mine))
            }),
            panel: open.map(|(conversation, _)| panel(conversation, &found.sites, reader)).unwrap_or_default(),
            placeholder: open.map(|(conversation, _)| placeholder(conversation, words)).unwrap_or_default(),
            instead: open.map(|(conversation, _)| instead(conversation, reader)).unwrap_or_default(),
            open: open.map(|(conversation, page)| Open::of(conversation, &page.messages, page.more, reader)),
            demo: demo_address(config),
            keys: keys(words),
            blank_row: Row::default(),
            blank_bubble: Bubble::blank(words),
            blank_event: Happening::default(),
            blank_slip: Slip::blank(words),
        }
    }
}

impl Open {
    fn of(conversation: &Conversation, messages: &[Message], more: bool, reader: Reader<'_>) -> Self {
        let words = reader.words;
        let name = visitor(conversation, words).name;
        Self {
            id: conversation.id.to_string(),
            label: words.format("console-conversation-with", &[("name", name.as_str().into())]),
            stage: stage_line(conversation, reader),
            messages: entries(conversation, messages, reader),
            more,
        }
    }
}

fn panel(conversation: &Conversation, sites: &BTreeMap<String, String>, reader: Reader<'_>) -> Panel {
    let key = conversation.service.as_ref().map(|service| service.site.to_string()).unwrap_or_default();
    Panel::of(conversation, sites.get(&key).unwrap_or(&key), reader)
}

fn visitor(conversation: &Conversation, words: &Locale) -> Face {
    conversation.visitor().map(|visitor| Face::of(&visitor.person, visitor.online, words)).unwrap_or_default()
}

fn placeholder(conversation: &Conversation, words: &Locale) -> String {
    let name = visitor(conversation, words).name;
    words.format("console-reply-placeholder", &[("name", name.as_str().into())])
}

/// What stands in the composer's place when there is nothing to write.
fn instead(conversation: &Conversation, reader: Reader<'_>) -> String {
    let Some(service) = &conversation.service else { return String::new() };
    match &service.stage {
        Stage::Queued { .. } | Stage::Offline { .. } => reader.words.get("console-take-line"),
        Stage::Human { agent, .. } if agent == reader.me => String::new(),
        Stage::Human { agent, .. } => {
            let name = conversation.participant(agent).map_or("", |agent| agent.person.name.as_str());
            reader.words.format("console-other-line", &[("name", name.into())])
        }
        Stage::Ended { .. } => reader.words.get("console-closed-line"),
    }
}
