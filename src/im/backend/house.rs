//! The app's sites, and the agents who answer there.

use super::Backend;
use crate::{
    im::accounts::NewAgent,
    model::{
        Code, Fault, Millis, Person, Site, SiteKey, UserId,
        person::display_name,
        site::{Look, MAX_ORIGINS, Origin},
    },
};

pub use crate::store::agents::AgentEntry;

/// Most quick questions of a site, and the longest in characters.
const MOST_QUESTIONS: usize = 6;
const LONGEST_QUESTION: usize = 80;

/// What to change of a site; what is not given stays as it is.
#[derive(Debug, Clone, Default)]
pub struct SiteChange {
    /// Its name, as visitors see it.
    pub name: Option<String>,
    /// Where it may be embedded.
    pub origins: Option<Vec<Origin>>,
    /// How it looks and speaks.
    pub look: Option<Look>,
}

impl Backend<'_> {
    /// The app's sites, oldest first.
    pub async fn sites(&self) -> Result<Vec<Site>, Fault> {
        self.im.sites(self.app).await
    }

    /// One of the app's sites.
    pub async fn site(&self, key: &SiteKey) -> Result<Site, Fault> {
        let site = self.im.site(key).await?.filter(|site| site.app == *self.app);
        site.ok_or_else(|| Fault::new(Code::NotFound, "no such site"))
    }

    /// Makes a site.
    pub async fn create_site(&self, name: &str, origins: Vec<Origin>, look: Look) -> Result<Site, Fault> {
        check_look(&look)?;
        self.im.create_site(self.app, name, origins, look).await
    }

    /// Changes a site.
    pub async fn change_site(&self, key: &SiteKey, change: SiteChange) -> Result<Site, Fault> {
        let old = self.site(key).await?;
        let name = change.name.unwrap_or(old.name);
        let name = display_name(&name).ok_or_else(|| Fault::new(Code::BadRequest, "the site needs a `name`"))?;
        let origins = change.origins.unwrap_or(old.origins);
        if !(1..=MAX_ORIGINS).contains(&origins.len()) {
            let message = format!("a site has 1 to {MAX_ORIGINS} origins; {} were given", origins.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        let look = change.look.unwrap_or(old.look);
        check_look(&look)?;
        self.im.store.update_site(self.app, key, name, origins, look).await?;
        self.site(key).await
    }

    /// The app's agents, oldest first, those disabled among them.
    pub async fn agents(&self) -> Result<Vec<AgentEntry>, Fault> {
        Ok(self.im.store.agents(self.app).await?)
    }

    /// Makes an agent who signs in with e-mail and password.
    pub async fn create_agent(&self, email: String, name: String, password: String) -> Result<Person, Fault> {
        let new = NewAgent { app: Some(self.app.clone()), email, name, password };
        self.im.create_agent(new).await.map_err(|fault| match fault.code {
            Code::AlreadyExists => Fault::new(fault.code, "somebody signs in with this e-mail already"),
            _ => fault,
        })
    }

    /// Ends an agent's logins and connections and lets them in no more. What they said stays.
    pub async fn disable_agent(&self, agent: &UserId) -> Result<(), Fault> {
        Ok(self.im.store.disable_agent(self.app, agent, self.now()).await?)
    }

    /// Lets a disabled agent in again, with the same e-mail and password.
    pub async fn enable_agent(&self, agent: &UserId) -> Result<(), Fault> {
        Ok(self.im.store.enable_agent(self.app, agent).await?)
    }

    /// The server's time.
    pub fn now(&self) -> Millis {
        self.im.now()
    }
}

fn check_look(look: &Look) -> Result<(), Fault> {
    let is_colour = look.colour.len() == 7
        && look.colour.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if !is_colour {
        return Err(Fault::new(Code::BadRequest, "`colour` is six hex digits behind a #, such as #225743"));
    }
    let is_language = (2..=35).contains(&look.language.len())
        && look.language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_language {
        return Err(Fault::new(Code::BadRequest, "`language` is a language tag such as en or zh-CN"));
    }
    if look.quick_questions.len() > MOST_QUESTIONS {
        return Err(Fault::new(Code::BadRequest, format!("there are at most {MOST_QUESTIONS} `quick_questions`")));
    }
    for question in &look.quick_questions {
        let chars = question.chars().count();
        if !(1..=LONGEST_QUESTION).contains(&chars) || display_name(question).is_none() {
            let message = format!("a quick question has 1 to {LONGEST_QUESTION} visible characters");
            return Err(Fault::new(Code::BadRequest, message));
        }
    }
    Ok(())
}
