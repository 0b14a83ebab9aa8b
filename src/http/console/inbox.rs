//! The inbox: list, conversation, visitor. One page at every address, complete.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web::Data, web::Path};

use super::{refusal, session::Agent};
use crate::{
    config::Config,
    im::Im,
    model::{
        Caller, Code, Conversation, ConversationId, Fault, Millis,
        command::{ConversationPage, Desk, History, List, Page as MessagePage},
        conversation::View,
    },
};

mod begin;
mod frame;
mod page;

use page::InboxPage;

/// Rows printed at first in views that go on and on.
const ROWS: u16 = 30;
/// Rows of the views that hold work: all of it.
const WORK_ROWS: u16 = 100;
/// Messages printed at first.
const MESSAGES: u16 = 50;

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
