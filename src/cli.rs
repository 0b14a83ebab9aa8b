//! The command line.
//!
//! Floor 7. Parses, calls, prints. Nothing secret is ever an argument: other users of the machine can read those.

mod admin;
mod copies;
mod doctor;
mod keys;
mod migrate;
mod password;
mod print;
mod secrets;
mod serve;
mod token;
mod upstreams;
mod webhooks;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{self, Flags, Loaded},
    model::Fault,
};

/// Live chat for any website: one pasted line, one binary behind it.
#[derive(Debug, Parser)]
#[command(name = "parlor", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (also without a command)
    Serve(Serve),
    /// Manage apps, the tenants of a server
    #[command(subcommand)]
    App(admin::App),
    /// Manage sites, the places where an app is embedded
    #[command(subcommand)]
    Site(admin::Site),
    /// Manage agents, the people who answer
    #[command(subcommand)]
    Agent(admin::Agent),
    /// Print a new token for a user of an app, or revoke tokens
    Token(token::Token),
    /// Manage the keys with which back ends speak for an app
    #[command(subcommand)]
    Key(keys::Key),
    /// Manage the secrets with which back ends sign in the form of the compatible server API
    #[command(subcommand)]
    Secret(secrets::Secret),
    /// Manage webhooks, the addresses that hear of what happens in an app
    #[command(subcommand)]
    Webhook(webhooks::Hook),
    /// Have an app's conversations led by another service
    #[command(subcommand)]
    Upstream(upstreams::Led),
    /// Copy the database into a new file, also while the server runs
    Backup(copies::Backup),
    /// Put a copy back as the database; the server must not run
    Restore(copies::Restore),
    /// Move the data of an embedded store into PostgreSQL; the server must not run
    Migrate(migrate::Migrate),
    /// Look the settings, the data and the machine over
    Doctor(doctor::Doctor),
    /// Check the settings and say what is wrong or risky
    CheckConfig(CheckConfig),
    /// Print the commented default settings
    DefaultConfig,
}

/// Where settings come from.
#[derive(Debug, Clone, Default, Args)]
struct Settings {
    /// Settings file; without it `PARLOR_CONFIG`, then `widget.toml` in this folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the database
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Address and port to listen on, such as 0.0.0.0:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

/// How a command prints what it found or made.
#[derive(Debug, Clone, Copy, Args)]
struct Output {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CheckConfig {
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    output: Output,
}

impl Settings {
    fn load(self, listen: Option<SocketAddr>) -> anyhow::Result<Loaded> {
        let flags = Flags { file: self.config, listen, data: self.data };
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Ok(config::load(&flags, environment)?)
    }
}

/// Does what the command line says. 0: done, 1: failed, 2: not understood.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match execute(cli.command.unwrap_or(Command::Serve(cli.serve))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<Fault>() {
                Some(fault) => eprintln!("parlor: {}", fault.message),
                None => eprintln!("parlor: {error:#}"),
            }
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(Serve { settings, listen }) => serve::serve(settings.load(listen)?),
        Command::App(command) => command.run(),
        Command::Site(command) => command.run(),
        Command::Agent(command) => command.run(),
        Command::Key(command) => command.run(),
        Command::Secret(command) => command.run(),
        Command::Webhook(command) => command.run(),
        Command::Upstream(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::CheckConfig(command) => command.run(),
        Command::DefaultConfig => {
            print::text(config::DEFAULT_FILE);
            Ok(())
        }
    }
}

impl CheckConfig {
    fn run(self) -> anyhow::Result<()> {
        let loaded = self.settings.load(None)?;
        if self.output.json {
            print::json(&serde_json::json!({ "file": loaded.file, "warnings": loaded.warnings }));
            return Ok(());
        }
        for warning in &loaded.warnings {
            print::line(&format!("risky: {warning}"));
        }
        let file = loaded.file.map_or_else(|| "The defaults".to_owned(), |file| file.display().to_string());
        print::line(&format!("{file} and the environment are fine."));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_the_default() {
        let cli = Cli::try_parse_from(["parlor", "--listen", "127.0.0.1:1"]).unwrap();
        assert!(cli.command.is_none() && cli.serve.listen.is_some());
    }
}
