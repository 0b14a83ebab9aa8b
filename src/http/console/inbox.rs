//! The inbox: list, conversation, visitor. One page at every address, complete.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data, web::Path};
use askama::Template;
use serde::Serialize;

use super::{
    page::{self, Page},
    refusal,
    session::Agent,
    setup::demo_address,
    view::{Bubble, Entry, Face, Happening, Panel, Reader, Row, Slip, entries, stage_line},
};
use crate::{
    config::Config,
    http::assets,
    im::Im,
    model::{
        AppKey, Caller, Code, Conversation, ConversationId, Fault, Message, Millis, Person, Stage,
        command::{ConversationPage, Desk, History, List, Page as MessagePage},
        conversation::View,
    },
    view::Locale,
};

/// Rows printed at first in views that go on and on.
const ROWS: u16 = 30;
/// Rows of the views that hold work: all of it.
const WORK_ROWS: u16 = 100;
/// Messages printed at first.
const MESSAGES: u16 = 50;

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

/// `GET /console`: where work is.
pub async fn start(request: HttpRequest, agent: Result<Agent, Fault>, im: Data<Im>) -> Result<HttpResponse, Fault> {
    let agent = match agent {
        Ok(agent) => agent,
        Err(fault) if fault.code == Code::Unauthorized && im.needs_setup().await? => {
            return Ok(refusal::see("/console/setup"));
        }
        Err(fault) => return refusal::answer(&request, &fault),
    };
    let desk = im.desk(agent.caller()).await?;
    let view = if desk.mine == 0 && desk.waiting > 0 { View::Waiting } else { View::Mine };
    Ok(refusal::see(&format!("/console/inbox/{}", view.name())))
}

/// `GET /console/inbox/{view}`
pub async fn list(
    request: HttpRequest,
    agent: Result<Agent, Fault>,
    path: Path<String>,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let asked = Asked { view: path.into_inner(), conversation: None };
    shown(&request, asked, agent, &im, &config).await
}

/// `GET /console/inbox/{view}/{conversation}`
pub async fn conversation(
    request: HttpRequest,
    agent: Result<Agent, Fault>,
    path: Path<(String, String)>,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let (view, conversation) = path.into_inner();
    let asked = Asked { view, conversation: Some(conversation) };
    shown(&request, asked, agent, &im, &config).await
}

/// What the address names.
struct Asked {
    view: String,
    conversation: Option<String>,
}

/// The page, or the page that says why not.
async fn shown(
    request: &HttpRequest,
    asked: Asked,
    agent: Result<Agent, Fault>,
    im: &Im,
    config: &Config,
) -> Result<HttpResponse, Fault> {
    let page = async {
        let agent = agent?;
        let found = Found::look_up(im, agent.caller(), &asked).await?;
        InboxPage::of(request, &agent, found, config).answer(request)
    };
    match page.await {
        Ok(answer) => Ok(answer),
        Err(fault) => refusal::answer(request, &fault),
    }
}

/// Everything the page shows, from the domain.
struct Found {
    app_name: String,
    sites: BTreeMap<String, String>,
    desk: Desk,
    view: View,
    list: ConversationPage,
    open: Option<(Conversation, MessagePage)>,
    now: Millis,
}

impl Found {
    async fn look_up(im: &Im, caller: &Caller, asked: &Asked) -> Result<Self, Fault> {
        let nothing = || Fault::new(Code::NotFound, "there is no such conversation");
        let view = View::from_name(&asked.view).ok_or_else(nothing)?;
        let id = asked.conversation.as_deref().map(str::parse::<ConversationId>).transpose().map_err(|_| nothing())?;
        let open = match id {
            Some(id) => Some(open(im, caller, id).await?),
            None => None,
        };
        let limit = if matches!(view, View::Waiting | View::Mine) { WORK_ROWS } else { ROWS };
        let mut list = im.conversations(caller, List { view: Some(view), limit, ..List::default() }).await?;
        if view == View::Mine {
            longest_wait_first(&mut list.conversations);
        }
        let sites = im.sites(&caller.app).await?;
        Ok(Self {
            app_name: im.app(&caller.app).await?.map(|app| app.name).unwrap_or_default(),
            sites: sites.into_iter().map(|site| (site.key.to_string(), site.name)).collect(),
            desk: im.desk(caller).await?,
            view,
            list,
            open,
            now: im.now(),
        })
    }
}

