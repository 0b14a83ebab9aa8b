//! Commands that issue and revoke users' tokens. They work beside a running server.

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Output, Settings, admin::with_domain, password, print};
use crate::{
    auth,
    model::{AppKey, UserId},
};

/// `parlor token`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Token {
    #[command(subcommand)]
    command: Option<Command>,
    /// The user's id in the app, chosen by you; made when missing
    #[arg(required = true)]
    user: Option<UserId>,
    /// Key of the app
    #[arg(long, value_name = "KEY", required = true)]
    app: Option<AppKey>,
    /// The user's name, as others see it; without it the one they have
    #[arg(long, default_value = "")]
    name: String,
    /// Seconds until the token expires, 0 for never; without it what the app is set to (30 days)
    #[arg(long, value_name = "SECS")]
    ttl: Option<u32>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// End tokens; connections that stand on them close within 5 seconds
    Revoke(Revoke),
}

/// `parlor token revoke`
#[derive(Debug, Args)]
struct Revoke {
    /// The user whose tokens all end; without it one token is read from standard input
    user: Option<UserId>,
    /// Key of the app
    #[arg(long, value_name = "KEY")]
    app: AppKey,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl Token {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { command, user, app, name, ttl, settings, output } = self;
        if let Some(Command::Revoke(revoke)) = command {
            return revoke.run();
        }
        let (user, app) = user.zip(app).context("name the user and the app")?;
        with_domain(settings, async |im, _| {
            let token = im.issue_user_token(&app, user.clone(), &name, ttl).await?;
            if output.json {
                print::json(&json!({ "user": user, "app": app, "token": token.reveal() }));
            } else {
                print::line(token.reveal());
            }
            Ok(())
        })
    }
}

impl Revoke {
    fn run(self) -> anyhow::Result<()> {
        let Self { user, app, settings, output } = self;
        let token = match &user {
            Some(_) => None,
            None => auth::Token::presented(&password::line("token")?),
        };
        with_domain(settings, async |im, _| {
            let backend = im.backend(&app);
            let ended = match (&user, &token) {
                (Some(user), _) => backend.revoke_tokens(user, None).await.map(|()| true)?,
                (None, Some(token)) => backend.revoke_token(token).await?,
                (None, None) => false,
            };
            if output.json {
                print::json(&json!({ "revoked": ended }));
            } else {
                print::line(if ended { "Revoked." } else { "This is no token of a user of this app." });
            }
            Ok(())
        })
    }
}
