//! `GET /w/{site}`: the page in the frame. Its first screen is complete without a script.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Path},
};
use askama::{Template, filters::Safe};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    rows::{Bubble, Face, Reading, Row, spoken},
    session::visitor_token,
};
use crate::{
    config::Config,
    http::{
        assets, error,
        headers::{self, Nonce},
        page::{self, page_data},
    },
    im::{Im, files::MOST_LINKS},
    model::{
        Caller, Conversation, Fault, FileId, Person, Site,
        command::{Desk, History, List, Page},
        conversation::Participant,
        file::Link,
        site::Origin,
    },
    view::{
        Locale, Palette,
        locale::{Text, WIDGET},
    },
};

/// Newest messages on the first screen.
const FIRST_PAGE: u16 = 30;
/// Earlier conversations on the first screen.
const EARLIER: usize = 3;

/// `GET /w/{site}`
pub async fn frame(
    request: HttpRequest,
    path: Path<String>,
    im: Data<Im>,
    config: Data<Config>,
) -> Result<HttpResponse, Fault> {
    let site = super::site(&im, &path).await?;
    let visitor = match visitor_token(&request, &config.server, &site.key) {
        Some(token) => im.authenticate_visitor(&token, &site.key).await?,
        None => None,
    };
    let mut known = match &visitor {
        Some(visitor) => Known::of(&im, &visitor.caller).await?,
        None => Known::default(),
    };
    known.limits = Limits { image: im.file_limits().image_bytes, file: im.file_limits().file_bytes };
    let languages = text(&request, header::ACCEPT_LANGUAGE);
    let locale = WIDGET.best(languages, &site.look.language);
    let desk = im.public_desk(&site.app).await?;
    let nonce = Nonce::random();
    let now = Timestamp::from_millisecond(im.now().get()).unwrap_or(Timestamp::UNIX_EPOCH);
    let me = visitor.as_ref().map(|visitor| &visitor.caller.person);
    let page = FramePage::new(&site, locale, &nonce, &desk, me, &known, &clock(languages, &known, now));
    let html = page.render().map_err(|_| error::internal())?;
    let mut answer = HttpResponse::Ok();
    headers::widget_page(&nonce, &config.server, &site.origins).set(&mut answer);
    answer.insert_header((header::VARY, "accept-language, cookie"));
    Ok(page::html(&request, answer, html))
}

fn text(request: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// What is known of a returning visitor.
#[derive(Default)]
struct Known {
    /// Newest change first.
    conversations: Vec<Conversation>,
    /// The newest page of the running one.
    page: Option<Page>,
    /// Links to the files it names.
    links: Vec<Link>,
    limits: Limits,
}

impl Known {
    async fn of(im: &Im, caller: &Caller) -> Result<Self, Fault> {
        let list = List { limit: 20, ..List::default() };
        let conversations = im.conversations(caller, list).await?.conversations;
        let mut known = Self { conversations, ..Self::default() };
        if let Some(running) = known.running() {
            let newest = History::newest(running.id, FIRST_PAGE);
            let page = im.history(caller, newest).await?;
            let mut named: Vec<FileId> = page.messages.iter().flat_map(|message| message.content.files()).collect();
            named.truncate(MOST_LINKS);
            if !named.is_empty() {
                known.links = im.links(caller, &named).await?;
            }
            known.page = Some(page);
        }
        Ok(known)
    }

    fn running(&self) -> Option<&Conversation> {
        self.conversations.iter().find(|one| one.service.as_ref().is_some_and(|service| service.stage.is_open()))
    }
}

/// How the visitor tells the time, as far as the server can know: their browser said so when they first wrote.
struct Clock {
    zone: TimeZone,
    twelve_hours: bool,
    now: Timestamp,
}

fn clock(languages: Option<&str>, known: &Known, now: Timestamp) -> Clock {
    let told = known.conversations.iter().find_map(|one| one.service.as_ref()?.context.time_zone.clone());
    let zone = told.and_then(|zone| TimeZone::get(&zone).ok()).unwrap_or(TimeZone::UTC);
    let first = languages.and_then(|list| list.split([',', ';']).next()).unwrap_or_default().trim();
    let twelve_hours = matches!(first.to_ascii_lowercase().as_str(), "" | "en" | "en-us" | "en-ca" | "en-au");
    Clock { zone, twelve_hours, now }
}

/// What the scripts of the page start from.
#[derive(Serialize)]
struct PageData<'a> {
    site: SiteData<'a>,
    language: &'a str,
    texts: std::collections::BTreeMap<&'a str, &'a Text>,
    me: Option<&'a Person>,
    now: i64,
    desk: &'a Desk,
    conversations: &'a [Conversation],
    page: Option<&'a Page>,
    modules: Modules,
    limits: Limits,
    /// The button's colours, for pages around the frame that draw their own.
    light: [String; 5],
    dark: [String; 5],
}

