//! What the scripts of the inbox begin with: the same facts as printed, as data.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Found;
use crate::{
    config::Config,
    http::{assets, console::session::Agent},
    model::{
        AppKey, Conversation, Millis, Person,
        command::{ConversationPage, Desk, Page as MessagePage},
        conversation::View,
    },
};

/// What the scripts begin with: the same facts as printed, as data.
#[derive(Serialize)]
pub(super) struct Begin<'a> {
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
    pub(super) fn of(agent: &'a Agent, found: &'a Found, config: &Config) -> Self {
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