async fn open(im: &Im, caller: &Caller, id: ConversationId) -> Result<(Conversation, MessagePage), Fault> {
    let conversation = im.conversation(caller, id).await?;
    if conversation.service.is_none() {
        return Err(Fault::new(Code::NotFound, "there is no such conversation"));
    }
    let newest = History::newest(id, MESSAGES);
    Ok((conversation, im.history(caller, newest).await?))
}

/// Those whose visitor waits, longest first; then the others, newest change first, as they came.
fn longest_wait_first(conversations: &mut [Conversation]) {
    conversations.sort_by_key(|conversation| {
        let since = conversation.service.as_ref().and_then(|service| service.waiting_since);
        (since.is_none(), since)
    });
}

#[derive(Template)]
#[template(path = "console/inbox.html")]
struct InboxPage {
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

struct ViewLink {
    name: &'static str,
    title: String,
    icon: &'static str,
    key: &'static str,
    current: bool,
    counted: bool,
    count: u64,
    urgent: bool,
}

struct StatusChoice {
    name: &'static str,
    word: String,
    hint: String,
    checked: bool,
}

struct ThemeChoice {
    name: &'static str,
    word: String,
    checked: bool,
}

struct KeyGroup {
    title: String,
    keys: Vec<(&'static [&'static str], String)>,
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
    fn of(request: &HttpRequest, agent: &Agent, found: Found, config: &Config) -> Self {
        let words = page::locale(request);
        let mut page = Page::new("inbox", view_key(found.view), ICONS, words);
        page.carry(&Begin::of(agent, &found, config), Some(&agent.secret), |key| {
            !["console-setup-", "console-login-", "console-door-", "console-key"].iter().any(|no| key.starts_with(no))
                || key == "console-keyboard"
        });
        Self { page, inbox: Inbox::of(agent, found, words, config) }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, Fault> {
        self.page.answer(request, StatusCode::OK, self)
    }
}

/// What the scripts begin with: the same facts as printed, as data.
#[derive(Serialize)]
struct Begin<'a> {
    me: &'a Person,
    app: &'a AppKey,
    now: Millis,
    view: View,
    desk: &'a Desk,
    sites: &'a BTreeMap<String, String>,
    #[serde(flatten)]
    list: &'a ConversationPage,
    open: Option<BeginOpen<'a>>,
    /// Longest text of a message in characters.
    longest: usize,
    limits: Sizes,
    modules: Modules,
}

/// How large files may be, in bytes.
#[derive(Serialize)]
struct Sizes {
    image: u64,
    file: u64,
}

/// Scripts that are loaded at their first use.
#[derive(Serialize)]
struct Modules {
    emoji: String,
    lightbox: String,
}

#[derive(Serialize)]
struct BeginOpen<'a> {
    conversation: &'a Conversation,
    page: &'a MessagePage,
}