/// Scripts that are loaded at their first use.
#[derive(Serialize)]
struct Modules {
    emoji: String,
    lightbox: String,
}

/// How large files may be, in bytes.
#[derive(Clone, Copy, Default, Serialize)]
struct Limits {
    image: u64,
    file: u64,
}

#[derive(Serialize)]
struct SiteData<'a> {
    key: &'a str,
    name: &'a str,
    origins: &'a [Origin],
}

/// Texts of screens that this version does not have yet stay on the server.
const UNUSED: &[&str] = &[
    "comp-attach",
    "voice-transcript",
    "file-kind",
    "kind-location",
    "launcher-",
    "teaser-",
    "group-",
    "robot-",
    "list-",
    "call-",
    "compat-",
    "copy-",
    "privacy-",
    "msg-re",
    "msg-copy",
    "comp-voice",
    "comp-photo",
    "comp-camera",
    "comp-file",
    "comp-mic",
    "form-pre",
    "form-consent",
    "form-topic",
    "form-question",
    "form-start",
    "form-privacy",
    "rate-robot",
    "tag-",
    "undo",
    "done",
];

#[derive(Template)]
#[template(path = "widget/frame.html")]
struct FramePage<'a> {
    nonce: &'a str,
    locale: &'a Locale,
    site: &'a Site,
    site_face: Face,
    title: String,
    stylesheet: String,
    script: String,
    palette: Safe<String>,
    data: Safe<String>,
    /// `home`, `chat` or `leave`.
    view: &'static str,
    greeting: String,
    team: Team,
    head: Head,
    rows: Vec<Row>,
    more: bool,
    earlier: Vec<Earlier>,
    icons: &'static [&'static str],
    blank: Row,
}

/// Who is here.
struct Team {
    online: bool,
    faces: Vec<Face>,
    who: String,
    how: String,
}

/// Whom the conversation is with.
struct Head {
    name: String,
    face: Option<Face>,
    dot: &'static str,
    status: String,
}

/// A conversation in the list on the home screen.
struct Earlier {
    id: String,
    face: Option<Face>,
    title: String,
    preview: String,
    unread: u64,
}

/// Every icon that the page or its scripts show.
const ICONS: &[&str] = &[
    "chevron-start",
    "chevron-down",
    "close",
    "more",
    "send",
    "sound",
    "sound-off",
    "download",
    "end",
    "clock",
    "check",
    "check-double",
    "alert",
    "retry",
    "offline",
    "star",
    "mail",
    "attach",
    "emoji",
    "image",
    "play",
    "pause",
];

impl<'a> FramePage<'a> {
    fn new(
        site: &'a Site,
        locale: &'a Locale,
        nonce: &'a Nonce,
        desk: &Desk,
        me: Option<&Person>,
        known: &Known,
        clock: &Clock,
    ) -> Self {
        let running = known.running();
        let view = match (running, desk.online) {
            (Some(_), _) => "chat",
            (None, false) if known.conversations.is_empty() => "leave",
            (None, _) => "home",
        };
        let palette = Palette::of(&site.look.colour);
        let messages = known.page.as_ref().map(|page| page.messages.as_slice()).unwrap_or_default();
        let rows = me.map(|me| reading(locale, me, clock, &known.links).rows(messages)).unwrap_or_default();
        Self {
            nonce: nonce.as_str(),
            locale,
            site,
            site_face: site_face(site),
            title: locale.format("panel-title", &[("site", site.name.as_str().into())]),
            stylesheet: assets::url("widget.css"),
            script: assets::url("widget.js"),
            palette: Safe(palette.css()),
            data: page_data(&PageData {
                site: SiteData { key: site.key.as_str(), name: &site.name, origins: &site.origins },
                language: locale.tag(),
                texts: used_texts(locale),
                me,
                now: clock.now.as_millisecond(),
                desk,
                conversations: &known.conversations,
                page: known.page.as_ref(),
                modules: Modules { emoji: assets::url("emoji.js"), lightbox: assets::url("lightbox.js") },
                limits: known.limits,
                light: palette.light.five(),
                dark: palette.dark.five(),
            }),
            view,
            greeting: locale.get(greeting(clock)),
            team: Team::of(desk, locale),
            head: Head::of(running, desk, site, locale),
            rows,
            more: known.page.as_ref().is_some_and(|page| page.more),
            earlier: earlier(known, site, locale),
            icons: ICONS,
            blank: blank(),
        }
    }
}

