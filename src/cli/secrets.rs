//! `parlor secret`: what back ends sign with that were written for the RongCloud server API. They work beside a running
//! server.

use clap::Subcommand;
use serde_json::json;

use super::{Output, Settings, admin::with_domain, print};
use crate::{
    auth::app_secret::SharedSecret,
    config::Config,
    im::{Im, backend::record::Done},
    model::{AppKey, AppSecret, SecretId},
};

/// `parlor secret …`
#[derive(Debug, Subcommand)]
pub(super) enum Secret {
    /// Make a secret and print it, this once; the one before works until it is removed
    Add {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// List an app's secrets, without their texts
    List {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// Remove a secret, at once
    Remove {
        /// Key of the app
        app: AppKey,
        /// The secret's id, as `parlor secret list` shows it
        id: SecretId,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
}

impl Secret {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { app, settings, output } => with_domain(settings, async |im, config| {
                let backend = im.backend(&app);
                let made = |(secret, _): &(AppSecret, SharedSecret)| Some(secret.id.to_string());
                let (_, text) = backend.recorded(operator("createSecret", ""), backend.add_secret(), made).await?;
                show(config, &app, Some(&text), output);
                Ok(())
            }),
            Self::List { app, settings, output } => with_domain(settings, async |im, _| list(im, &app, output).await),
            Self::Remove { app, id, settings, output } => with_domain(settings, async |im, _| {
                let (backend, done) = (im.backend(&app), operator("removeSecret", id.as_str()));
                backend.recorded(done, backend.remove_secret(&id), |()| None).await?;
                if output.json {
                    print::json(&json!({ "removed": id }));
                } else {
                    print::line(&format!("Removed the secret {id}. It opens nothing any more."));
                }
                Ok(())
            }),
        }
    }
}

/// Opens an app to code written for the compatible server API, and prints what such code needs.
pub(super) async fn open(im: &Im, config: &Config, app: &AppKey, output: Output) -> anyhow::Result<()> {
    let backend = im.backend(app);
    let text = backend.recorded(operator("makeCompatible", ""), backend.make_compatible(), |_| None).await?;
    show(config, app, text.as_ref(), output);
    Ok(())
}

fn show(config: &Config, app: &AppKey, text: Option<&SharedSecret>, output: Output) {
    let (secret, address) = (text.map(SharedSecret::reveal), config.server.origin());
    if output.json {
        print::json(&json!({ "key": app, "secret": secret, "api": address }));
        return;
    }
    print::line(&match secret {
        Some(_) => "For your back end. The secret is shown this once:".to_owned(),
        None => format!("For your back end. There is a secret already; parlor secret add {app} makes another:"),
    });
    print::rows(&[("App Key", app.as_str()), ("App Secret", secret.unwrap_or("(as you have it)")), ("API", &address)]);
}

async fn list(im: &Im, app: &AppKey, output: Output) -> anyhow::Result<()> {
    im.backend(app).app().await?;
    let secrets = im.backend(app).secrets().await?;
    if output.json {
        print::json(&secrets);
        return Ok(());
    }
    if secrets.is_empty() {
        print::line(&format!("There is no secret yet. Make one: parlor secret add {app}"));
    }
    for (index, secret) in secrets.iter().enumerate() {
        print::rows(&[(secret.id.as_str(), if index == 0 { "signs callbacks" } else { "" })]);
    }
    Ok(())
}

const fn operator<'a>(what: &'a str, target: &'a str) -> Done<'a> {
    Done { who: "operator", what, target, address: "", request_id: "" }
}
