//! The app's sites, and the agents who answer there.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    answer::{Created, Done, Json, Listing},
    call::Call,
    input::{At, Body},
    operation::{Operation, Tag},
    shape::PersonView,
};
use crate::{
    http::demo::pasted_line,
    im::backend::house::{AgentEntry, SiteChange},
    model::{
        Code, Fault, Millis, Scope, Site, SiteKey, UserId,
        site::{Look, Origin},
    },
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/v1/sites", list_sites)
            .named("listSites")
            .of(Tag::House)
            .needs(Scope::Read)
            .says("The app's sites, oldest first"),
        Operation::post("/v1/sites", create_site)
            .named("createSite")
            .of(Tag::House)
            .needs(Scope::App)
            .says("Makes a site: a place where the app is embedded")
            .sends(json!({
                "name": "Halden",
                "origins": ["https://halden.example", "https://*.halden.example"],
                "look": { "colour": "#225743", "language": "en", "quick_questions": ["Where is my order?"] }
            }))
            .audited(),
        Operation::get("/v1/sites/{site}", read_site)
            .named("readSite")
            .of(Tag::House)
            .needs(Scope::Read)
            .says("One site, with the line to paste"),
        Operation::patch("/v1/sites/{site}", change_site)
            .named("changeSite")
            .of(Tag::House)
            .needs(Scope::App)
            .says("Changes a site")
            .explains("What is left out stays as it is.")
            .sends(json!({ "name": "Halden lamps", "look": { "credit": false } }))
            .audited(),
        Operation::get("/v1/agents", list_agents)
            .named("listAgents")
            .of(Tag::House)
            .needs(Scope::Read)
            .says("The people who answer, oldest first"),
        Operation::post("/v1/agents", create_agent)
            .named("createAgent")
            .of(Tag::House)
            .needs(Scope::App)
            .says("Makes an agent, who signs in with e-mail and password")
            .sends(json!({ "email": "ada@halden.example", "name": "Ada", "password": "a lamp on the table" }))
            .fails(&[Code::AlreadyExists, Code::WeakPassword])
            .audited(),
        Operation::delete("/v1/agents/{agent}", disable_agent)
            .named("disableAgent")
            .of(Tag::House)
            .needs(Scope::App)
            .says("Lets an agent in no more")
            .explains(
                "Their logins and connections end. What they said stays, and so do their open conversations: assign those \
                 to others. Doing so twice is harmless.",
            )
            .audited(),
        Operation::put("/v1/agents/{agent}/enabled", enable_agent)
            .named("enableAgent")
            .of(Tag::House)
            .needs(Scope::App)
            .says("Lets a disabled agent in again")
            .explains("They sign in with the same e-mail and password. Doing so twice is harmless.")
            .audited(),
    ]
}

/// A site.
#[derive(Serialize, ToSchema)]
#[schema(as = Site)]
struct SiteView {
    key: SiteKey,
    /// Its name, as visitors see it.
    name: String,
    /// Pages of these origins may embed it.
    origins: Vec<String>,
    look: LookView,
    created_at: Millis,
    /// The one line to paste into the pages.
    line: String,
}

/// How a site looks and speaks.
#[derive(Serialize, ToSchema)]
#[schema(as = Look)]
struct LookView {
    /// Its one colour, `#rrggbb`.
    colour: String,
    /// The language when the visitor's own is not offered.
    language: String,
    /// Whether "Chat by Parlor" is shown.
    credit: bool,
    /// Questions on the home screen.
    quick_questions: Vec<String>,
}

/// A site to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSite {
    /// Its name, as visitors see it: 1 to 64 characters.
    name: String,
    /// Where it may be embedded, such as `https://shop.example` or `https://*.shop.example`: 1 to 50.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    origins: Vec<Origin>,
    look: Option<LookForm>,
}

/// What to change of a site.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SiteForm {
    /// Its name, as visitors see it: 1 to 64 characters.
    name: Option<String>,
    /// Where it may be embedded, all of it: 1 to 50 origins.
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 50)]
    origins: Option<Vec<Origin>>,
    look: Option<LookForm>,
}