impl<'a> Begin<'a> {
    fn of(agent: &'a Agent, found: &'a Found, config: &Config) -> Self {
        Self {
            me: &agent.caller().person,
            app: &agent.caller().app,
            now: found.now,
            view: found.view,
            desk: &found.desk,
            sites: &found.sites,
            list: &found.list,
            open: found.open.as_ref().map(|(conversation, page)| BeginOpen { conversation, page }),
            longest: config.limits.text_chars,
            limits: Sizes { image: config.limits.image_bytes, file: config.limits.file_bytes },
            modules: Modules { emoji: assets::url("emoji.js"), lightbox: assets::url("lightbox.js") },
        }
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

const fn view_key(view: View) -> &'static str {
    match view {
        View::Waiting => "console-view-waiting",
        View::Mine => "console-view-mine",
        View::Closed => "console-view-closed",
        View::All => "console-view-all",
    }
}

fn views(desk: &Desk, current: View, words: &Locale) -> Vec<ViewLink> {
    let link = |view| {
        let (icon, key, count) = match view {
            View::Waiting => ("bell", "G W", Some(desk.waiting)),
            View::Mine => ("inbox", "G M", Some(desk.mine)),
            View::Closed => ("done", "G C", None),
            View::All => ("layers", "G A", None),
        };
        ViewLink {
            name: view.name(),
            title: words.get(view_key(view)),
            icon,
            key,
            current: view == current,
            counted: count.is_some(),
            count: count.unwrap_or(0),
            urgent: view == View::Waiting && desk.waiting > 0,
        }
    };
    View::ALL.into_iter().map(link).collect()
}

fn count(desk: &Desk, view: View) -> String {
    match view {
        View::Waiting => desk.waiting.to_string(),
        View::Mine => desk.mine.to_string(),
        View::Closed | View::All => String::new(),
    }
}

fn summary(view: View, waiting_for_you: u64, waiting: u64, words: &Locale) -> String {
    match view {
        View::Waiting => words.format("console-list-nobody-has", &[("n", waiting.into())]),
        View::Mine => words.format("console-list-waiting", &[("n", waiting_for_you.into())]),
        View::Closed => words.get("console-list-closed"),
        View::All => words.get("console-list-all"),
    }
}

fn statuses(words: &Locale) -> Vec<StatusChoice> {
    ["online", "busy", "away"]
        .map(|name| StatusChoice {
            name,
            word: words.get(&format!("console-status-{name}")),
            hint: words.get(&format!("console-status-{name}-hint")),
            checked: name == "online",
        })
        .into()
}

fn themes(words: &Locale) -> Vec<ThemeChoice> {
    ["system", "light", "dark"]
        .map(|name| ThemeChoice { name, word: words.get(&format!("console-theme-{name}")), checked: name == "system" })
        .into()
}

fn keys(words: &Locale) -> Vec<KeyGroup> {
    let group = |title: &str, keys: &[(&'static [&'static str], &str)]| KeyGroup {
        title: words.get(title),
        keys: keys.iter().map(|(keys, words_key)| (*keys, words.get(words_key))).collect(),
    };
    vec![
        group(
            "console-keys-list",
            &[
                (&["J"], "console-key-next"),
                (&["K"], "console-key-previous"),
                (&["↓", "↑"], "console-key-move"),
                (&["↵"], "console-key-open"),
                (&["U"], "console-key-new"),
            ],
        ),
        group(
            "console-keys-conversation",
            &[
                (&["R"], "console-key-reply"),
                (&["↵"], "console-key-send"),
                (&["⇧", "↵"], "console-key-newline"),
                (&["A"], "console-key-accept"),
                (&["D"], "console-key-decline"),
                (&["Alt", "A"], "console-key-while-typing"),
                (&["E"], "console-key-end"),
                (&["I"], "console-key-panel"),
            ],
        ),
        group(
            "console-keys-go",
            &[
                (&["G", "W"], "console-view-waiting"),
                (&["G", "M"], "console-view-mine"),
                (&["G", "C"], "console-view-closed"),
                (&["G", "A"], "console-view-all"),
            ],
        ),
        group(
            "console-keys-everywhere",
            &[
                (&["F6"], "console-key-panes"),
                (&["Esc"], "console-key-escape"),
                (&["M"], "console-key-sounds"),
                (&["\\"], "console-key-sidebar"),
                (&["?"], "console-key-sheet"),
            ],
        ),
    ]
}
