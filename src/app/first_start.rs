//! What an empty server gets by itself, and what the person who started it must know.

use tracing::warn;

use crate::{
    config::{Config, Demo},
    im::Im,
    model::{
        Fault, Site, SiteKey,
        site::{Look, Origin},
    },
};

/// What to tell the person who started the server.
#[derive(Debug, Clone, Default)]
pub struct Welcome {
    /// The demo site, when there is one.
    pub demo: Option<SiteKey>,
    /// The one-time code for the first agent, while there is none.
    pub setup_code: Option<String>,
}

/// Makes the demo app and site on an empty server; finds the demo site later on.
pub(super) async fn welcome(im: &Im, config: &Config) -> Result<Welcome, Fault> {
    let demo = if config.demo.enabled { demo_site(im, &config.demo).await? } else { None };
    let setup_code = im.begin_setup().await?.map(|code| code.reveal());
    Ok(Welcome { demo: demo.map(|site| site.key), setup_code })
}

async fn demo_site(im: &Im, demo: &Demo) -> Result<Option<Site>, Fault> {
    let origins = origins(demo);
    let apps = im.apps().await?;
    if apps.is_empty() {
        let app = im.create_app("Halden").await?;
        return im.create_site(&app.key, "Halden", origins, look()).await.map(Some);
    }
    for app in apps {
        let sites = im.sites(&app.key).await?;
        let found = sites.into_iter().find(|site| origins.iter().any(|origin| site.origins.contains(origin)));
        if found.is_some() {
            return Ok(found);
        }
    }
    warn!("No site lists http://{}, so there is no demo page; `parlor site add` makes one", demo.listen);
    Ok(None)
}

/// Under both spellings of this machine.
fn origins(demo: &Demo) -> Vec<Origin> {
    let spellings = [format!("http://{}", demo.listen), format!("http://localhost:{}", demo.listen.port())];
    spellings.iter().filter_map(|origin| Origin::parse(origin).ok()).collect()
}

fn look() -> Look {
    let questions = ["How long does delivery take?", "My lamp arrived broken", "Which dimmer fits?"];
    Look { colour: "#a8552a".to_owned(), quick_questions: questions.map(str::to_owned).to_vec(), ..Look::default() }
}
