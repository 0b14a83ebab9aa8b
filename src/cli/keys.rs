//! `parlor key`: the keys with which back ends speak for an app. They work beside a running server.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Output, Settings, admin::with_domain, print};
use crate::{
    im::{
        Im,
        backend::{
            keys::{MadeKey, NewKey},
            record::Done,
        },
    },
    model::{ApiKey, AppKey, Code, Fault, KeyId, Scope},
};

/// `parlor key …`
#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// Make a key and print it, this once
    Add(Add),
    /// List an app's keys, without their secrets
    List {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// Revoke a key, at once
    Revoke {
        /// Key of the app
        app: AppKey,
        /// The key's id, as `parlor key list` shows it
        id: KeyId,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
}

/// `parlor key add`
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Key of the app
    app: AppKey,
    /// What you call it
    #[arg(long)]
    name: String,
    /// What it may do, such as `read,messages`; `all` for everything
    #[arg(long, value_delimiter = ',', required = true, value_parser = scopes)]
    scopes: Vec<Scopes>,
    /// Seconds until it expires; without it the key lives until it is revoked
    #[arg(long, value_name = "SECS")]
    ttl: Option<u32>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

/// One scope, or all of them.
#[derive(Debug, Clone)]
struct Scopes(Vec<Scope>);

fn scopes(text: &str) -> Result<Scopes, String> {
    match text {
        "all" => Ok(Scopes(Scope::ALL.to_vec())),
        name => name.parse().map(|scope| Scopes(vec![scope])).map_err(|error| format!("{error}, or all")),
    }
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(),
            Self::List { app, settings, output } => with_domain(settings, async |im, _| list(im, &app, output).await),
            Self::Revoke { app, id, settings, output } => with_domain(settings, async |im, _| {
                let backend = im.backend(&app);
                backend.app().await?;
                let done = Done { target: id.as_str(), ..by_operator("revokeKey") };
                backend.recorded(done, backend.revoke_key(&id), |()| None).await?;
                if output.json {
                    print::json(&json!({ "revoked": id }));
                } else {
                    print::line(&format!("Revoked the key {id}. It opens nothing any more."));
                }
                Ok(())
            }),
        }
    }
}

impl Add {
    fn run(self) -> anyhow::Result<()> {
        let Self { app, name, scopes, ttl, settings, output } = self;
        let scopes = scopes.into_iter().flat_map(|Scopes(scopes)| scopes).collect();
        with_domain(settings, async |im, config| {
            let backend = im.backend(&app);
            backend.app().await?;
            let making = backend.create_key(NewKey { name, scopes, lives_secs: ttl }, None);
            let made = backend.recorded(by_operator("createKey"), making, |made| Some(made.key.id.to_string())).await;
            let MadeKey { key, full } = made.map_err(|fault| match fault.code {
                Code::LimitReached => Fault::new(fault.code, format!("{}: parlor key revoke {app} ID", fault.message)),
                _ => fault,
            })?;
            if output.json {
                print::json(&json!({ "key": full.reveal(), "id": key.id, "scopes": key.scopes }));
                return Ok(());
            }
            print::line(&format!("Made the key {}. It is shown this once:", key.name));
            print::rows(&[
                ("Key", &full.reveal()),
                ("Try it", &format!("curl -H 'Authorization: Bearer KEY' {}/v1/ping", config.server.origin())),
            ]);
            Ok(())
        })
    }
}

async fn list(im: &Im, app: &AppKey, output: Output) -> anyhow::Result<()> {
    let backend = im.backend(app);
    backend.app().await?;
    let keys = backend.keys().await?;
    if output.json {
        print::json(&keys);
        return Ok(());
    }
    if keys.is_empty() {
        print::line(&format!("There is no key yet. Make one: parlor key add {app} --name NAME --scopes read,messages"));
    }
    for key in &keys {
        print::rows(&[(key.id.as_str(), &row(key))]);
    }
    Ok(())
}

fn row(key: &ApiKey) -> String {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.name()).collect();
    let used = if key.last_used_at.is_some() { "" } else { "  never used" };
    format!("{}  {}{used}", key.name, scopes.join(","))
}

const fn by_operator(what: &str) -> Done<'_> {
    Done { who: "operator", what, target: "", address: "", request_id: "" }
}