fn reading<'a>(locale: &'a Locale, me: &'a Person, clock: &Clock, links: &'a [Link]) -> Reading<'a> {
    let Clock { zone, twelve_hours, now } = clock;
    Reading { me: &me.id, locale, zone: zone.clone(), twelve_hours: *twelve_hours, now: *now, links }
}

fn used_texts(locale: &Locale) -> std::collections::BTreeMap<&str, &Text> {
    let used = |key: &&String| !UNUSED.iter().any(|prefix| key.starts_with(prefix));
    locale.texts().iter().filter(|(key, _)| used(key)).map(|(key, text)| (key.as_str(), text)).collect()
}

/// By the visitor's clock, as far as it is known; the browser corrects it.
fn greeting(clock: &Clock) -> &'static str {
    match clock.now.to_zoned(clock.zone.clone()).hour() {
        5..=11 => "home-morning",
        12..=17 => "home-afternoon",
        _ => "home-evening",
    }
}

fn site_face(site: &Site) -> Face {
    let letters = site.name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().to_string());
    Face { letters: letters.unwrap_or_default(), colour: 0 }
}

/// The empty message that the browser clones.
pub(in crate::http) fn blank() -> Row {
    Row::Message(Box::new(Bubble {
        key: String::new(),
        own: false,
        first: false,
        last: false,
        text: String::new(),
        carried: None,
        time: String::new(),
        iso: String::new(),
        label: String::new(),
        face: Face { letters: String::new(), colour: 0 },
    }))
}

impl Team {
    fn of(desk: &Desk, locale: &Locale) -> Self {
        let names: Vec<&str> = desk.agents.iter().map(|agent| agent.name.as_str()).collect();
        let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
        let names = and(&names, locale);
        Self {
            online: desk.online,
            faces: desk.agents.iter().map(Face::of).collect(),
            who: if desk.online {
                locale.format("home-team", &[("names", names.as_str().into()), ("n", count.into())])
            } else {
                locale.get("home-away")
            },
            how: locale.get(if desk.online { "status-online" } else { "home-away-text" }),
        }
    }
}

/// "Anna, Tomás and Mei", as the browser's `Intl.ListFormat` says it.
fn and(names: &[&str], locale: &Locale) -> String {
    let (comma, and) = if locale.tag().starts_with("zh") { ("、", "和") } else { (", ", " and ") };
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{}{and}{last}", most.join(comma)),
    }
}

impl Head {
    fn of(running: Option<&Conversation>, desk: &Desk, site: &Site, locale: &Locale) -> Self {
        let agent = running.and_then(agent_of);
        let (dot, status) = match agent {
            Some(agent) if agent.online => ("good", locale.get("status-online")),
            Some(_) => ("", site.name.clone()),
            None if desk.online => ("good", Team::of(desk, locale).who),
            None => ("warn", locale.get("status-away")),
        };
        Self {
            name: agent.map_or(&site.name, |agent| &agent.person.name).clone(),
            face: agent.map(|agent| Face::of(&agent.person)),
            dot,
            status,
        }
    }
}

fn agent_of(conversation: &Conversation) -> Option<&Participant> {
    let agent = conversation.service.as_ref()?.stage.agent()?;
    conversation.participant(agent)
}

fn earlier(known: &Known, site: &Site, locale: &Locale) -> Vec<Earlier> {
    let running = known.running().map(|running| running.id);
    let others = known.conversations.iter().filter(|one| Some(one.id) != running);
    others.take(EARLIER).map(|one| Earlier::of(one, site, locale)).collect()
}

impl Earlier {
    fn of(conversation: &Conversation, site: &Site, locale: &Locale) -> Self {
        let agent = agent_of(conversation);
        let stars = conversation.service.as_ref().and_then(|service| service.rating.as_ref()).map(|it| it.stars);
        let rated = stars.map(|stars| locale.format("home-ended-rated", &[("n", u64::from(stars).into())]));
        let said = || conversation.last.as_ref().and_then(|last| spoken(last, locale));
        let preview = rated.or_else(said).unwrap_or_else(|| locale.get("home-ended"));
        Self {
            id: conversation.id.to_string(),
            face: agent.map(|agent| Face::of(&agent.person)),
            title: agent.map_or(&site.name, |agent| &agent.person.name).clone(),
            preview,
            unread: conversation.visitor().map_or(0, |visitor| visitor.unread),
        }
    }
}

#[cfg(test)]
mod tests;