/// How a site shall look and speak. What is left out stays as it is, or is the default.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LookForm {
    #[schema(pattern = "^#[0-9a-fA-F]{6}$")]
    colour: Option<String>,
    /// A language tag such as `en` or `zh-CN`.
    #[schema(pattern = "^[A-Za-z0-9-]{2,35}$")]
    language: Option<String>,
    credit: Option<bool>,
    /// Questions on the home screen: at most 6 of at most 80 characters.
    #[schema(max_items = 6)]
    quick_questions: Option<Vec<String>>,
}

impl LookForm {
    fn over(self, old: Look) -> Look {
        Look {
            colour: self.colour.unwrap_or(old.colour),
            language: self.language.unwrap_or(old.language),
            credit: self.credit.unwrap_or(old.credit),
            quick_questions: self.quick_questions.unwrap_or(old.quick_questions),
        }
    }
}

/// An agent.
#[derive(Serialize, ToSchema)]
#[schema(as = Agent)]
struct AgentView {
    #[serde(flatten)]
    person: PersonView,
    /// The e-mail with which they sign in.
    email: String,
    created_at: Millis,
    /// Since when they may not sign in any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_at: Option<Millis>,
}

impl From<AgentEntry> for AgentView {
    fn from(agent: AgentEntry) -> Self {
        let AgentEntry { person, email, created_at, disabled_at } = agent;
        Self { person: person.into(), email, created_at, disabled_at }
    }
}

/// An agent to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAgentForm {
    /// The e-mail with which they will sign in; nobody else on this server has it.
    email: String,
    /// Their name, as visitors see it: 1 to 64 characters.
    name: String,
    /// 12 to 256 characters.
    #[schema(write_only)]
    password: String,
}

fn view(call: &Call, site: Site) -> SiteView {
    let Look { colour, language, credit, quick_questions } = site.look;
    SiteView {
        line: pasted_line(&call.config().server, &site.key),
        key: site.key,
        name: site.name,
        origins: site.origins.iter().map(Origin::to_string).collect(),
        look: LookView { colour, language, credit, quick_questions },
        created_at: site.created_at,
    }
}

async fn list_sites(call: Call, (): ()) -> Result<Listing<SiteView>, Fault> {
    let sites = call.backend().sites().await?;
    Ok(Listing { items: sites.into_iter().map(|site| view(&call, site)).collect(), next: None })
}

async fn create_site(call: Call, Body(new): Body<NewSite>) -> Result<Created<SiteView>, Fault> {
    let look = new.look.map_or_else(Look::default, |look| look.over(Look::default()));
    let site = call.backend().create_site(&new.name, new.origins, look).await?;
    Ok(Created::at(format!("/v1/sites/{}", site.key), view(&call, site)))
}

async fn read_site(call: Call, At(key): At<SiteKey>) -> Result<Json<SiteView>, Fault> {
    let site = call.backend().site(&key).await?;
    Ok(Json(view(&call, site)))
}

async fn change_site(
    call: Call,
    (At(key), Body(form)): (At<SiteKey>, Body<SiteForm>),
) -> Result<Json<SiteView>, Fault> {
    let old = call.backend().site(&key).await?;
    let look = form.look.map(|look| look.over(old.look));
    let change = SiteChange { name: form.name, origins: form.origins, look };
    let site = call.backend().change_site(&key, change).await?;
    Ok(Json(view(&call, site)))
}

async fn list_agents(call: Call, (): ()) -> Result<Listing<AgentView>, Fault> {
    Ok(Listing::whole(call.backend().agents().await?))
}

async fn create_agent(call: Call, Body(new): Body<NewAgentForm>) -> Result<Created<PersonView>, Fault> {
    let agent = call.backend().create_agent(new.email, new.name, new.password).await?;
    Ok(Created::at(format!("/v1/agents/{}", agent.id), agent.into()))
}

async fn disable_agent(call: Call, At(agent): At<UserId>) -> Result<Done, Fault> {
    call.backend().disable_agent(&agent).await?;
    Ok(Done)
}

async fn enable_agent(call: Call, At(agent): At<UserId>) -> Result<Done, Fault> {
    call.backend().enable_agent(&agent).await?;
    Ok(Done)
}
