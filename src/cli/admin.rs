//! Commands that make apps, sites and agents. They work beside a running server.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Output, Settings, password, print};
use crate::{
    app,
    bus::LocalBus,
    config::{Config, Log, LogFormat},
    http::demo::pasted_line,
    im::{Im, accounts::NewAgent},
    model::{
        AppKey, Code, Fault,
        site::{InvalidOrigin, Look, Origin},
    },
    telemetry,
};

/// `parlor app …`
#[derive(Debug, Subcommand)]
pub(super) enum App {
    /// Make an app
    Add {
        /// Its name, as agents see it
        name: String,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// List the apps and their sites
    List {
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
}

/// `parlor site …`
#[derive(Debug, Subcommand)]
pub(super) enum Site {
    /// Make a site and print the line to paste
    Add(SiteAdd),
}

/// `parlor site add`
#[derive(Debug, Args)]
pub(super) struct SiteAdd {
    /// Key of the app it belongs to
    #[arg(long, value_name = "KEY")]
    app: AppKey,
    /// Where the line will be pasted, such as `https://shop.example`; up to 50
    #[arg(long, value_name = "URL", required = true, num_args = 1.., value_parser = origin)]
    origin: Vec<Origin>,
    /// Its name, as visitors see it; without it the app's
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

/// `parlor agent …`
#[derive(Debug, Subcommand)]
pub(super) enum Agent {
    /// Make an agent; the password is read from standard input
    Add(AgentAdd),
}

/// `parlor agent add`
#[derive(Debug, Args)]
pub(super) struct AgentAdd {
    /// Their e-mail, with which they sign in
    email: String,
    /// Key of the app they work for
    #[arg(long, value_name = "KEY")]
    app: AppKey,
    /// Their name, as visitors see it; without it the e-mail's first part
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl App {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { name, settings, output } => with_domain(settings, async |im, _| {
                let app = im.create_app(&name).await?;
                if output.json {
                    print::json(&app);
                    return Ok(());
                }
                print::line(&format!("Made the app {}.", app.name));
                print::rows(&[
                    ("App key", app.key.as_str()),
                    ("Next", &format!("parlor site add --app {} --origin https://www.example.com", app.key)),
                ]);
                Ok(())
            }),
            Self::List { settings, output } => with_domain(settings, async |im, _| list(im, output).await),
        }
    }
}

async fn list(im: &Im, output: Output) -> anyhow::Result<()> {
    let mut found = Vec::new();
    for app in im.apps().await? {
        found.push((im.sites(&app.key).await?, app));
    }
    if output.json {
        print::json(&found.iter().map(|(sites, app)| json!({ "app": app, "sites": sites })).collect::<Vec<_>>());
        return Ok(());
    }
    if found.is_empty() {
        print::line("There is no app yet. Make one: parlor app add NAME");
    }
    for (sites, app) in &found {
        print::line(&format!("{}  app key {}", app.name, app.key));
        for site in sites {
            let origins: Vec<_> = site.origins.iter().map(Origin::to_string).collect();
            print::rows(&[(site.key.as_str(), &format!("{}  {}", site.name, origins.join(" ")))]);
        }
    }
    Ok(())
}

impl Site {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::Add(SiteAdd { app, origin, name, settings, output }) = self;
        with_domain(settings, async |im, config| {
            let name = match name {
                Some(name) => name,
                None => im.app(&app).await?.map(|app| app.name).unwrap_or_default(),
            };
            let site = im.create_site(&app, &name, origin, Look::default()).await?;
            let line = pasted_line(&config.server, &site.key);
            if output.json {
                print::json(&json!({ "site": site, "line": line }));
                return Ok(());
            }
            print::line(&format!("Made the site {}.", site.name));
            print::rows(&[("Site key", site.key.as_str()), ("Paste", &line)]);
            Ok(())
        })
    }
}

impl Agent {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self::Add(AgentAdd { email, app, name, settings, output }) = self;
        let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
        let password = password::read()?;
        with_domain(settings, async |im, config| {
            let agent = NewAgent { app: Some(app), email, name, password };
            let agent = im.create_agent(agent).await.map_err(|fault| match fault.code {
                Code::AlreadyExists => Fault::new(fault.code, "somebody signs in with this e-mail already"),
                _ => fault,
            })?;
            if output.json {
                print::json(&agent);
                return Ok(());
            }
            print::line(&format!("Made the agent {}.", agent.name));
            print::rows(&[("Sign in", &format!("{}/console", config.server.origin()))]);
            Ok(())
        })
    }
}

/// Runs work with the domain on the data folder, whether a server runs on it or not.
pub(super) fn with_domain(
    settings: Settings,
    work: impl AsyncFnOnce(&Im, &Config) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = settings.load(None)?.config;
    telemetry::log::start(&Log { format: LogFormat::Text, level: "warn".to_owned() })?;
    actix_rt::System::new().block_on(async {
        let store = app::open_beside(&config)?;
        let im = app::domain(&config, Arc::clone(&store), Arc::new(LocalBus::default()))?;
        let result = work(&im, &config).await;
        store.close().await;
        result
    })
}

fn origin(text: &str) -> Result<Origin, InvalidOrigin> {
    Origin::parse(text)
}
