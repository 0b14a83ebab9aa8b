//! Commands that make apps, sites and agents. They work beside a running server.

use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Output, Settings, password, print, secrets};
use crate::{
    app,
    config::{Config, Log, LogFormat},
    http::demo::pasted_line,
    im::{Im, accounts::NewAgent, backend::record::Done},
    model::{
        AppKey, Code, Fault, Features,
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
        /// Open it to code written for the RongCloud server API, and print its App Key and App Secret
        #[arg(long)]
        rong_compatible: bool,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// Open an app to code written for the RongCloud server API; prints an App Secret when there was none
    Compatible {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// Show an app's switches, or set some of them
    Switches {
        /// Key of the app
        app: AppKey,
        /// What to set, such as `history=false`
        #[arg(value_name = "NAME=VALUE")]
        set: Vec<String>,
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
            Self::Add { name, rong_compatible: true, settings, output } => with_domain(settings, async |im, config| {
                let app = im.create_app(&name).await?;
                secrets::open(im, config, &app.key, output).await
            }),
            Self::Compatible { app, settings, output } => {
                with_domain(settings, async |im, config| secrets::open(im, config, &app, output).await)
            }
            Self::Switches { app, set, settings, output } => {
                with_domain(settings, async |im, _| switches(im, &app, &set, output).await)
            }
            Self::Add { name, rong_compatible: false, settings, output } => with_domain(settings, async |im, _| {
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

/// Shows the switches after setting some of them.
async fn switches(im: &Im, app: &AppKey, set: &[String], output: Output) -> anyhow::Result<()> {
    let backend = im.backend(app);
    let mut features = serde_json::to_value(&backend.app().await?.features)?;
    for one in set {
        let (name, value) = one.split_once('=').with_context(|| format!("`{one}` is not NAME=VALUE"))?;
        let place = features.get_mut(name).with_context(|| format!("there is no switch `{name}`"))?;
        *place = serde_json::from_str(value).with_context(|| format!("`{value}` is not true, false or a number"))?;
    }
    if !set.is_empty() {
        let features: Features = serde_json::from_value(features).context("a switch has another kind of value")?;
        backend.set_features(features).await?;
        let target = set.join(" ");
        backend.record(Done { who: "operator", what: "changeApp", target: &target, ..Done::default() }).await?;
    }
    let features = serde_json::to_value(&backend.app().await?.features)?;
    if output.json {
        print::json(&features);
        return Ok(());
    }
    for (name, value) in features.as_object().into_iter().flatten() {
        print::rows(&[(name, &value.to_string())]);
    }
    Ok(())
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
        let store = app::open_beside(&config).await?;
        let im = app::domain_beside(&config, Arc::clone(&store)).await?;
        let result = work(&im, &config).await;
        store.close().await;
        result
    })
}

fn origin(text: &str) -> Result<Origin, InvalidOrigin> {
    Origin::parse(text)
}
