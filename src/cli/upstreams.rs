//! `parlor upstream`: which service leads an app's conversations. They work beside a running server, which hears of a
//! change within seconds.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};

use super::{Output, Settings, admin::with_domain, password, print};
use crate::{
    im::backend::record::Done,
    model::{AppKey, Upstream, upstream::Peer},
};

/// `parlor upstream …`
#[derive(Debug, Subcommand)]
pub(super) enum Led {
    /// Have an app's conversations led by a RongCloud-compatible service; its secret is read from standard input
    Set(Set),
    /// Show which service leads an app's conversations
    Show {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
        #[command(flatten)]
        output: Output,
    },
    /// Lead an app's conversations here again; what was copied stays
    Remove {
        /// Key of the app
        app: AppKey,
        #[command(flatten)]
        settings: Settings,
    },
}

/// `parlor upstream set`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("peer").required(true))]
pub(super) struct Set {
    /// Key of the app here
    app: AppKey,
    /// Where clients of the service ask for a server, such as `https://nav.example.com`
    #[arg(long, value_name = "URL")]
    navigation: String,
    /// Base address of the service's interface for back ends, such as `https://api.example.com`
    #[arg(long, value_name = "URL")]
    api: String,
    /// The app's key there
    #[arg(long, value_name = "KEY")]
    app_key: String,
    /// The customer service that visitors talk to there
    #[arg(long, value_name = "ID", group = "peer")]
    service: Option<String>,
    /// The user that visitors talk to there
    #[arg(long, value_name = "ID", group = "peer")]
    user: Option<String>,
    /// File with the app's secret there; without it standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

impl Led {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Set(set) => set.run(),
            Self::Show { app, settings, output } => with_domain(settings, async |im, _| {
                let upstream = im.backend(&app).upstream().await?;
                if output.json {
                    print::json(&upstream);
                } else {
                    show(&upstream);
                }
                Ok(())
            }),
            Self::Remove { app, settings } => with_domain(settings, async |im, _| {
                let backend = im.backend(&app);
                let done = Done { who: "operator", what: "removeUpstream", ..Done::default() };
                backend.recorded(done, backend.remove_upstream(), |()| None).await?;
                print::line("The app's conversations are led here again.");
                Ok(())
            }),
        }
    }
}

impl Set {
    fn run(self) -> anyhow::Result<()> {
        let Self { app, navigation, api, app_key, service, user, secret_file, settings } = self;
        let peer = match (service, user) {
            (Some(id), None) => Peer::Service(id),
            (None, Some(id)) => Peer::User(id),
            _ => anyhow::bail!("name either --service or --user"),
        };
        let secret = match secret_file {
            Some(file) => {
                let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
            None => password::line("secret")?,
        };
        ensure!(!secret.is_empty(), "the secret is empty");
        with_domain(settings, async |im, _| {
            let navigation_there = navigation.clone();
            let wish = Upstream { navigation, api, app_key, peer };
            let backend = im.backend(&app);
            let done = Done { who: "operator", what: "setUpstream", target: &navigation_there, ..Done::default() };
            let set = backend.recorded(done, backend.set_upstream(wish, &secret), |_| None).await?;
            print::line("The app's conversations are led there now.");
            show(&set);
            Ok(())
        })
    }
}

fn show(upstream: &Upstream) {
    let peer = match &upstream.peer {
        Peer::Service(id) => format!("customer service {id}"),
        Peer::User(id) => format!("user {id}"),
    };
    print::rows(&[
        ("Navigation", &upstream.navigation),
        ("Interface", &upstream.api),
        ("App key", &upstream.app_key),
        ("Visitors talk to", &peer),
    ]);
}
