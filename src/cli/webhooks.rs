//! `parlor webhook`: where an app's back ends hear of what happens. They work beside a running server.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Output, Settings, admin::with_domain, print};
use crate::{
    im::{
        Im,
        backend::{record::Done, webhooks::WebhookWish},
    },
    model::{AppKey, Topic, Webhook, webhook::Form},
};

/// `parlor webhook …`
#[derive(Debug, Subcommand)]
pub(super) enum Hook {
    /// Make a webhook and print its secret, this once
    Add(Add),
    /// List an app's webhooks and how they do
    List {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
}

/// `parlor webhook add`
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Key of the app
    app: AppKey,
    /// Where the notices go
    url: String,
    /// What it hears of, such as `message.sent,user.online`; without it everything
    #[arg(long, value_delimiter = ',', value_parser = topic)]
    topics: Vec<Topic>,
    /// Tell it as the RongCloud server API does, signed with the app's secret (parlor secret)
    #[arg(long)]
    rong_compatible: bool,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

fn topic(name: &str) -> Result<Topic, String> {
    let names = || Topic::ALL.iter().map(|topic| topic.name()).collect::<Vec<_>>().join(", ");
    Topic::from_name(name).ok_or_else(|| format!("no such topic; there are {}", names()))
}

impl Hook {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(),
            Self::List { app, settings, output } => with_domain(settings, async |im, _| list(im, &app, output).await),
        }
    }
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let Self { app, url, topics, rong_compatible, description, settings, output } = self;
        let form = if rong_compatible { Form::Compatible } else { Form::Standard };
        with_domain(settings, async |im, _| {
            let wish = WebhookWish { url, description, topics, form, enabled: true };
            let backend = im.backend(&app);
            let making = backend.create_webhook(wish);
            let done = Done { who: "operator", what: "createWebhook", ..Done::default() };
            let (made, secret) = backend.recorded(done, making, |(made, _)| Some(made.id.to_string())).await?;
            if output.json {
                let secret = (form == Form::Standard).then(|| secret.reveal());
                print::json(&json!({ "id": made.id, "secret": secret }));
                return Ok(());
            }
            print::line(&format!("Made the webhook {}.", made.id));
            let secret = match form {
                Form::Standard => secret.reveal(),
                Form::Compatible => "the App Secret".to_owned(),
            };
            print::rows(&[("Secret", &secret), ("Asks", &made.url)]);
            Ok(())
        })
    }
}

async fn list(im: &Im, app: &AppKey, output: Output) -> anyhow::Result<()> {
    im.backend(app).app().await?;
    let webhooks = im.backend(app).webhooks().await?;
    if output.json {
        print::json(&webhooks);
        return Ok(());
    }
    if webhooks.is_empty() {
        print::line(&format!("There is no webhook yet. Make one: parlor webhook add {app} URL"));
    }
    for webhook in &webhooks {
        print::rows(&[(webhook.id.as_str(), &format!("{}  {}", webhook.url, how_it_does(webhook)))]);
    }
    Ok(())
}

fn how_it_does(webhook: &Webhook) -> String {
    match webhook {
        Webhook { gone: true, .. } => "switched off: its receiver said that it is gone".to_owned(),
        Webhook { enabled: false, .. } => "switched off".to_owned(),
        Webhook { failures: 0, .. } => "fine".to_owned(),
        Webhook { failures, .. } => format!("failed {failures} times in a row"),
    }
}
