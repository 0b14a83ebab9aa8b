//! What the command line and the set-up do: apps, sites, agents.

use super::{Im, accounts::NewAgent};
use crate::model::{
    App, AppKey, Code, Fault, Features, Person, Site, SiteKey,
    person::display_name,
    site::{Look, MAX_ORIGINS, Origin},
};

impl Im {
    /// Makes an app, and the house that speaks in it.
    pub async fn create_app(&self, name: &str) -> Result<App, Fault> {
        let name = display_name(name).ok_or_else(|| Fault::new(Code::BadRequest, "the app needs a name"))?;
        let app = App {
            key: self.with_random(|random| AppKey::random(random)),
            name,
            features: Features::default(),
            created_at: self.clock.now(),
        };
        self.store.create_app(app.clone()).await?;
        self.store.save_user(&app.key, Person::house(), app.created_at).await?;
        Ok(app)
    }

    /// Makes a site of an app.
    pub async fn create_site(&self, app: &AppKey, name: &str, origins: Vec<Origin>, look: Look) -> Result<Site, Fault> {
        if self.store.app(app).await?.is_none() {
            return Err(Fault::new(Code::NotFound, "no app has this key"));
        }
        let name = display_name(name).ok_or_else(|| Fault::new(Code::BadRequest, "the site needs a name"))?;
        if !(1..=MAX_ORIGINS).contains(&origins.len()) {
            let message = format!("a site has 1 to {MAX_ORIGINS} origins; {} were given", origins.len());
            return Err(Fault::new(Code::BadRequest, message));
        }
        let key = self.with_random(|random| SiteKey::random(random));
        let site = Site { key, app: app.clone(), name, origins, look, created_at: self.clock.now() };
        self.store.create_site(site.clone()).await?;
        Ok(site)
    }

    /// Makes an agent.
    pub async fn create_agent(&self, agent: NewAgent) -> Result<Person, Fault> {
        if let Some(app) = &agent.app
            && self.store.app(app).await?.is_none()
        {
            return Err(Fault::new(Code::NotFound, "no app has this key"));
        }
        let account = self.new_account(agent).await?;
        let person = account.person.clone();
        self.store.create_agent(account, self.clock.now()).await?;
        Ok(person)
    }

    /// Every app, oldest first.
    pub async fn apps(&self) -> Result<Vec<App>, Fault> {
        Ok(self.store.apps().await?)
    }

    /// The app with this key.
    pub async fn app(&self, key: &AppKey) -> Result<Option<App>, Fault> {
        Ok(self.store.app(key).await?)
    }

    /// The app's sites, oldest first.
    pub async fn sites(&self, app: &AppKey) -> Result<Vec<Site>, Fault> {
        Ok(self.store.sites(app).await?)
    }

    /// The site with this key.
    pub async fn site(&self, key: &SiteKey) -> Result<Option<Site>, Fault> {
        Ok(self.store.site(key).await?)
    }

    /// Whether a page of this origin may speak for users of the app: one of its sites lists it.
    pub async fn app_allows_origin(&self, app: &AppKey, origin: &str) -> Result<bool, Fault> {
        let sites = self.store.sites(app).await?;
        Ok(sites.iter().flat_map(|site| &site.origins).any(|allowed| allowed.matches(origin)))
    }
}
